"""3xxx: the rules of a compliance notice."""

from collections.abc import Iterator

from app.domain.checks.check import Check, Objection, tonnes
from app.domain.checks.facts import Facts
from app.domain.label import Label


def _within_obligation(facts: Facts) -> Iterator[Objection]:
    """R5: applied <= obligation - surrendered - pending."""
    notice = facts.notice
    if notice is None:
        yield Label("没有履约通知书", "there is no compliance notice"), {}
        return
    left = notice.obligation - notice.surrendered - notice.pending
    if facts.total > left:
        yield (
            Label(
                f"申请提交量 {tonnes(facts.total)} 吨超过“应履约量-已履约量-待审核履约量”"
                f"（{tonnes(notice.obligation)}-{tonnes(notice.surrendered)}"
                f"-{tonnes(notice.pending)}={tonnes(left)} 吨），请减少"
                f" {tonnes(facts.total - left)} 吨",
                f"the applied {tonnes(facts.total)} t exceed obligation - surrendered - pending"
                f" ({tonnes(notice.obligation)} - {tonnes(notice.surrendered)} -"
                f" {tonnes(notice.pending)} = {tonnes(left)} t); reduce by"
                f" {tonnes(facts.total - left)} t",
            ),
            {
                "applied": facts.total,
                "obligation": notice.obligation,
                "surrendered": notice.surrendered,
                "pending": notice.pending,
                "left": left,
            },
        )


def _show_obligation(facts: Facts) -> Label:
    notice = facts.notice
    if notice is None:
        return Label("", "")
    left = notice.obligation - notice.surrendered - notice.pending
    text = (
        f"{tonnes(notice.obligation)} - {tonnes(notice.surrendered)} - {tonnes(notice.pending)}"
        f" = {tonnes(left)}"
    )
    return Label(f"{text}；申请 {tonnes(facts.total)}", f"{text}; applied {tonnes(facts.total)}")


def _in_scope(facts: Facts) -> Iterator[Objection]:
    """R9: only instruments that the notice's scope admits."""
    if facts.notice is None:
        return
    for line in facts.lines:
        if line.unit is None:
            continue
        why = facts.notice.scope.objection(line.unit, facts.notice.ccer_rule)
        if why:
            yield (
                Label(
                    f"{line.instrument} 不在履约范围内：{why.zh}",
                    f"{line.instrument} is outside the compliance scope: {why.en}",
                ),
                {"instrument": line.instrument},
            )


def _show_scope(facts: Facts) -> Label:
    n = len(facts.lines)
    return Label(f"{n} 个标的均在范围内", f"all {n} instruments are in scope")


def _within_ccer_limit(facts: Facts) -> Iterator[Objection]:
    """R10, G18: CCER surrendered + pending + applied over the whole notice <= the limit."""
    notice = facts.notice
    if notice is None or facts.ccer == 0:
        return
    used = notice.ccer_surrendered + notice.ccer_pending
    if used + facts.ccer > notice.ccer_limit:
        over = used + facts.ccer - notice.ccer_limit
        yield (
            Label(
                f"CCER 抵消上限 {tonnes(notice.ccer_limit)} 吨，已用及待审核 {tonnes(used)} 吨，"
                f"本次 {tonnes(facts.ccer)} 吨，超出 {tonnes(over)} 吨",
                f"the CCER offset limit is {tonnes(notice.ccer_limit)} t; {tonnes(used)} t are"
                f" used or pending, {tonnes(facts.ccer)} t applied, {tonnes(over)} t too many",
            ),
            {
                "limit": notice.ccer_limit,
                "used": used,
                "applied": facts.ccer,
                "left": notice.ccer_limit - used,
            },
        )


def _show_ccer(facts: Facts) -> Label:
    notice = facts.notice
    if notice is None:
        return Label("", "")
    used = notice.ccer_surrendered + notice.ccer_pending
    text = (
        f"{tonnes(used)} + {tonnes(facts.ccer)} = {tonnes(used + facts.ccer)}"
        f" ≤ {tonnes(notice.ccer_limit)}"
    )
    return Label(text, text)


CHECKS = (
    Check(
        "3001",
        Label(
            "申请提交量不超过“应履约量-已履约量-待审核履约量”",
            "applied ≤ obligation - surrendered - pending",
        ),
        _within_obligation,
        _show_obligation,
    ),
    Check("3002", Label("标的在履约范围内", "instruments in scope"), _in_scope, _show_scope),
    Check(
        "3003",
        Label("CCER 不超过抵消上限", "CCER within the offset limit"),
        _within_ccer_limit,
        _show_ccer,
    ),
)
