"""Everything the page of one application shows, and who may see it (W1, W7, F25).

Seen by the parties of the application and by auditors. To anybody else it does not exist. What
an emitter has begun and never submitted is seen by the emitter alone.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.attachments.store import Attachment
from app.db import Transaction
from app.domain.clock import local_day
from app.domain.errors import NotFound
from app.domain.label import Label
from app.domain.reductions import REDUCTIONS
from app.identity.actor import Actor
from app.ledger.journal import Movement, movements_of
from app.services.attachments.reading import shown_to
from app.services.context import Context
from app.services.counterparty import counterparty_of, own_movements, seen_by
from app.services.custody.naming import named
from app.services.definitions import definition_of
from app.services.items import Item, Lines, items_of, submission_before
from app.services.pilots.view import PilotView, pilot_view
from app.services.progress import NoticeView, notice_of_application
from app.services.replay import Frame, frames_of
from app.services.standing import STANDING, Standing, standing_of
from app.services.timeline import (
    Decision,
    Entry,
    Marks,
    Open,
    Recorded,
    decisions_of,
    entries_of,
    events_of,
    marks_of,
    open_tasks_of,
)
from app.workflow.definition import Definition, Trigger
from app.workflow.forms import Field


@dataclass(frozen=True, slots=True)
class Notification:
    """A message that the process sent."""

    id: int
    text: Label
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True)
class Application:
    """One application, as far as its reader may see it; quantities in whole tonnes.

    ``in_part``: its reader is one of several reviewers, who sees its own part only (M22).
    """

    id: int
    number: str
    process_id: str
    process: Label
    bundle_hash: str
    bundle_version: int
    version: int
    status: str
    applicant_id: int
    applicant: Label
    applicant_code: str
    applicant_account_id: int
    account_number: str
    quantity: int
    ccer_quantity: int
    created_at: datetime
    submitted_at: datetime | None
    ended_at: datetime | None
    late: bool
    stuck: str
    standing: Standing
    notice: NoticeView | None
    pilot: PilotView | None
    content: Mapping[str, Any]
    items: Sequence[Item]
    decisions: Sequence[Decision]
    entries: Sequence[Entry]
    open_tasks: Sequence[Open]
    marks: Marks
    frames: Sequence[Frame]
    triggers: Sequence[Trigger]
    movements: Sequence[Movement]
    notifications: Sequence[Notification]
    attachments: Sequence[Attachment]
    definition: Definition
    holders: Mapping[str, Label]
    in_part: bool = False

    @property
    def opinions(self) -> list[Decision]:
        """Earlier decisions that carry an opinion, newest first."""
        return [d for d in reversed(self.decisions) if d.opinion]

    @property
    def round_opinions(self) -> list[Decision]:
        """What was said since the last submission, newest first: all reviews of the round."""
        found: list[Decision] = []
        for decision in reversed(self.decisions):
            task = decision.element_id
            if task in self.definition.tasks and self.definition.asks_content(task):
                break
            found.append(decision)
        return [d for d in found if d.opinion]

    @property
    def answers(self) -> list[tuple[Label, Label]]:
        """What the applicant wrote beside the lines: each field's label and its text."""
        definition = self.definition
        asked = [definition.form_of(i) for i in definition.tasks if definition.asks_content(i)]
        found = {f.name: (f.label, self._said(f)) for form in asked for f in form.fields}
        return [(label, text) for label, text in found.values() if text.zh]

    def _said(self, field: Field) -> Label:
        if field.widget != "holders":
            return field.said(self.content)
        names = [(code, self.holders.get(code)) for code in self.content.get(field.name, ())]
        return Label(
            "\n".join(f"{name.zh if name else '—'}（{code}）" for code, name in names),
            "\n".join(f"{name.en if name else '—'} ({code})" for code, name in names),
        )

    def task(self, key: int) -> Open | None:
        """Return an open task by its key."""
        return next((task for task in self.open_tasks if task.key == key), None)


def application(ctx: Context, actor: Actor, instance_id: int) -> Application:
    """Return an application to a party or an auditor; raises NotFound for anybody else."""
    with ctx.database.transaction() as tx:
        return application_within(tx, actor, instance_id)


def application_within(tx: Transaction, actor: Actor, instance_id: int) -> Application:
    """Do the same inside a transaction that is already open."""
    row = visible(tx, actor, instance_id)
    definition = definition_of(tx, row["bundle_hash"])
    seen = _seen(tx, actor, definition, row)
    decisions, events, waiting = seen.decisions, seen.events, seen.waiting
    entries = entries_of(definition, decisions, events)
    lines = seen.content.get("lines", ())
    items = items_of(tx, instance_id, lines, seen.before, seen.movements)
    return Application(
        **{name: row[name] for name in _PLAIN},
        in_part=seen.part,
        quantity=sum(x.quantity for x in items) if seen.part else row["quantity"],
        ccer_quantity=_ccer(items) if seen.part else row["ccer_quantity"],
        process=definition.label,
        applicant=Label(row["applicant"], row["applicant_en"] or row["applicant"]),
        standing=standing_of(tx, row),
        notice=_notice(tx, row),
        pilot=_pilot(tx, row, seen.content),
        content=seen.content,
        items=items,
        decisions=decisions,
        entries=entries,
        open_tasks=waiting,
        marks=marks_of(definition, entries, events, waiting),
        frames=frames_of(definition, decisions, events, waiting),
        triggers=_triggers(definition, actor, waiting, row),
        movements=seen.movements,
        notifications=_notifications(tx, actor, instance_id),
        attachments=shown_to(tx, actor, definition, instance_id, row["applicant_id"]),
        definition=definition,
        holders=_named(tx, definition, seen.content),
    )


_PLAIN = (
    "id", "number", "process_id", "bundle_hash", "bundle_version", "version", "status",
    "applicant_id", "applicant_code", "applicant_account_id", "account_number",
    "created_at", "submitted_at", "ended_at", "late", "stuck",
)  # fmt: skip


@dataclass(frozen=True)
class _Seen:
    """What the reader sees of the record; ``part``: of the application only its own part."""

    content: Mapping[str, Any]
    before: Lines | None
    decisions: Sequence[Decision]
    events: Sequence[Recorded]
    waiting: Sequence[Open]
    movements: Sequence[Movement]
    part: bool


def _seen(tx: Transaction, actor: Actor, definition: Definition, row: Mapping[str, Any]) -> _Seen:
    """Return all to the applicant, authorities and auditors; to a counterparty its part (M22)."""
    instance_id = row["id"]
    decisions = decisions_of(tx, definition, instance_id)
    events = events_of(tx, instance_id)
    waiting = open_tasks_of(tx, instance_id)
    movements = movements_of(tx, instance_id)
    who = counterparty_of(tx, actor, definition, instance_id, row["applicant_id"])
    if who is None:
        before = submission_before(tx, instance_id)
        content = json.loads(row["content"])
        return _Seen(content, before, decisions, events, waiting, movements, part=False)
    seen = seen_by(tx, who, definition, instance_id, decisions, events, waiting)
    return _Seen(
        seen.content,
        seen.before,
        seen.decisions,
        seen.events,
        seen.waiting,
        own_movements(movements, who.holder_id),
        part=True,
    )


def _named(tx: Transaction, definition: Definition, content: Mapping[str, Any]) -> dict[str, Label]:
    """Return the names of the holders that the content names by code."""
    fields = [f for form in definition.forms.values() for f in form.fields]
    codes = [code for f in fields if f.widget == "holders" for code in content.get(f.name, ())]
    return {code: holder.name for code, holder in named(tx, codes).items()} if codes else {}


def _ccer(items: Sequence[Item]) -> int:
    return sum(item.quantity for item in items if item.unit_type in REDUCTIONS)


def visible(tx: Transaction, actor: Actor, instance_id: int) -> dict[str, Any]:
    """Return the row of an application the actor may see; raises NotFound otherwise."""
    row = tx.map(
        f"""SELECT i.id, i.number, i.process_id, i.bundle_hash, i.version, i.status, i.outcome,
               i.applicant_id, i.applicant_account_id, i.subject_kind, i.subject_id, i.content,
               i.quantity, i.ccer_quantity, i.created_at, i.submitted_at, i.ended_at, i.late,
               i.stuck, h.name AS applicant, h.name_en AS applicant_en, h.code AS applicant_code,
               a.number AS account_number,
               (SELECT count(DISTINCT y.bundle_hash) FROM workflow.deployment y
                WHERE y.process_id = i.process_id AND y.id <= (SELECT min(z.id)
                    FROM workflow.deployment z WHERE z.bundle_hash = i.bundle_hash))
                AS bundle_version, {STANDING}
           FROM workflow.instance i JOIN identity.holder h ON h.id = i.applicant_id
           JOIN identity.account a ON a.id = i.applicant_account_id
           WHERE i.id = %(id)s AND ((%(auditor)s AND i.version > 0) OR EXISTS (
               SELECT FROM workflow.party p WHERE p.instance_id = i.id
               AND p.holder_id = %(holder)s AND (i.version > 0 OR i.applicant_id = p.holder_id)))
        """,  # noqa: S608 - a constant
        {"id": instance_id, "holder": actor.holder_id, "auditor": actor.role == "auditor"},
    )
    if row is None:
        raise NotFound
    return row


def diagram(ctx: Context, actor: Actor, instance_id: int) -> tuple[Definition, bytes]:
    """Return the definition and the BPMN file that an application runs.

    Raises NotFound for a stranger.
    """
    with ctx.database.transaction() as tx:
        row = visible(tx, actor, instance_id)
        definition = definition_of(tx, row["bundle_hash"])
    return definition, definition.bundle.diagram


def _pilot(tx: Transaction, row: Mapping[str, Any], content: Mapping[str, Any]) -> PilotView | None:
    """S26: the pilot region; parties see the enterprise's numbers as the checks compare them."""
    if row["subject_kind"] != "pilot" or row["subject_id"] is None:
        return None
    year = local_day(row["created_at"]).year
    return pilot_view(tx, row["subject_id"], row["applicant_id"], year, content, row["id"])


def _notice(tx: Transaction, row: Mapping[str, Any]) -> NoticeView | None:
    """The notice an application is about: whoever may see the one sees the other."""
    if row["subject_kind"] != "notice" or row["subject_id"] is None:
        return None
    return notice_of_application(tx, row["subject_id"])


def _triggers(
    definition: Definition, actor: Actor, waiting: Sequence[Open], row: Mapping[str, Any]
) -> list[Trigger]:
    """Return the messages that the actor may send now: those on an open task, of its lane."""
    if row["status"] != "open" or actor.rights not in {"both", "confirm"}:
        return []
    here = {task.element_id for task in waiting}
    return [
        trigger
        for trigger in definition.triggers.values()
        if trigger.attached_to in here
        and actor.role in definition.lanes[trigger.lane].roles
        and row["applicant_id"] == actor.holder_id
    ]


def _notifications(tx: Transaction, actor: Actor, instance_id: int) -> list[Notification]:
    rows = tx.all(
        """SELECT id, text, text_en, created_at, read_at FROM workflow.notification
           WHERE instance_id = %(id)s AND holder_id = %(holder)s ORDER BY id DESC""",
        {"id": instance_id, "holder": actor.holder_id},
    )
    return [Notification(row[0], Label(row[1], row[2]), *row[3:]) for row in rows]
