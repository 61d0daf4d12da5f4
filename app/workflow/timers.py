"""Timers that ask the registry's clock, so that a year can be replayed.

Stock definitions ask the machine's clock. The due instant is computed once, when the timer is
armed, and kept with the task as ISO 8601 text; an empty text means that it will never come.
"""

from datetime import UTC, datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition

DUE = "due"
FIRED = "event_fired"
NEVER = ""


class BadTimer(ValueError):
    """A timer's expression gave neither an instant nor a duration; the message says what."""


class Timer(TimerEventDefinition):
    """``timeDate`` or ``timeDuration``; with ``skip_past`` one that is armed too late is skipped.

    A reminder before a deadline is pointless for who begins after it: property ``ifPast`` =
    ``skip`` on the event says so in the diagram.
    """

    def __init__(self, name: str, expression: str, *, duration: bool, skip_past: bool) -> None:
        super().__init__(name, expression)
        self.duration = duration
        self.skip_past = skip_past

    def has_fired(self, task: Any) -> bool:
        """Arm the timer on first sight; tell whether `fire` was called.

        A timer never fires by itself: two that are due at once would both interrupt their task.
        """
        kept = task.internal_data
        if DUE not in kept:
            now = task.workflow.script_engine.clock.now()
            due = self._due(task, now)
            skipped = self.skip_past and due != NEVER and datetime.fromisoformat(due) <= now
            kept[DUE] = NEVER if skipped else due
        return bool(kept.get(FIRED))

    def reset(self, task: Any) -> None:
        """Forget everything: entering again arms the timer anew."""
        task.internal_data.pop(FIRED, None)
        task.internal_data.pop(DUE, None)

    def _due(self, task: Any, now: datetime) -> str:
        value = task.workflow.script_engine.evaluate(task, self.expression)
        if value is None:
            return NEVER
        if not isinstance(value, str):
            raise BadTimer(f"{self.name}: {value!r} is not a text")
        try:
            due = now + span(value, now) if self.duration else instant(value)
        except ValueError as error:
            raise BadTimer(f"{self.name}: {error}") from error
        return due.astimezone(UTC).isoformat()


def due_of(task: Any) -> datetime | None:
    """Return when a waiting timer is due; nothing for other events, or one that never comes."""
    if not isinstance(task.task_spec.event_definition, Timer):
        return None
    due = task.internal_data.get(DUE, NEVER)
    return datetime.fromisoformat(due) if due != NEVER else None


def instant(text: str) -> datetime:
    """Return an instant written with its zone. Raises ValueError."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return at


def span(text: str, start: datetime) -> Any:
    """Return the length of an ISO 8601 duration such as ``P5D``. Raises ValueError."""
    if not text.upper().startswith("P") or len(text) > 40:
        raise ValueError(f"{text} is not a duration such as P5D")
    try:
        parts = TimerEventDefinition.parse_iso_duration(text)
        return TimerEventDefinition.get_timedelta_from_start(parts, start)
    except Exception as error:  # stock raises bare Exception here
        raise ValueError(f"{text} is not a duration such as P5D") from error
