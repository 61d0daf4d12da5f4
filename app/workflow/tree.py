"""The tree of what an instance has reached: SpiffWorkflow's, without what costs time and space.

* Tasks have small whole numbers as ids, no timestamps, no log records.
* A task gets its children when it runs; nothing is predicted (see specs.py).
* What becomes READY is queued, so that running to rest needs no scan of the tree.
* What is reached and what completes is reported to a `Trace`, which pages show.
"""

from collections import deque
from collections.abc import Iterator
from typing import Any, Protocol

from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.specs.MultiChoice import MultiChoice
from SpiffWorkflow.task import Task as StockTask
from SpiffWorkflow.util.task import TaskState

MAYBE, LIKELY, FUTURE = TaskState.MAYBE, TaskState.LIKELY, TaskState.FUTURE
WAITING, READY, STARTED = TaskState.WAITING, TaskState.READY, TaskState.STARTED
COMPLETED, CANCELLED = TaskState.COMPLETED, TaskState.CANCELLED
NOT_REACHED = MAYBE | LIKELY | FUTURE
LIVE = WAITING | READY | STARTED
ROOT = 0  # the id of the first task of every tree
NOBODY = -1  # the id of its parent


class Trace(Protocol):
    """Who is told where the instance goes."""

    def reached(self, task: "Task") -> None:
        """A task became READY, STARTED or WAITING for the first time."""

    def completed(self, task: "Task") -> None:
        """A task completed."""


class Task(StockTask):
    """One visit of one spec."""

    thread_id = 0
    last_state_change = 0

    def __init__(  # no super().__init__: it makes a uuid and asks for the time
        self,
        workflow: Any,
        task_spec: Any,
        parent: "Task | None" = None,
        state: int = MAYBE,
        id: int | None = None,  # noqa: A002  stock's name
    ) -> None:
        if id is None:
            top = workflow.top_workflow
            id = top.next_id  # noqa: A001
            top.next_id = id + 1
        self.id = id
        workflow.tasks[id] = self
        self.workflow = workflow
        self.task_spec = task_spec
        self._state = state
        self._parent: int = NOBODY
        self._children: list[int] = []
        self.triggered = False
        self.data: dict[str, Any] = {}
        self.internal_data: dict[str, Any] = {}
        if parent is not None:
            self._parent = parent.id
            parent._children.append(id)

    def _add_child(self, task_spec: Any, state: int = MAYBE) -> "Task":
        task = Task(self.workflow, task_spec, self, state)
        if state == READY:
            task._ready()
        return task

    def _set_state(self, value: int) -> None:
        before = self._state
        if value == before:
            return
        self._state = value
        top = self.workflow.top_workflow
        if value == READY:
            top.ready.append(self)
        if before & NOT_REACHED and value & LIVE:
            top.trace.reached(self)
        elif value == COMPLETED:
            top.trace.completed(self)

    def run(self) -> Any:
        """Make the children, then run as stock does."""
        spec = self.task_spec
        if not isinstance(spec, MultiChoice):  # a choice makes the chosen child itself
            spec._predict_hook(self)
        return super().run()

    def collect_log_extras(self, dct: dict[str, Any] | None = None) -> dict[str, Any]:
        """Nothing is logged here; the history has its own table."""
        return dct or {}

    def __iter__(self) -> Iterator["Task"]:
        tasks = self.workflow.tasks
        stack = [self]
        while stack:
            task = stack.pop()
            yield task
            stack.extend(tasks[child] for child in reversed(task._children))


class Tree:
    """What the workflow and its subprocesses have in common."""

    tasks: dict[int, Task]

    def _plant(self) -> None:
        self.task_tree = Task(self, self.spec.start, state=FUTURE, id=ROOT)  # type: ignore[attr-defined]
        self.task_tree._ready()

    def update_waiting_tasks(self) -> None:
        """Ask the joins only; timers are asked when time has passed, messages when they come."""
        for task in [t for t in self.tasks.values() if t._state == WAITING]:
            if isinstance(task.task_spec, Join) and task._state == WAITING:
                task.task_spec._update(task)

    def collect_log_extras(self, dct: dict[str, Any] | None = None) -> dict[str, Any]:
        """Nothing is logged here."""
        return dct or {}


class SubProcessTree(Tree, BpmnSubWorkflow):
    """One run of a subprocess or a called process."""

    def __init__(self, spec: Any, parent_task_id: int, top: "ProcessTree") -> None:
        super().__init__(spec, parent_task_id, top, deserializing=True)

    @property
    def parent_workflow(self) -> Any:
        """The tree this one was called from."""
        return self.top_workflow.get_task_from_id(self.parent_task_id).workflow


class ProcessTree(Tree, BpmnWorkflow):
    """One instance. ``engine`` computes expressions and runs operators; ``trace`` is told."""

    def __init__(self, spec: Any, subprocesses: Any, engine: Any, trace: Trace) -> None:
        self.next_id = 1
        self.ready: deque[Task] = deque()
        self.trace = trace
        super().__init__(spec, subprocesses, engine, deserializing=True)

    def create_subprocess(self, my_task: Task, spec_name: str) -> SubProcessTree:
        """Begin a subprocess of a task."""
        sub = SubProcessTree(self.subprocess_specs[spec_name], my_task.id, self)
        self.subprocesses[my_task.id] = sub
        sub._plant()
        return sub

    def fire(self, event: Task) -> None:
        """Let a waiting event come, and run to rest. One that was cancelled meanwhile stays so."""
        if event._state == WAITING:
            event.internal_data["event_fired"] = True
            event.task_spec._update(event)
            self.run_to_rest()

    def run_to_rest(self) -> None:
        """Run what the engine can run, until only people and time can go on."""
        ready = self.ready
        while ready:
            task = ready.popleft()
            if (
                task._state == READY
                and not task.task_spec.manual
                and task.id in task.workflow.tasks
            ):
                task.run()
