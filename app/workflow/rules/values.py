"""Every value a diagram reads is declared, and every expression is one that is allowed."""

from collections.abc import Iterator
from datetime import UTC, datetime

from app.workflow.diagram import Element
from app.workflow.expressions import FUNCTIONS, BadExpression, ExpressionFailed, constant, names_in
from app.workflow.refusals import Refusal
from app.workflow.rules.case import Case, Rule, refuse
from app.workflow.timers import instant, span

LOOP = "multiInstanceLoopCharacteristics"
EVENT = "timerEventDefinition"


def declared_names(case: Case) -> set[str]:
    """Return what the processes of the bundle declare."""
    texts = [p.properties.get("declares", "") for p in case.processes.values()]
    return {name.strip() for text in texts for name in text.split(",")} - {""}


def declarations_are_names(case: Case) -> Iterator[Refusal]:
    """A declared value has a plain name that is not a function's."""
    for process in case.processes.values():
        for name in process.properties.get("declares", "").split(","):
            word = name.strip()
            if word and (not word.isidentifier() or word.startswith("_") or word in FUNCTIONS):
                yield refuse(
                    process.id, f"“{word}”不能作为变量名。", f"“{word}” cannot name a value."
                )


def conditions_are_allowed(case: Case) -> Iterator[Refusal]:
    """Conditions of flows."""
    for flow in case.flows:
        text = flow.text("conditionExpression")
        if text is not None:
            yield from expression_refusals(case, flow, text)


def timers_are_allowed(case: Case) -> Iterator[Refusal]:
    """A timer is one date or one duration; a constant one must be right."""
    for e in case.of_kind("boundaryEvent", "intermediateCatchEvent"):
        if e.child(EVENT) is None:
            if e.kind == "intermediateCatchEvent":
                yield refuse(e.id, "中间事件须为定时。", "An intermediate event must be a timer.")
            continue
        date, duration = e.text(f"{EVENT}/timeDate"), e.text(f"{EVENT}/timeDuration")
        if (date is None) == (duration is None) or e.text(f"{EVENT}/timeCycle") is not None:
            yield refuse(
                e.id,
                "定时须为一个日期（timeDate）或一个时长（timeDuration）。",
                "A timer is one date (timeDate) or one duration (timeDuration).",
            )
            continue
        yield from expression_refusals(case, e, date or duration or "")
        yield from _constant_timer(e, date, duration)
        if e.properties.get("ifPast", "skip") != "skip":
            yield refuse(e.id, "ifPast 只能为 skip。", "ifPast can only be skip.")


def repetitions_are_allowed(case: Case) -> Iterator[Refusal]:
    """Lists of a repeated task are declared; its condition may also read its items."""
    for e in case.of_kind("userTask"):
        if e.child(LOOP) is None:
            continue
        for tag in ("loopDataInputRef", "loopDataOutputRef"):
            name = e.text(f"{LOOP}/{tag}")
            if name is not None and name not in declared_names(case):
                yield _undeclared(e, name)
        condition = e.text(f"{LOOP}/completionCondition")
        if condition is not None:
            yield from expression_refusals(case, e, condition, _items(e))


def due_values_are_declared(case: Case) -> Iterator[Refusal]:
    """``dueAt`` names a declared value."""
    for e in case.of_kind("userTask"):
        name = e.properties.get("dueAt")
        if name and name not in declared_names(case):
            yield _undeclared(e, name)


def expression_refusals(
    case: Case, e: Element, text: str, more: frozenset[str] = frozenset()
) -> Iterator[Refusal]:
    """Refuse an expression that is not allowed, or reads what is not declared."""
    try:
        names = names_in(text)
    except BadExpression as error:
        yield refuse(e.id, f"表达式“{text}”不被允许：{error}", f"“{text}” is not allowed: {error}")
        return
    for name in sorted(names - declared_names(case) - more):
        yield _undeclared(e, name)


def _constant_timer(e: Element, date: str | None, duration: str | None) -> Iterator[Refusal]:
    try:
        value = constant(date or duration or "")
    except (BadExpression, ExpressionFailed):
        return  # refused elsewhere, or computed while running
    try:
        if date is not None:
            instant(str(value))
        else:
            span(str(value), datetime(2021, 1, 1, tzinfo=UTC))
    except ValueError as error:
        yield refuse(e.id, f"定时不正确：{error}", f"The timer is wrong: {error}")


def _items(e: Element) -> frozenset[str]:
    nodes = (e.node.find(f"{{*}}{LOOP}/{{*}}{tag}") for tag in ("inputDataItem", "outputDataItem"))
    return frozenset(n.get("id", "") for n in nodes if n is not None)


def _undeclared(e: Element, name: str) -> Refusal:
    return refuse(
        e.id, f"变量“{name}”未在流程中声明。", f"The value “{name}” is not declared by the process."
    )


VALUES: tuple[Rule, ...] = (
    declarations_are_names,
    conditions_are_allowed,
    timers_are_allowed,
    repetitions_are_allowed,
    due_values_are_declared,
)
