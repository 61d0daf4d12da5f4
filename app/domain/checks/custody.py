"""Rules of custody: what may be put in, and to whom it may be returned."""

from collections import Counter
from collections.abc import Iterator

from app.domain.checks.check import Check, Objection, tonnes
from app.domain.checks.facts import Facts
from app.domain.label import Label


def _less_than_available(facts: Facts) -> Iterator[Objection]:
    """R11, G12: 存管量需小于登记可用量. Equality is allowed unless the registry says strictly.

    Strictly less would make it impossible to put a whole holding in custody, as a merger needs.
    """
    if not facts.custody_strictly_less:
        return
    wanted: Counter[str] = Counter()
    for line in facts.lines:
        wanted[line.instrument] += line.quantity
    for code, quantity in wanted.items():
        has = next(x.available for x in facts.lines if x.instrument == code)
        if quantity == has:
            yield (
                Label(
                    f"{code} 存管量 {tonnes(quantity)} 吨须小于登记可用量 {tonnes(has)} 吨",
                    f"{code}: {tonnes(quantity)} t for custody must be less than the"
                    f" {tonnes(has)} t available",
                ),
                {"instrument": code, "available": has, "quantity": quantity},
            )


def _linked(facts: Facts) -> Iterator[Objection]:
    """R14, R15: all recipients are linked with the depositor, at the same time."""
    for account in {line.to.id: line.to for line in facts.lines if line.to}.values():
        if account.holder_id not in facts.linked:
            yield (
                Label(
                    f"账户 {account.number} 的单位未与存管方关联",
                    f"the holder of account {account.number} is not linked with the depositor",
                ),
                {"account": account.number},
            )


def _show_linked(facts: Facts) -> Label:
    n = len({line.to.holder_id for line in facts.lines if line.to})
    return Label(f"{n} 个接收方均已关联", f"all {n} recipients are linked")


CHECKS = (
    Check(
        "2005",
        Label("存管量符合登记可用量限制", "custody keeps within its limit"),
        _less_than_available,
    ),
    Check(
        "3004",
        Label("接收方均与存管方关联", "all recipients are linked with the depositor"),
        _linked,
        _show_linked,
    ),
)
