"""Every user task has a lane that names a role, and a form that can be shown."""

from collections import Counter
from collections.abc import Iterator

from app.workflow.bundle import FORM_PROPERTY, FORMS_FOLDER
from app.workflow.diagram import BPMN
from app.workflow.forms import Form, UnreadableForm
from app.workflow.refusals import Refusal
from app.workflow.rules.case import Case, Rule, refuse


def lanes_are_known(case: Case) -> Iterator[Refusal]:
    """A lane's name is a heading of lanes.toml; renaming a lane would move its rights."""
    for diagram in case.diagrams:
        for lane in diagram.root.iter(f"{{{BPMN}}}lane"):
            if lane.get("name", "") not in case.lanes:
                yield refuse(
                    lane.get("id", ""),
                    f"泳道“{lane.get('name', '')}”不在 lanes.toml 中。",
                    f"The lane “{lane.get('name', '')}” is not in lanes.toml.",
                )


def lanes_are_unambiguous(case: Case) -> Iterator[Refusal]:
    """Nothing stands in two lanes: it would be unclear who may act."""
    for diagram in case.diagrams:
        refs = Counter((r.text or "").strip() for r in diagram.root.iter(f"{{{BPMN}}}flowNodeRef"))
        for element_id, count in refs.items():
            if count > 1:
                yield refuse(element_id, "元素处于多个泳道中。", "It stands in more than one lane.")


def user_tasks_stand_in_a_role(case: Case) -> Iterator[Refusal]:
    """A user task stands in a lane, and the lane is not the system's."""
    for e in case.of_kind("userTask"):
        name = case.lane_of.get(e.id)
        if name is None:
            yield refuse(e.id, "用户任务不在任何泳道中。", "The user task stands in no lane.")
        elif name in case.lanes and case.lanes[name].role is None:
            yield refuse(
                e.id, f"泳道“{name}”没有办理人角色。", f"Nobody acts in the lane “{name}”."
            )


def triggers_name_a_role(case: Case) -> Iterator[Refusal]:
    """A message event says who may send it: property ``lane``."""
    for e in case.of_kind("boundaryEvent"):
        if e.child("messageEventDefinition") is None:
            continue
        lane = case.lanes.get(e.properties.get("lane", ""))
        if lane is None or lane.role is None:
            yield refuse(
                e.id,
                "消息事件未指明可由哪个泳道发出（lane）。",
                "The message event does not say which lane may send it (property lane).",
            )


def user_tasks_have_a_form(case: Case) -> Iterator[Refusal]:
    """A user task names a form file, and the file is there."""
    for e in case.of_kind("userTask"):
        name = e.properties.get(FORM_PROPERTY)
        if not name:
            yield refuse(e.id, "用户任务没有表单。", "The user task has no form.")
        elif FORMS_FOLDER + name not in case.bundle.files:
            yield refuse(e.id, f"找不到表单 {name}。", f"There is no form {name}.")


def forms_are_readable(case: Case) -> Iterator[Refusal]:
    """A form is JSON Schema with a complete layout in both languages."""
    for name, content in sorted(case.bundle.files.items()):
        if name.startswith(FORMS_FOLDER):
            try:
                Form.load(content)
            except UnreadableForm as error:
                yield refuse(name, f"表单不可用：{error}", f"not a form: {error}")


def bulk_reviews_ask_only_for_a_verdict(case: Case) -> Iterator[Refusal]:
    """What is decided in bulk gets one conclusion and one opinion: its form asks nothing else."""
    for e in case.of_kind("userTask"):
        content = case.bundle.files.get(FORMS_FOLDER + e.properties.get(FORM_PROPERTY, ""))
        if e.properties.get("bulk") != "true" or content is None:
            continue
        try:
            alone = Form.load(content).asks_only_a_verdict
        except UnreadableForm:
            continue  # refused by its own rule
        if not alone:
            yield refuse(
                e.id,
                "批量审核（bulk）的表单只能有 verdict 和 opinion 两项。",
                "A task with bulk asks for verdict and opinion, and for nothing else.",
            )


PEOPLE: tuple[Rule, ...] = (
    lanes_are_known,
    lanes_are_unambiguous,
    user_tasks_stand_in_a_role,
    triggers_name_a_role,
    user_tasks_have_a_form,
    forms_are_readable,
    bulk_reviews_ask_only_for_a_verdict,
)
