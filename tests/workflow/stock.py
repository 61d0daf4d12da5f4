"""The same diagrams run by SpiffWorkflow as it comes: its parser, its tree, its serializer."""

import json
from functools import cache
from typing import Any

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.script_engine.python_environment import BasePythonScriptEngineEnvironment
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer import DEFAULT_CONFIG
from SpiffWorkflow.spiff.specs.event_definitions import MessageEventDefinition
from SpiffWorkflow.util.task import TaskState

from app.workflow.definition import Definition
from app.workflow.diagram import parse_xml
from app.workflow.expressions import evaluate


class Environment(BasePythonScriptEngineEnvironment):
    def evaluate(self, expression: str, context: Any, _external: Any = None) -> Any:
        return evaluate(expression, context)

    def call_service(self, _context: Any, **_: Any) -> str:
        return json.dumps(None)


@cache
def parsed(definition: Definition) -> tuple[Any, Any]:
    parser = SpiffBpmnParser()
    for name, content in definition.bundle.files.items():
        if name.endswith(".bpmn"):
            parser.add_bpmn_xml(parse_xml(content), name)
    spec = parser.get_spec(definition.process_id)
    return spec, parser.get_subprocess_specs(definition.process_id)


class Stock:
    """One instance."""

    def __init__(self, definition: Definition, values: dict[str, object]) -> None:
        spec, subs = parsed(definition)
        self.engine = PythonScriptEngine(Environment())
        self.workflow = BpmnWorkflow(spec, subs, script_engine=self.engine)
        self.workflow.task_tree.data.update(values)
        self.workflow.do_engine_steps()

    def tasks(self) -> list[Any]:
        return self.workflow.get_tasks(state=TaskState.READY, manual=True)

    def open(self) -> list[str]:
        return sorted(t.task_spec.bpmn_id for t in self.tasks())

    def complete(self, task_id: str, answers: dict[str, object]) -> None:
        task = next(t for t in self.tasks() if t.task_spec.bpmn_id == task_id)
        task.data.update(answers)
        task.run()
        self.workflow.do_engine_steps()

    def trigger(self, name: str) -> None:
        self.workflow.send_event(BpmnEvent(MessageEventDefinition(name), payload={}))
        self.workflow.do_engine_steps()

    @property
    def ended(self) -> bool:
        return bool(self.workflow.is_completed())

    def dump(self) -> str:
        registry = BpmnWorkflowSerializer.configure(DEFAULT_CONFIG)
        return str(BpmnWorkflowSerializer(registry).serialize_json(self.workflow))
