"""Only what the engine is known to run may stand in a diagram."""

from collections.abc import Iterator

from lxml import etree

from app.workflow.diagram import BPMN, SPIFF, Element
from app.workflow.parser import SUPPORTED
from app.workflow.refusals import Refusal
from app.workflow.rules.case import Case, Rule, refuse

ALWAYS = {"incoming", "outgoing", "extensionElements", "documentation"}
PARTS = {
    "userTask": {"multiInstanceLoopCharacteristics"},
    "boundaryEvent": {"timerEventDefinition", "messageEventDefinition"},
    "intermediateCatchEvent": {"timerEventDefinition"},
    "sequenceFlow": {"conditionExpression"},
}
EXTENSIONS = {"properties", "serviceTaskOperator", "instructionsForEndUser"}
ATTACHABLE = {"userTask", "subProcess", "callActivity"}


def elements_are_supported(case: Case) -> Iterator[Refusal]:
    """Refuse scripts by name, and any other kind of element that is not in the set."""
    for e in case.nodes:
        if e.kind == "scriptTask":
            yield refuse(e.id, "不支持脚本任务。", "Script tasks are not run here.")
        elif e.kind not in SUPPORTED:
            yield refuse(e.id, f"不支持的元素：{e.kind}。", f"{e.kind} is not supported.")


def parts_are_supported(case: Case) -> Iterator[Refusal]:
    """Refuse what stands inside an element and would be run, or silently ignored."""
    for e in case.elements:
        if e.kind not in SUPPORTED | {"sequenceFlow"} or e.kind == "subProcess":
            continue
        for part in e.node.iterchildren(tag=etree.Element):
            name = etree.QName(part)
            if name.namespace == BPMN and name.localname not in ALWAYS | PARTS.get(e.kind, set()):
                yield refuse(
                    e.id,
                    f"不支持其中的 {name.localname}。",
                    f"{name.localname} inside it is not supported.",
                )


def extensions_are_supported(case: Case) -> Iterator[Refusal]:
    """Refuse pre-scripts, post-scripts and other extensions that would run something."""
    for e in case.elements:
        for part in e.node.iterfind(f"{{{BPMN}}}extensionElements/{{{SPIFF}}}*"):
            name = etree.QName(part).localname
            if name not in EXTENSIONS:
                yield refuse(
                    e.id, f"不支持扩展元素 {name}。", f"The extension {name} is not supported."
                )


def subprocesses_are_plain(case: Case) -> Iterator[Refusal]:
    """Refuse a subprocess that an event would start."""
    for e in case.of_kind("subProcess"):
        if e.node.get("triggeredByEvent") == "true":
            yield refuse(e.id, "不支持事件子流程。", "Event subprocesses are not supported.")


def boundary_events_are_complete(case: Case) -> Iterator[Refusal]:
    """A boundary event is one message or one timer on a task or a subprocess."""
    for e in case.of_kind("boundaryEvent"):
        attached = case.by_id.get(e.node.get("attachedToRef", ""))
        if attached is None or attached.kind not in ATTACHABLE or attached.scope != e.scope:
            yield refuse(
                e.id,
                "边界事件须附着在用户任务、子流程或调用活动上。",
                "A boundary event stands on a user task, a subprocess or a call activity.",
            )
        definitions = _definitions(e)
        if len(definitions) != 1:
            yield refuse(
                e.id,
                "边界事件须恰有一个消息或定时定义。",
                "A boundary event has one message or one timer.",
            )


def messages_are_named(case: Case) -> Iterator[Refusal]:
    """A message event names a message of the same file."""
    for diagram in case.diagrams:
        for e in diagram.nodes("boundaryEvent"):
            event = e.child("messageEventDefinition")
            if event is not None and not diagram.messages.get(event.get("messageRef", "")):
                yield refuse(
                    e.id, "消息事件未指明消息。", "The message event names no message of this file."
                )


def multi_instances_are_supported(case: Case) -> Iterator[Refusal]:
    """A user task may be repeated at once for each item of a list, and in no other way."""
    for e in case.of_kind("userTask"):
        loop = e.child("multiInstanceLoopCharacteristics")
        if loop is None:
            continue
        if loop.get("isSequential") == "true":
            yield refuse(e.id, "不支持顺序多实例。", "Sequential repetition is not supported.")
        for tag in ("loopDataInputRef", "inputDataItem"):
            if e.child(f"multiInstanceLoopCharacteristics/{{{BPMN}}}{tag}") is None:
                yield refuse(
                    e.id,
                    f"多实例须指明输入列表及其项（{tag}）。",
                    f"A repeated task names its list and its item ({tag}).",
                )
        output = e.child(f"multiInstanceLoopCharacteristics/{{{BPMN}}}loopDataOutputRef")
        item = e.child(f"multiInstanceLoopCharacteristics/{{{BPMN}}}outputDataItem")
        if (output is None) != (item is None):
            yield refuse(
                e.id,
                "多实例的输出列表与输出项须同时给出。",
                "A repeated task names both its output list and its output item, or neither.",
            )
        if e.child(f"multiInstanceLoopCharacteristics/{{{BPMN}}}loopCardinality") is not None:
            yield refuse(e.id, "不支持按次数的多实例。", "Repetition by number is not supported.")


def _definitions(e: Element) -> list[etree._Element]:
    return [
        part
        for part in e.node.iterchildren(tag=etree.Element)
        if etree.QName(part).localname.endswith("EventDefinition")
    ]


ELEMENTS: tuple[Rule, ...] = (
    elements_are_supported,
    parts_are_supported,
    extensions_are_supported,
    subprocesses_are_plain,
    boundary_events_are_complete,
    messages_are_named,
    multi_instances_are_supported,
)
