"""32xx: claims on reductions that are frozen in another registry (G17)."""

from collections.abc import Iterator

from app.domain.checks.check import Check, Objection, tonnes
from app.domain.checks.facts import Facts
from app.domain.external_numbers import total
from app.domain.label import Label


def _into_compliance(facts: Facts) -> Iterator[Objection]:
    """A claim is marked for surrender, so it stands in a compliance account."""
    claim = facts.claim
    if claim is not None and claim.account_type != "compliance":
        yield (
            Label(
                "外部减排量只能标记在履约持有账户，请切换账户",
                "external reductions are marked in a compliance holding account; act for that one",
            ),
            {"account_type": claim.account_type},
        )


def _adds_up(facts: Facts) -> Iterator[Objection]:
    """One number of the other registry is one tonne."""
    claim = facts.claim
    if claim is None:
        yield Label("没有标记申请", "there is no claim"), {}
        return
    told = total(claim.stretches)
    if told != claim.quantity:
        yield (
            Label(
                f"对方登记编号共 {tonnes(told)} 个，冻结数量 {tonnes(claim.quantity)} 吨，须相等",
                f"the numbers add up to {tonnes(told)}, the frozen quantity is"
                f" {tonnes(claim.quantity)} t; the two must be equal",
            ),
            {"told": told, "quantity": claim.quantity},
        )


def _show_sum(facts: Facts) -> Label:
    claim = facts.claim
    if claim is None:
        return Label("", "")
    text = f"{tonnes(total(claim.stretches))} = {tonnes(claim.quantity)}"
    return Label(text, text)


def _free(facts: Facts) -> Iterator[Objection]:
    """Nothing is claimed twice, until it was released."""
    for taken in facts.claim.taken if facts.claim else ():
        yield (
            Label(
                f"编号 {taken.number} 已由 {taken.claim} 标记，尚未释放",
                f"number {taken.number} is marked by {taken.claim} and not released",
            ),
            {"number": taken.number, "claim": taken.claim},
        )


def _ask_for_proof(_facts: Facts) -> Label:
    return Label(
        "请核对冻结证明，并向对方登记机构确认冻结",
        "compare the proof, and confirm the freeze with the other registry",
    )


CHECKS = (
    Check(
        "3201",
        Label("标记在履约持有账户", "marked in a compliance holding account"),
        _into_compliance,
    ),
    Check(
        "3202",
        Label("编号个数等于冻结数量", "as many numbers as tonnes frozen"),
        _adds_up,
        _show_sum,
    ),
    Check(
        "3203",
        Label("编号未被重复标记", "no number is marked twice"),
        _free,
        warning=_ask_for_proof,
    ),
)
