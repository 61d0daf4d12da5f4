"""One live instance in memory: started or restored, moved one step, saved.

The seam's guards stand here: only an open task can be completed, only declared values are kept,
and after an error nothing can be saved.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from app.domain.clock import Clock
from app.domain.errors import Conflict
from app.workflow.codec import plant, plant_subprocess, rows_of, seal, subprocesses_of, unseal
from app.workflow.definition import Definition, Trigger, UserTask
from app.workflow.engine import Engine, Operate, plain
from app.workflow.prune import prune
from app.workflow.timers import due_of, instant
from app.workflow.trail import Trail, Visit, frame_of
from app.workflow.tree import READY, WAITING, ProcessTree, Task

MOST_TIMERS = 1000  # in one step; a loop of timers that are always due would not end


class NotOpen(Conflict):
    """The task was completed before, was never reached, or is no longer waited for."""


class MissingValue(ValueError):
    """A repeated task was completed without the value it collects."""


class Stuck(RuntimeError):
    """The diagram came to rest without an end, an open task or anything to wait for."""


class Spoilt(RuntimeError):
    """A step failed halfway; the instance in memory must be thrown away and restored."""


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task that waits for a person. ``key`` is stable while it is open and never used again.

    ``visit`` counts how often the task was opened; ``item`` is a repeated task's own item.
    """

    key: int
    task: UserTask
    visit: int
    item: Any
    due: datetime | None


class Run:
    """One instance. Not for several threads at once."""

    def __init__(self, definition: Definition, clock: Clock, operate: Operate) -> None:
        self.definition = definition
        self._clock = clock
        self._trail = Trail(definition)
        self._spoilt = False
        engine = Engine(definition.blank, clock, operate)
        self._tree = ProcessTree(definition.spec, definition.subprocesses, engine, self._trail)

    @classmethod
    def start(
        cls,
        definition: Definition,
        data: Mapping[str, object],
        clock: Clock,
        operate: Operate,
    ) -> "Run":
        """Begin an instance with the declared values among ``data``; run to the first rest."""
        run = cls(definition, clock, operate)
        run._tree._plant()
        run._tree.task_tree.data = {**definition.unset, **run._allowed(data, definition.declared)}
        run._go_on()
        return run

    @classmethod
    def restore(cls, definition: Definition, state: bytes, clock: Clock, operate: Operate) -> "Run":
        """Return an instance as it was saved. Raises BadState."""
        run = cls(definition, clock, operate)
        tree = run._tree
        tree.next_id, visits, outcome, end, rows, subs = unseal(state, definition.hash)
        names = definition.task_ids
        run._trail.visits = {name: n for name, n in zip(names, visits, strict=False) if n}
        run._trail.outcome = outcome
        plant(tree, rows)
        for caller, sub_rows in subs:
            plant_subprocess(tree, caller, sub_rows)
        if end is not None:
            tree.completed, tree.data = True, end
        return run

    def dump(self) -> bytes:
        """Return the instance as bytes, after cutting off its finished past."""
        self._must_be_sound()
        tree = self._tree
        prune(tree)
        visits = [self.visits.get(name, 0) for name in self.definition.task_ids]
        while visits and not visits[-1]:
            visits.pop()  # what was never opened takes no room
        end = tree.data if tree.completed else None
        rows = rows_of(tree) if end is None else [{}]
        subs = subprocesses_of(tree)
        payload = [tree.next_id, visits, self._trail.outcome, end, rows, subs]
        return seal(payload, self.definition.hash)

    def open_tasks(self) -> list[OpenTask]:
        """Return what waits for people, oldest first."""
        found = [t for t in self._tasks() if t._state == READY and t.task_spec.manual]
        return [self._shown(task) for task in sorted(found, key=lambda t: t.id)]

    def open_triggers(self) -> list[Trigger]:
        """Return the messages that could be sent now."""
        found = {t.task_spec.bpmn_id: None for t in self._messages()}
        return [self.definition.triggers[element_id] for element_id in found]

    def complete(self, key: int, data: Mapping[str, object]) -> None:
        """Complete an open task with the values a person gave, and run to rest.

        Whatever else was in the task's values is dropped: only declared ones go on. What the form
        asks for and nobody answered is unset, so an old verdict never decides anew. Raises
        NotOpen, NotPlain, MissingValue, and whatever an operator raises.
        """
        self._must_be_sound()
        task = self._open(key)
        values = self._answered(task, data)
        frame = frame_of(task)
        if frame is not None and frame.output_item is not None:
            name = frame.output_item.bpmn_id
            if values.get(name) is None:
                raise MissingValue(f"{task.task_spec.bpmn_id}: {name} is missing")
        with self._step():
            task.data = values
            task.run()

    def trigger(self, name: str) -> None:
        """Send a message to what waits for it, and run to rest. Raises NotOpen."""
        self._must_be_sound()
        found = [t for t in self._messages() if t.task_spec.event_definition.name == name]
        if not found:
            raise NotOpen("该操作现在不能进行。", "This cannot be done now.", trigger=name)
        with self._step():
            for task in found:
                self._tree.fire(task)

    def fire_timers(self) -> bool:
        """Fire what is due by the clock; tell whether anything was. Every step ends with this."""
        self._must_be_sound()
        wake = self.next_wake()
        if wake is None or wake > self._clock.now():
            return False
        with self._step():
            pass
        return True

    def next_wake(self) -> datetime | None:
        """Return when the next timer is due, or nothing."""
        return min((due for due, _, _ in self._timers()), default=None)

    @property
    def path(self) -> list[Visit]:
        """Elements and flows passed since the start or the restore, in order."""
        return self._trail.path

    @property
    def visits(self) -> dict[str, int]:
        """How often each user task was opened, ever."""
        return self._trail.visits

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do."""
        return bool(self._tree.completed)

    @property
    def outcome(self) -> str | None:
        """The end event the instance came to, once it has ended."""
        return self._trail.outcome if self.ended else None

    @property
    def data(self) -> dict[str, Any]:
        """The declared values, as the oldest open branch sees them."""
        if self.ended:
            return dict(self._tree.data)
        open_ = [t for t in self._tasks() if _rests_on(t)]
        values = min(open_, key=lambda t: t.id).data if open_ else {}
        return {k: v for k, v in values.items() if k in self.definition.declared}

    def _answered(self, task: Task, data: Mapping[str, object]) -> dict[str, Any]:
        definition, element_id = self.definition, task.task_spec.bpmn_id
        allowed = definition.kept[element_id]
        return {
            **self._allowed(task.data, allowed),
            **dict.fromkeys(definition.asked[element_id]),
            **self._allowed(data, allowed),
        }

    def _must_be_sound(self) -> None:
        if self._spoilt:
            raise Spoilt("a step failed halfway")

    def _step(self) -> "_Step":
        return _Step(self)

    def _go_on(self) -> None:
        self._tree.run_to_rest()
        self._fire_due()
        if not self.ended and not any(map(_rests_on, self._tasks())):
            raise Stuck(f"{self.definition.process_id} rests without an open task or an end")

    def _tasks(self) -> Iterator[Task]:
        yield from self._tree.tasks.values()
        for sub in self._tree.subprocesses.values():
            if not sub.completed:
                yield from sub.tasks.values()

    def _fire_due(self) -> None:
        """Fire the timers that are due, one after the other: an earlier may cancel a later."""
        now = self._clock.now()
        for _ in range(MOST_TIMERS):
            due = [timer for timer in self._timers() if timer[0] <= now]
            if not due:
                return
            self._tree.fire(min(due, key=itemgetter(0, 1))[2])
        raise Stuck(f"{self.definition.process_id}: its timers never come to rest")

    def _timers(self) -> Iterator[tuple[datetime, int, Task]]:
        for task in self._tree.event_manager.tasks.values():
            due = due_of(task)
            if due is not None:
                yield due, task.id, task

    def _messages(self) -> list[Task]:
        triggers = self.definition.triggers
        waiting = self._tree.event_manager.tasks.values()
        return [t for t in waiting if t.task_spec.bpmn_id in triggers and t._state == WAITING]

    def _open(self, key: int) -> Task:
        for task in self._tasks():
            if task.id == key and task._state == READY and task.task_spec.manual:
                return task
        raise NotOpen("该任务已办结或不存在。", "This task is done or does not exist.", key=key)

    def _shown(self, task: Task) -> OpenTask:
        element_id = task.task_spec.bpmn_id
        user_task = self.definition.tasks[element_id]
        repeated = frame_of(task)
        due = task.data.get(user_task.due_at) if user_task.due_at else None
        return OpenTask(
            key=task.id,
            task=user_task,
            visit=self.visits[element_id],
            item=task.data.get(repeated.input_item.bpmn_id) if repeated is not None else None,
            due=instant(due) if due else None,
        )

    @staticmethod
    def _allowed(data: Mapping[str, object], names: frozenset[str]) -> dict[str, Any]:
        return {name: plain(value) for name, value in data.items() if name in names}


def _rests_on(task: Task) -> bool:
    """Tell whether a person, a message or a timer can move the instance on at a task."""
    if task._state == WAITING:
        return hasattr(task.task_spec, "event_definition")
    return bool(task._state == READY)


class _Step:
    """One move: runs to rest at its end, and spoils the instance if anything fails."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def __enter__(self) -> None:
        self._run._spoilt = True

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._run._go_on()
            self._run._spoilt = False
