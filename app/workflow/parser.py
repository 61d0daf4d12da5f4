"""From a checked bundle to the process specs the engine runs.

SpiffWorkflow's parser with our own specs; the extension elements are SpiffWorkflow's.
"""

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.bpmn.parser.task_parsers import (
    ConditionalGatewayParser,
    GatewayParser,
    SubprocessParser,
)
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.spiff.parser.event_parsers import (
    SpiffBoundaryEventParser,
    SpiffEndEventParser,
    SpiffIntermediateCatchEventParser,
    SpiffStartEventParser,
)
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser, SpiffProcessParser
from SpiffWorkflow.spiff.parser.task_spec import SpiffTaskParser

from app.workflow import specs
from app.workflow.diagram import parse_xml
from app.workflow.timers import Timer


class _Boundaries(TaskParser):
    """Wraps a task with boundary events in our own split and join."""

    PARALLEL_MI_CLASS = specs.EachOf

    def _add_boundary_event(self, children: list[Any]) -> Any:
        split = specs.Split(self.spec, f"{self.bpmn_id}.BoundaryEventSplit", lane=self.task.lane)
        join = specs.Join(
            self.spec,
            f"{self.bpmn_id}.BoundaryEventJoin",
            lane=self.task.lane,
            split_task=split.name,
            cancel=True,
        )
        split.connect(self.task)
        self.task.connect(join)
        for node in children:
            event = self.process_parser.parse_node(node)
            split.connect(event)
            event.connect(join)
        return split


class _TaskParser(_Boundaries, SpiffTaskParser):
    PARALLEL_MI_CLASS = specs.EachOf

    def create_task(self) -> Any:
        return TaskParser.create_task(self)

    def _copy_task_attrs(self, original: Any, loop_characteristics: Any = None) -> None:
        TaskParser._copy_task_attrs(self, original, loop_characteristics)


class _ServiceTaskParser(_TaskParser):
    def create_task(self) -> Any:
        task = super().create_task()
        operator = self.parse_extensions()["serviceTaskOperator"]
        task.operator = operator["name"]
        task.parameters = {n: p["value"] for n, p in operator["parameters"].items()}
        return task


class _SubProcessParser(_TaskParser):
    def create_task(self) -> Any:
        called = SubprocessParser.get_subprocess_spec(self)
        return self.spec_class(
            self.spec, self.bpmn_id, subworkflow_spec=called, **self.bpmn_attributes
        )


class _CallActivityParser(_TaskParser):
    def create_task(self) -> Any:
        called = SubprocessParser.get_call_activity_spec(self)
        return self.spec_class(
            self.spec, self.bpmn_id, subworkflow_spec=called, **self.bpmn_attributes
        )


class _Timers:
    """Makes our timers and messages of the event definitions."""

    def parse_timer_event(self, event: Any) -> Timer:
        properties = self.parse_extensions().get("properties", {})  # type: ignore[attr-defined]
        for tag in ("timeDate", "timeDuration"):
            found = event.find(full_tag(tag))
            if found is not None:
                return Timer(
                    self.bpmn_id,  # type: ignore[attr-defined]
                    found.text.strip(),
                    duration=tag == "timeDuration",
                    skip_past=properties.get("ifPast") == "skip",
                )
        raise ValueError("neither timeDate nor timeDuration")

    def parse_message_event(self, event: Any) -> MessageEventDefinition:
        messages = self.process_parser.parser.messages  # type: ignore[attr-defined]
        return MessageEventDefinition(messages[event.get("messageRef")])


class _BoundaryParser(_Timers, SpiffBoundaryEventParser):
    pass


class _CatchParser(_Timers, SpiffIntermediateCatchEventParser):
    pass


class _ProcessParser(SpiffProcessParser):
    def create_spec(self) -> specs.ProcessSpec:
        return specs.ProcessSpec(
            name=self.bpmn_id, description=self.get_name(), filename=self.filename
        )


class _Parser(SpiffBpmnParser):
    PROCESS_PARSER_CLASS = _ProcessParser
    # Only what is listed here exists; the checks have refused everything else before.
    PARSER_CLASSES: Mapping[str, Any] = {}
    OVERRIDE_PARSER_CLASSES: Mapping[str, Any] = {
        full_tag("startEvent"): (SpiffStartEventParser, specs.StartEvent),
        full_tag("endEvent"): (SpiffEndEventParser, specs.EndEvent),
        full_tag("userTask"): (_TaskParser, specs.UserTask),
        full_tag("serviceTask"): (_ServiceTaskParser, specs.ServiceTask),
        full_tag("exclusiveGateway"): (ConditionalGatewayParser, specs.ExclusiveGateway),
        full_tag("parallelGateway"): (GatewayParser, specs.ParallelGateway),
        full_tag("subProcess"): (_SubProcessParser, specs.SubProcess),
        full_tag("callActivity"): (_CallActivityParser, specs.CallActivity),
        full_tag("boundaryEvent"): (_BoundaryParser, specs.BoundaryEvent),
        full_tag("intermediateCatchEvent"): (_CatchParser, specs.CatchEvent),
    }


SUPPORTED = frozenset(tag.rpartition("}")[2] for tag in _Parser.OVERRIDE_PARSER_CLASSES)


def parse_processes(
    process_id: str, diagrams: Mapping[str, bytes]
) -> tuple[specs.ProcessSpec, dict[str, specs.ProcessSpec]]:
    """Return the main process and what it calls, ready to be shared by threads."""
    parser = _Parser()
    for name in sorted(diagrams):
        parser.add_bpmn_xml(parse_xml(diagrams[name]), name)
    main = parser.get_spec(process_id)
    called = parser.get_subprocess_specs(process_id)
    for spec in (main, *called.values()):
        spec.freeze()
    return main, called
