"""What each drawn element does: SpiffWorkflow's own specs, kept to what small states need.

Stock SpiffWorkflow predicts every task that may come and keeps it in the tree. Nothing here looks
ahead, so a task gets its children when it runs (`Task.run` in tree.py), and the tree of a resting
instance holds only what has been reached.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.control import (
    BoundaryEventJoin,
    BoundaryEventSplit,
    BpmnStartTask,
    SimpleBpmnTask,
    _EndJoin,
)
from SpiffWorkflow.bpmn.specs.mixins import (
    BoundaryEventMixin,
    CallActivityMixin,
    EndEventMixin,
    ExclusiveGatewayMixin,
    IntermediateCatchEventMixin,
    ParallelGatewayMixin,
    ParallelMultiInstanceTaskMixin,
    ServiceTaskMixin,
    StartEventMixin,
    SubWorkflowTaskMixin,
    UserTaskMixin,
)
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.util.task import TaskState

NOT_FINISHED = TaskState.NOT_FINISHED_MASK


class Step:
    """Mixed into every spec: no prediction, and no self-test (the diagram was checked once).

    `outputs` is asked for at every step; stock looks the names up each time, here `freeze` does
    it once when the process has been parsed.
    """

    kind = ""  # what a visit of it is called; an element without a kind is not drawn
    _frozen: "list[Any] | None" = None

    def freeze(self) -> None:
        """Resolve the outputs once; called when all specs of the process are known."""
        self._frozen = [self._wf_spec.task_specs[name] for name in self._outputs]  # type: ignore[attr-defined]

    @property
    def outputs(self) -> list[Any]:
        """The specs that follow."""
        if self._frozen is not None:
            return self._frozen
        return [self._wf_spec.task_specs.get(name) for name in self._outputs]  # type: ignore[attr-defined]

    @outputs.setter
    def outputs(self, specs: list[Any]) -> None:
        self._outputs = [spec.name for spec in specs]

    def _predict(self, *_args: Any, **_kwargs: Any) -> None:
        """Nothing is predicted."""

    def test(self) -> None:
        """Nothing is tested while running."""


class StartEvent(Step, StartEventMixin, BpmnSpecMixin):
    """Where a process begins."""

    kind = "event"


class EndEvent(Step, EndEventMixin, BpmnSpecMixin):
    """An outcome."""

    kind = "event"


class UserTask(Step, UserTaskMixin, BpmnSpecMixin):
    """What a person does."""

    kind = "task"


class ServiceTask(Step, ServiceTaskMixin, BpmnSpecMixin):
    """What the system does at once: an operator with parameters."""

    kind = "service"
    operator = ""
    parameters: dict[str, str]

    def _run_hook(self, task: Any) -> bool:
        """Run the operator; its own error passes through, so the person sees the real reason."""
        task.workflow.script_engine.operate(task, self.operator, self.parameters)
        return True


class ExclusiveGateway(Step, ExclusiveGatewayMixin, BpmnSpecMixin):
    """A question with one answer."""

    kind = "gateway"


class ParallelGateway(Step, ParallelGatewayMixin, BpmnSpecMixin):
    """Splits into branches, and waits for all of them."""

    kind = "gateway"

    def _run_hook(self, task: Any) -> bool:
        """Give the join every value that a branch changed since the split.

        Stock merges lists position by position and lets an untouched old value win over a new
        one of another branch.
        """
        arrivals = [t for t in task.workflow.tasks.values() if t.task_spec is self]
        if len(arrivals) > 1:  # of two branches that changed one value, the later to arrive wins
            task.data = _changes_of(sorted(arrivals, key=lambda t: t.id))
        return True


class SubProcess(Step, SubWorkflowTaskMixin, BpmnSpecMixin):
    """A process drawn inside another."""

    kind = "task"


class CallActivity(Step, CallActivityMixin, BpmnSpecMixin):
    """A process drawn in its own file."""

    kind = "task"


class BoundaryEvent(Step, BoundaryEventMixin, BpmnSpecMixin):
    """A message or a timer that may come while a task is open."""

    kind = "event"


class CatchEvent(Step, IntermediateCatchEventMixin, BpmnSpecMixin):
    """A timer that is waited for."""

    kind = "event"


class EachOf(Step, ParallelMultiInstanceTaskMixin, BpmnSpecMixin):
    """A user task done once for each item of a list, all at once.

    Two things differ from stock: entering again starts with an empty output list (stock refuses
    to enter), and the completion condition sees the output list as it is now (stock shows the
    child a stale one, so that no quorum could ever be reached).
    """

    kind = ""  # each child counts as a visit, the frame around them does not

    def create_children(self, task: Any) -> None:
        """Open one child an item. What an earlier round left under the items' names goes."""
        self._forget_items(task)
        super().create_children(task)

    def init_data_output_with_input_data(self, task: Any, _input: Any) -> None:
        """Begin with an empty list, whatever an earlier round left."""
        self.data_output.set(task, [])

    def merge_child(self, workflow: Any, child: Any) -> None:
        """Take over what the child yields, but not its own item."""
        super().merge_child(workflow, child)
        self._forget_items(child.parent)

    def check_completion_condition(self, task: Any) -> bool:
        """Tell whether the rest need not be waited for; asked after each child."""
        if self.condition is None:
            return False
        values = dict(self._last_child(task).data)
        if self.data_output is not None:
            values[self.data_output.bpmn_id] = self.data_output.get(task)
        return bool(task.workflow.script_engine.compute(self.condition, values))

    @property
    def items(self) -> frozenset[str]:
        """The names of what each child is given and what it yields."""
        return frozenset(i.bpmn_id for i in (self.input_item, self.output_item) if i is not None)

    def _forget_items(self, task: Any) -> None:
        for name in self.items:
            task.data.pop(name, None)

    def _last_child(self, task: Any) -> Any:
        return task.workflow.tasks[int(task.internal_data["merged"][-1])]


class Split(Step, BoundaryEventSplit):
    """Before a task with boundary events: opens the task and arms the events."""


class Join(Step, BoundaryEventJoin):
    """After a task with boundary events: cancels what is still armed."""


class Start(Step, BpmnStartTask):
    """The engine's own first task."""


class End(Step, SimpleBpmnTask):
    """The engine's own last task."""


class EndJoin(Step, _EndJoin):
    """Waits until every branch has ended; the values are those of the last one."""

    def _check_threshold_unstructured(self, task: Any) -> bool:
        own = (self, *self.outputs)
        return not any(
            t._state & NOT_FINISHED and t.task_spec not in own for t in task.workflow.tasks.values()
        )

    def _run_hook(self, task: Any) -> bool:
        task.workflow.data = deepcopy(task.data)
        return True


class ProcessSpec(BpmnProcessSpec):
    """A process made of the specs of this module."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.task_specs.clear()  # stock has put its own start and end there
        self.start = Start(self, "Start")
        self.end = EndJoin(self, f"{self.name}.EndJoin")
        self.end.connect(End(self, "End"))

    def freeze(self) -> None:
        """Make the parsed process ready to be shared: nothing in it changes afterwards."""
        for spec in self.task_specs.values():
            spec.freeze()
            if isinstance(spec, EachOf):
                self._connect(self.task_specs[spec.task_spec], spec.merge_child)

    @staticmethod
    def _connect(child: Any, merge: Callable[..., None]) -> None:
        """Stock connects when the first child is made; a restored instance would hang."""
        if not child.completed_event.is_connected(merge):
            child.completed_event.connect(merge)


def _changes_of(arrivals: list[Any]) -> dict[str, Any]:
    """Return the values at the split, with what each branch has changed laid over them."""
    parents = [task.parent for task in arrivals]
    common = _ancestors(parents[0])
    for parent in parents[1:]:
        line = {t.id for t in _ancestors(parent)}
        common = [t for t in common if t.id in line]
    base: dict[str, Any] = common[0].data
    merged = deepcopy(base)
    for parent in parents:
        for name, value in parent.data.items():
            if name not in base or base[name] != value:
                merged[name] = deepcopy(value)
    return merged


def _ancestors(task: Any) -> list[Any]:
    line = []
    while task is not None:
        line.append(task)
        task = task.parent
    return line
