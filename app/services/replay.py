"""An application's history step by step: what the drawing showed after each recorded step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.label import Label
from app.services.timeline import (
    Decision,
    Marks,
    Open,
    Recorded,
    decided,
    entries_of,
    label_of,
    marks_of,
    task_of,
)
from app.workflow.definition import Definition

BEGUN = Label("开始申请", "Application begun")


@dataclass(frozen=True)
class Frame:
    """The state after one step: its words, and the marks on the drawing."""

    at: datetime
    title: Label
    who: str
    verdict: Label
    marks: Marks


def frames_of(
    definition: Definition,
    decisions: Sequence[Decision],
    events: Sequence[Recorded],
    waiting: Sequence[Open],
) -> list[Frame]:
    """Return one frame a step, oldest first; the last is the present state."""
    frames, done = [], 0
    for place, event in enumerate(events, start=1):
        decision = decisions[done] if done < len(decisions) else None
        own = decision if decision is not None and decided(event, decision) else None
        done += own is not None
        last = place == len(events)
        entries = entries_of(definition, decisions[:done], events[:place])
        marks = marks_of(definition, entries, events[:place], waiting if last else ())
        if not last:
            marks = _awaiting(definition, marks, decisions[done:])
        frames.append(_frame(definition, event, own, marks))
    return frames


def _awaiting(definition: Definition, marks: Marks, later: Sequence[Decision]) -> Marks:
    """Mark the task that waited then: the one that was decided, or interrupted, next."""
    people = [decision for decision in later if decision.kind != "timer"]
    if not people:
        return marks
    here = task_of(definition, people[0].element_id)
    visits = {**marks.visits, here: [*marks.visits.get(here, ()), None]}
    done = tuple(element for element in marks.done if element != here)
    return Marks((here,), done, marks.taken, visits)


def _frame(
    definition: Definition, event: Recorded, decision: Decision | None, marks: Marks
) -> Frame:
    if decision is None:
        return Frame(event[0], BEGUN, "", Label("", ""), marks)
    title = label_of(definition, decision.element_id)
    return Frame(event[0], title, decision.person, decision.verdict_label, marks)
