"""2xxx: the units of a movement."""

from collections import Counter
from collections.abc import Iterator

from app.domain.checks.check import Check, Objection, tonnes
from app.domain.checks.facts import Facts
from app.domain.label import Label


def _known(facts: Facts) -> Iterator[Objection]:
    for line in facts.lines:
        if line.unit is None:
            yield (
                Label(
                    f"没有标的编码 {line.instrument}",
                    f"there is no instrument {line.instrument}",
                ),
                {"instrument": line.instrument},
            )
    if not facts.lines:
        yield Label("至少须有一个标的", "at least one instrument is needed"), {}


def _positive(facts: Facts) -> Iterator[Objection]:
    for line in facts.lines:
        if line.quantity <= 0:
            yield (
                Label(
                    f"{line.instrument} 的数量须为大于 0 的整数吨",
                    f"the quantity of {line.instrument} must be whole tonnes above zero",
                ),
                {"instrument": line.instrument, "quantity": line.quantity},
            )


def _once(facts: Facts) -> Iterator[Objection]:
    """A line is one instrument for one account (and one custody lot); two would hide a sum."""
    lines = Counter((x.instrument, x.to.id if x.to else None, x.lot) for x in facts.lines)
    for (code, _, _), times in lines.items():
        if times > 1:
            yield (
                Label(f"标的 {code} 重复列出", f"instrument {code} is listed twice"),
                {"instrument": code},
            )


def _available(facts: Facts) -> Iterator[Objection]:
    wanted: Counter[str] = Counter()
    for line in facts.lines:
        wanted[line.instrument] += line.quantity
    for code, quantity in wanted.items():
        has = next(x.available for x in facts.lines if x.instrument == code)
        if quantity > has:
            yield (
                Label(
                    f"{code} 可用量 {tonnes(has)} 吨，申请 {tonnes(quantity)} 吨，"
                    f"超出 {tonnes(quantity - has)} 吨",
                    f"{code}: {tonnes(has)} t available, {tonnes(quantity)} t applied,"
                    f" {tonnes(quantity - has)} t too many",
                ),
                {"instrument": code, "available": has, "quantity": quantity},
            )


def _show_available(facts: Facts) -> Label:
    parts = [f"{x.instrument} {tonnes(x.quantity)} ≤ {tonnes(x.available)}" for x in facts.lines]
    return Label("；".join(parts), "; ".join(parts))


def _lots(facts: Facts) -> Iterator[Objection]:
    """G37: over all recipients not more than remains in the custody lot."""
    for lot, (quantity, left) in _by_lot(facts).items():
        if quantity > left:
            code = next(x.instrument for x in facts.lines if x.lot == lot)
            yield (
                Label(
                    f"存管 {lot}（{code}）剩余 {tonnes(left)} 吨，申请返还 {tonnes(quantity)} 吨，"
                    f"超出 {tonnes(quantity - left)} 吨",
                    f"custody lot {lot} ({code}): {tonnes(left)} t remain, {tonnes(quantity)} t"
                    f" applied, {tonnes(quantity - left)} t too many",
                ),
                {"lot": lot, "instrument": code, "remaining": left, "quantity": quantity},
            )


def _show_lots(facts: Facts) -> Label:
    parts = [f"{lot}: {tonnes(q)} ≤ {tonnes(left)}" for lot, (q, left) in _by_lot(facts).items()]
    return Label("；".join(parts), "; ".join(parts))


def _by_lot(facts: Facts) -> dict[int | None, tuple[int, int]]:
    """Return what is asked of each lot, and what remains there; nothing of an unknown one."""
    asked: dict[int | None, tuple[int, int]] = {}
    for line in facts.lines:
        before, _ = asked.get(line.lot, (0, 0))
        asked[line.lot] = before + line.quantity, line.lot_remaining or 0
    return asked


def _once_reversed(facts: Facts) -> Iterator[Objection]:
    """G14: a transfer is reversed at most once."""
    reversal = facts.reversal
    if reversal is None:
        yield Label("没有要撤销的交易", "there is no transfer to reverse"), {}
    elif reversal.reversed_by is not None:
        yield (
            Label(
                f"交易 {reversal.transfer_id} 已由交易 {reversal.reversed_by} 撤销",
                f"transfer {reversal.transfer_id} was reversed by {reversal.reversed_by}",
            ),
            {"transfer": reversal.transfer_id, "reversed_by": reversal.reversed_by},
        )


def _still_there(facts: Facts) -> Iterator[Objection]:
    """G14: exactly the units that were moved go back, so all must lie where they were put."""
    reversal = facts.reversal
    if reversal is not None and reversal.reversed_by is None and reversal.missing:
        yield (
            Label(
                f"交易 {reversal.transfer_id} 有 {tonnes(reversal.missing)} 吨已不在原处",
                f"{tonnes(reversal.missing)} t of transfer {reversal.transfer_id} are no longer"
                " where they were put",
            ),
            {"transfer": reversal.transfer_id, "missing": reversal.missing},
        )


CHECKS = (
    Check("2001", Label("标的存在", "the instruments exist"), _known),
    Check("2002", Label("数量为大于 0 的整数吨", "quantities are whole tonnes above 0"), _positive),
    Check("2003", Label("标的不重复", "no instrument is listed twice"), _once),
    Check("2004", Label("可用量充足", "enough units are available"), _available, _show_available),
    Check(
        "2006", Label("不超过存管剩余量", "not above what remains in custody"), _lots, _show_lots
    ),
    Check("2007", Label("交易未被撤销过", "not reversed before"), _once_reversed),
    Check("2008", Label("单位仍在原处", "the units still lie where they were put"), _still_there),
)
