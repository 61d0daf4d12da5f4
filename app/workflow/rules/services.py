"""A service task asks for an operator that exists, with the parameters it takes."""

from collections.abc import Iterator

from app.workflow.diagram import SPIFF, Element
from app.workflow.expressions import BadExpression, ExpressionFailed, constant
from app.workflow.operators import OperatorSpec, ParameterSpec
from app.workflow.refusals import Refusal
from app.workflow.rules.case import Case, Rule, refuse
from app.workflow.rules.values import expression_refusals


def service_tasks_have_an_operator(case: Case) -> Iterator[Refusal]:
    """Every service task names an operator."""
    for e in case.of_kind("serviceTask"):
        if not _operator(e):
            yield refuse(e.id, "服务任务没有指明操作。", "The service task names no operator.")


def parameters_are_expressions(case: Case) -> Iterator[Refusal]:
    """A parameter's value is an expression over declared values."""
    for e in case.of_kind("serviceTask"):
        for text in _parameters(e).values():
            yield from expression_refusals(case, e, text)


def parameters_are_complete(case: Case) -> Iterator[Refusal]:
    """A parameter says its name, its type and its value, as every BPMN tool writes it."""
    for e in case.of_kind("serviceTask"):
        node = e.extension("serviceTaskOperator")
        for parameter in () if node is None else node.iter(f"{{{SPIFF}}}parameter"):
            missing = [name for name in ("id", "type", "value") if not parameter.get(name)]
            if missing:
                yield refuse(
                    e.id,
                    f"一个参数缺少 {'、'.join(missing)}。",
                    f"A parameter lacks its {', '.join(missing)}.",
                )


def operators_are_known(case: Case) -> Iterator[Refusal]:
    """Operator and parameters are those the registry offers."""
    for e in case.of_kind("serviceTask") if case.operators is not None else ():
        spec = (case.operators or {}).get(_operator(e))
        if spec is None and _operator(e):
            yield refuse(
                e.id, f"没有“{_operator(e)}”这一操作。", f"There is no operator “{_operator(e)}”."
            )
        if spec is not None:
            yield from _parameter_refusals(case, e, spec)


def _parameter_refusals(case: Case, e: Element, spec: OperatorSpec) -> Iterator[Refusal]:
    given = _parameters(e)
    for name in given.keys() - spec.parameters.keys():
        yield refuse(e.id, f"操作没有参数“{name}”。", f"The operator has no parameter “{name}”.")
    for name, parameter in spec.parameters.items():
        if name not in given:
            if parameter.required:
                yield refuse(e.id, f"缺少参数“{name}”。", f"The parameter “{name}” is missing.")
            continue
        try:
            value = constant(given[name])
        except (BadExpression, ExpressionFailed):
            continue  # refused elsewhere, or computed while running
        if not _fits(value, parameter, case):
            yield refuse(
                e.id,
                f"参数“{name}”的值 {given[name]} 不可用。",
                f"The parameter “{name}” cannot be {given[name]}.",
            )


def _fits(value: object, parameter: ParameterSpec, case: Case) -> bool:
    match parameter.kind:
        case "lanes":
            keys = {lane.key for lane in case.lanes.values() if lane.role is not None}
            return isinstance(value, list) and bool(value) and all(key in keys for key in value)
        case "int":
            return type(value) is int
        case "values":
            return isinstance(value, list)
    return isinstance(value, str) and (parameter.choices is None or value in parameter.choices)


def _operator(e: Element) -> str:
    node = e.extension("serviceTaskOperator")
    return "" if node is None else node.get("id", "")


def _parameters(e: Element) -> dict[str, str]:
    node = e.extension("serviceTaskOperator")
    if node is None:
        return {}
    return {p.get("id", ""): p.get("value", "") for p in node.iter(f"{{{SPIFF}}}parameter")}


SERVICES: tuple[Rule, ...] = (
    service_tasks_have_an_operator,
    parameters_are_complete,
    parameters_are_expressions,
    operators_are_known,
)
