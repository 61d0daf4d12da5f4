"""Where an instance went: elements and flows in order, visits, and the outcome it came to."""

from typing import NamedTuple

from app.workflow.definition import Definition
from app.workflow.specs import EachOf, UserTask
from app.workflow.tree import Task


class Visit(NamedTuple):
    """An element was passed: ``kind`` is task, gateway, event, service or flow."""

    element_id: str
    kind: str


class Trail:
    """The tree reports here (see `app.workflow.tree.Trace`).

    ``path`` begins anew when an instance is restored; visits and outcome are saved with it.
    """

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self.path: list[Visit] = []
        self.visits: dict[str, int] = {}
        self.outcome: str | None = None

    def reached(self, task: Task) -> None:
        """Note the flow that led to an element, and count a user task's visits."""
        spec = task.task_spec
        if spec.bpmn_id is None or frame_of(task) is not None:
            return  # not drawn, or inside the one element of a repeated task
        before = task.parent
        while before is not None and before.task_spec.bpmn_id is None:
            before = before.parent
        if before is not None:
            flow = self._definition.flows.get((before.task_spec.bpmn_id, spec.bpmn_id))
            if flow is not None:
                self.path.append(Visit(flow, "flow"))
        if isinstance(spec, UserTask | EachOf):
            self.visits[spec.bpmn_id] = self.visits.get(spec.bpmn_id, 0) + 1

    def completed(self, task: Task) -> None:
        """Note that an element was passed."""
        spec = task.task_spec
        if spec.kind:
            self.path.append(Visit(spec.bpmn_id, spec.kind))
            if spec.bpmn_id in self._definition.outcomes:
                self.outcome = spec.bpmn_id


def frame_of(task: Task) -> EachOf | None:
    """Return the frame of a repeated task's child; nothing for any other task."""
    frame = task.parent.task_spec if task.parent is not None else None
    is_child = isinstance(frame, EachOf) and frame.task_spec == task.task_spec.name
    return frame if is_child else None
