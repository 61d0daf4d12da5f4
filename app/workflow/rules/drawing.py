"""A diagram is drawn to be read, in both languages."""

from collections import Counter
from collections.abc import Iterator

from app.workflow.diagram import BPMN
from app.workflow.refusals import Refusal
from app.workflow.rules.case import Case, Rule, refuse


def file_holds_its_process(case: Case) -> Iterator[Refusal]:
    """A file holds the process it is named after, and may hold others of the same flow."""
    for diagram in case.diagrams:
        if diagram.file.removesuffix(".bpmn") not in diagram.processes:
            yield refuse(
                diagram.file,
                "文件中须有与文件名同名的流程。",
                "The file holds a process whose id is the file's name.",
            )


def ids_are_unique(case: Case) -> Iterator[Refusal]:
    """Ids are unique over all diagrams of a bundle, since a called process shares the pages."""
    counts = Counter(e.id for e in case.elements)
    doubled = {i for d in case.diagrams for i in d.doubled} | {
        i for i, n in counts.items() if n > 1
    }
    for element_id in sorted(doubled):
        yield refuse(element_id, "标识缺失或重复。", "The id is missing or stands twice.")


def everything_is_drawn(case: Case) -> Iterator[Refusal]:
    """Every node, flow and lane has a shape or an edge, or nobody would see it."""
    for diagram in case.diagrams:
        lanes = [lane.get("id", "") for lane in diagram.root.iter(f"{{{BPMN}}}lane")]
        ids = [e.id for e in diagram.elements.values() if e.kind != "process"]
        for element_id in (*ids, *lanes):
            if element_id not in diagram.drawn:
                yield refuse(element_id, "图上没有画出。", "It is not drawn in the diagram.")


def everything_has_names(case: Case) -> Iterator[Refusal]:
    """Processes and nodes have a Chinese name and an English one (property ``labelEn``)."""
    for e in case.elements:
        if e.kind == "sequenceFlow" and not e.name:
            continue
        if not e.name:
            yield refuse(e.id, "缺少名称。", "The name is missing.")
        if not e.label.en.strip():
            yield refuse(
                e.id, "缺少英文名称（labelEn）。", "The English name (labelEn) is missing."
            )


def answers_have_names(case: Case) -> Iterator[Refusal]:
    """The flows out of a question are its answers, and an answer has a name."""
    for e in case.of_kind("exclusiveGateway"):
        flows = case.leaving[e.id]
        for flow in flows if len(flows) > 1 else ():
            if not flow.name:
                yield refuse(
                    flow.id, "网关的出口缺少名称。", "A flow out of a gateway needs a name."
                )


def instructions_have_both_languages(case: Case) -> Iterator[Refusal]:
    """Instructions shown on the task page exist in English too (``instructionsEn``)."""
    for e in case.of_kind("userTask"):
        shown = e.extension("instructionsForEndUser")
        if (
            shown is not None
            and (shown.text or "").strip()
            and not e.properties.get("instructionsEn")
        ):
            yield refuse(
                e.id,
                "办理说明缺少英文（instructionsEn）。",
                "The instructions have no English (instructionsEn).",
            )


DRAWING: tuple[Rule, ...] = (
    file_holds_its_process,
    ids_are_unique,
    everything_is_drawn,
    everything_has_names,
    answers_have_names,
    instructions_have_both_languages,
)
