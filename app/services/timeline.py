"""What an application went through: each step with who and when, and the marks on its diagram.

Read from what was recorded at each step (decisions, and the path in the history), never from the
engine's state: the finished past is cut off there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.db import Transaction
from app.domain.label import Label
from app.services.signing.shown import COLUMNS, JOINED, SignedBy, signed_by
from app.workflow.definition import Definition

Recorded = tuple[datetime, str, list[str]]
SHOWN = frozenset({"serviceTask", "endEvent", "callActivity"})
SUBMIT = Label("提交", "Submitted")
SYSTEM = Label("系统", "System")


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision on record; ``leaf`` is the hash of its stored bytes (W10).

    ``signed`` says with which certificate, where it was signed (R23).
    """

    id: int
    element_id: str
    visit: int
    kind: str
    verdict: str
    opinion: str
    at: datetime
    person: str
    holder: Label
    holder_id: int | None
    role: str
    leaf: str
    label: Label
    verdict_label: Label
    signed: SignedBy | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline, and the element of the diagram it belongs to."""

    element_id: str
    title: Label
    visit: int
    at: datetime
    who: str
    holder: Label
    verdict: str = ""
    verdict_label: Label = field(default_factory=lambda: Label("", ""))
    opinion: str = ""
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Open:
    """A task that waits for somebody."""

    id: int
    key: int
    element_id: str
    name: Label
    visit: int
    lane: str
    role: str
    holder_id: int
    holder: Label
    claimed_by: int | None
    claimant: str | None
    created_at: datetime
    due_at: datetime | None


@dataclass(frozen=True)
class Marks:
    """What the drawing shows; everything in it stands in the timeline in words too."""

    here: tuple[str, ...]
    done: tuple[str, ...]
    taken: tuple[str, ...]
    visits: Mapping[str, Sequence["Entry | None"]]  # None: a visit that nobody has ended yet


def decisions_of(tx: Transaction, definition: Definition, instance_id: int) -> list[Decision]:
    """Return the decisions of an application, oldest first."""
    rows = tx.maps(
        f"""SELECT d.id, d.element_id, d.visit, d.kind, d.verdict, d.opinion, d.at, d.role,
               d.holder_id,
               coalesce(p.name, '') AS person, coalesce(h.name, '') AS holder,
               coalesce(nullif(h.name_en, ''), h.name, '') AS holder_en,
               encode(d.leaf, 'hex') AS leaf, {COLUMNS}
           FROM workflow.decision d LEFT JOIN identity.person p ON p.id = d.person_id
           LEFT JOIN identity.holder h ON h.id = d.holder_id {JOINED}
           WHERE d.instance_id = %(instance)s ORDER BY d.version""",  # noqa: S608 -- constants
        {"instance": instance_id},
    )
    return [_decision(definition, row) for row in rows]


def _decision(definition: Definition, row: Mapping[str, Any]) -> Decision:
    return Decision(
        id=row["id"],
        element_id=row["element_id"],
        visit=row["visit"],
        kind=row["kind"],
        verdict=row["verdict"],
        opinion=row["opinion"],
        at=row["at"],
        person=row["person"] or SYSTEM.zh,
        holder=Label(row["holder"], row["holder_en"]),
        holder_id=row["holder_id"],
        role=row["role"],
        leaf=row["leaf"],
        label=label_of(definition, row["element_id"]),
        verdict_label=verdict_label(definition, row),
        signed=signed_by(row),
    )


def verdict_label(definition: Definition, row: Mapping[str, Any]) -> Label:
    """Return a verdict in the words of its form, a message in those of its event."""
    if row["kind"] == "trigger":
        return label_of(definition, row["element_id"])
    task = definition.tasks.get(row["element_id"])
    fields = definition.forms[task.form].fields if task else ()
    for choice in (c for f in fields for c in f.choices if f.name == "verdict"):
        if choice.value == row["verdict"]:
            return choice.label
    return SUBMIT if row["kind"] == "complete" else Label("", "")


def label_of(definition: Definition, element_id: str) -> Label:
    """Return the name of an element as drawn; its id where it was drawn without one."""
    label = definition.labels.get(element_id, Label("", ""))
    return Label(label.zh or element_id, label.en or label.zh or element_id)


def open_tasks_of(tx: Transaction, instance_id: int) -> list[Open]:
    """Return the open tasks of an application."""
    rows = tx.all(
        """SELECT t.id, t.key, t.element_id, t.name, t.name_en, t.visit, t.lane, t.role,
               t.holder_id, h.name, h.name_en, t.claimed_by, p.name, t.created_at,
               nullif(t.due_at, 'infinity')
           FROM workflow.task t JOIN identity.holder h ON h.id = t.holder_id
           LEFT JOIN identity.person p ON p.id = t.claimed_by
           WHERE t.instance_id = %(instance)s ORDER BY t.id""",
        {"instance": instance_id},
    )
    return [
        Open(
            *(
                *row[:3],
                Label(row[3], row[4] or row[3]),
                *row[5:9],
                Label(row[9], row[10] or row[9]),
                *row[11:],
            )
        )
        for row in rows
    ]


def events_of(tx: Transaction, instance_id: int) -> list[Recorded]:
    """Return the recorded steps: when, which, and the elements passed, oldest first."""
    rows = tx.all(
        """SELECT at, tag, path FROM audit.event WHERE instance_id = %(instance)s ORDER BY id""",
        {"instance": instance_id},
    )
    return [(at, tag, path.split()) for at, tag, path in rows]


def entries_of(
    definition: Definition,
    decisions: Sequence[Decision],
    events: Sequence[Recorded],
) -> list[Entry]:
    """Return the timeline, oldest first: what people did and what the system did upon it."""
    entries: list[Entry] = []
    passed: dict[str, int] = {}
    waiting = list(decisions)
    for at, tag, path in events:
        if waiting and decided((at, tag, path), waiting[0]):
            entries.append(_of_decision(waiting.pop(0)))
        for element_id in path:
            element = definition.elements.get(element_id)
            if element is None or element.kind not in SHOWN:
                continue
            passed[element_id] = passed.get(element_id, 0) + 1
            title = label_of(definition, element_id)
            entries.append(Entry(element_id, title, passed[element_id], at, SYSTEM.zh, SYSTEM))
    return entries + [_of_decision(decision) for decision in waiting]


def decided(event: Recorded, decision: Decision) -> bool:
    """Whether a recorded step is the one that a decision took."""
    return f".{decision.element_id}:" in event[1]


def _of_decision(decision: Decision) -> Entry:
    return Entry(
        decision.element_id,
        decision.label,
        decision.visit,
        decision.at,
        decision.person,
        decision.holder,
        decision.verdict or decision.kind,
        decision.verdict_label,
        decision.opinion,
        decision.signed is not None,
    )


def marks_of(
    definition: Definition,
    entries: Sequence[Entry],
    events: Sequence[Recorded],
    waiting: Sequence[Open],
) -> Marks:
    """Return what the drawing shows: current, visited, taken, and each visit with who and when."""
    here = tuple(task.element_id for task in waiting)
    passed = [element_id for _, _, path in events for element_id in path]
    flows = {e for e in passed if _kind(definition, e) == "sequenceFlow"}
    visits: dict[str, list[Entry | None]] = {}
    for entry in entries:
        visits.setdefault(task_of(definition, entry.element_id), []).append(entry)
    for task in waiting:
        given = visits.setdefault(task.element_id, [])
        # Of a repeated task each open one stands for itself.
        item = definition.lane_of(task.element_id).party == "item"
        given.extend([None] * (1 if item else task.visit - len(given)))
    done = dict.fromkeys(e for e in [*passed, *visits] if e not in flows and e not in here)
    return Marks(here, tuple(done), tuple(sorted(flows)), visits)


def _kind(definition: Definition, element_id: str) -> str:
    element = definition.elements.get(element_id)
    return element.kind if element else ""


def task_of(definition: Definition, element_id: str) -> str:
    """A message interrupts the task it is attached to: that visit is the task's."""
    trigger = definition.triggers.get(element_id)
    return trigger.attached_to if trigger else element_id
