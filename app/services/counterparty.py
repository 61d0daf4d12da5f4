"""What one of several reviewers sees of an application: what concerns it, and nothing more (M22).

A recipient of a return sees the lines for itself, its own reviews, what the applicant and the
authorities decided in the rounds it was asked in, and the refusal that called its review off.
What another recipient gets, thinks or types does not exist for it. A round begins with a
submission; whoever is dropped from the next one keeps seeing what it was asked.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.db import Transaction
from app.identity.actor import Actor
from app.ledger.journal import Movement
from app.services.items import Lines, lines_in
from app.services.timeline import Decision, Open, Recorded, decided, task_of
from app.workflow.definition import Definition


@dataclass(frozen=True, slots=True)
class Counterparty:
    """A holder of a repeated task's lane: its id, its code, and the lanes of such tasks."""

    holder_id: int
    code: str
    lanes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Round:
    """One submission and what came of it: the lines for the counterparty, if there are any."""

    lines: Lines
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Seen:
    """The parts of an application that a counterparty sees."""

    content: Mapping[str, Any]
    before: Lines | None
    decisions: Sequence[Decision]
    events: Sequence[Recorded]
    waiting: Sequence[Open]


def counterparty_of(
    tx: Transaction, actor: Actor, definition: Definition, instance_id: int, applicant_id: int
) -> Counterparty | None:
    """Return the actor as a counterparty; None for the applicant, an authority and an auditor."""
    lanes = frozenset(lane.key for lane in definition.lanes.values() if lane.party == "item")
    if actor.holder_id == applicant_id or not lanes:
        return None
    rows = tx.all(
        """SELECT p.lane, h.code FROM workflow.party p JOIN identity.holder h ON h.id = p.holder_id
           WHERE p.instance_id = %(instance)s AND p.holder_id = %(holder)s""",
        {"instance": instance_id, "holder": actor.holder_id},
    )
    if not rows or not {lane for lane, _ in rows} <= lanes:
        return None
    return Counterparty(actor.holder_id, rows[0][1], lanes)


def seen_by(
    tx: Transaction,
    who: Counterparty,
    definition: Definition,
    instance_id: int,
    decisions: Sequence[Decision],
    events: Sequence[Recorded],
    waiting: Sequence[Open],
) -> Seen:
    """Return what a counterparty sees of an application."""
    rounds = _rounds(tx, who, definition, instance_id)
    mine = [round_ for round_ in rounds if round_.lines]
    placed = list(_placed(definition, decisions))
    shown = [d for d, place in placed if rounds[place].lines and _concerns(who, definition, d)]
    asked = bool(rounds[-1].lines)
    return Seen(
        content=mine[-1].content if mine else {},
        before=mine[-2].lines if len(mine) > 1 else None,
        decisions=shown,
        events=list(_events(events, placed, shown, rounds)),
        waiting=[_known(who, definition, shown, t) for t in waiting if asked and _open_to(who, t)],
    )


def own_movements(movements: Sequence[Movement], holder_id: int) -> list[Movement]:
    """Return what was posted to the counterparty: what is held is held for all recipients."""
    return [m for m in movements if m.kind == "posted" and m.to_holder_id == holder_id]


def _rounds(
    tx: Transaction, who: Counterparty, definition: Definition, instance_id: int
) -> list[Round]:
    """Return a round before the first submission, and one for each submission."""
    rows = tx.all(
        """SELECT element_id, document FROM workflow.decision
           WHERE instance_id = %(id)s AND kind = 'complete' ORDER BY version""",
        {"id": instance_id},
    )
    found = [Round((), {})]
    for element_id, document in rows:
        if definition.asks_content(element_id):
            given = json.loads(bytes(document))
            own = [line for line in lines_in(given) if line.get("recipient") == who.code]
            found.append(Round(own, {**given["form"], "lines": own}))
    return found


def _placed(
    definition: Definition, decisions: Sequence[Decision]
) -> Iterator[tuple[Decision, int]]:
    """Yield each decision with the round it was taken in; a submission begins its round."""
    place = 0
    for decision in decisions:
        place += _submits(definition, decision)
        yield decision, place


def _submits(definition: Definition, decision: Decision) -> bool:
    return (
        decision.kind == "complete"
        and decision.element_id in definition.tasks
        and definition.asks_content(decision.element_id)
    )


def _concerns(who: Counterparty, definition: Definition, decision: Decision) -> bool:
    """Its own, the applicant's, an authority's, and the refusal that called its review off."""
    task = definition.tasks.get(decision.element_id)
    if task is None or definition.lanes[task.lane].key not in who.lanes:
        return True
    return decision.holder_id == who.holder_id or decision.verdict == "return"


def _events(
    events: Sequence[Recorded],
    placed: Sequence[tuple[Decision, int]],
    shown: Sequence[Decision],
    rounds: Sequence[Round],
) -> Iterator[Recorded]:
    """Yield the recorded steps of its rounds; of another's review only that the flow went on."""
    ids = {decision.id for decision in shown}
    waiting, place = list(placed), 0
    for event in events:
        own = waiting and decided(event, waiting[0][0])
        decision, place = waiting.pop(0) if own else (None, place)
        if place and not rounds[place].lines:
            continue
        at, tag, path = event
        yield (at, tag if decision is None or decision.id in ids else "", path)


def _open_to(who: Counterparty, task: Open) -> bool:
    return task.lane not in who.lanes or task.holder_id == who.holder_id


def _known(
    who: Counterparty, definition: Definition, shown: Sequence[Decision], task: Open
) -> Open:
    """Count a task's visits by the rounds that the counterparty knows of."""
    if task.lane in who.lanes:
        return task
    before = sum(task_of(definition, d.element_id) == task.element_id for d in shown)
    return replace(task, visit=before + 1)
