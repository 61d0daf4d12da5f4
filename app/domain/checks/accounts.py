"""1xxx: the accounts of a movement and who moves."""

from collections.abc import Iterator

from app.domain.checks.check import Check, Objection
from app.domain.checks.facts import Facts
from app.domain.label import Label

STATUSES = {
    "open": Label("正常", "open"),
    "restricted": Label("限制转出", "restricted"),
    "frozen": Label("冻结", "frozen"),
    "closure_pending": Label("待销户", "closure pending"),
    "closed": Label("已销户", "closed"),
}


def _sends(facts: Facts) -> Iterator[Objection]:
    """G22: only an open account sends; an authority's act also empties a restricted one.

    Units in custody are the depositor's still: its own account must be one that sends (M20).
    """
    account = facts.depositor or facts.sender
    if account is None:
        yield Label("转出账户不存在", "there is no such sending account"), {}
    elif account.status != "open" and (account.status == "closed" or not facts.type.despite_status):
        word = STATUSES[account.status]
        yield (
            Label(
                f"账户 {account.number} 的状态为“{word.zh}”，不能转出",
                f"account {account.number} is {word.en} and may not send",
            ),
            {"account": account.number, "status": account.status},
        )


def _receives(facts: Facts) -> Iterator[Objection]:
    """G22: open and restricted accounts receive; the others only by an authority's act."""
    for account in {line.to.id: line.to for line in facts.lines if line.to}.values():
        barred = account.status in {"frozen", "closure_pending"} and not facts.type.despite_status
        if account.status == "closed" or barred:
            word = STATUSES[account.status]
            yield (
                Label(
                    f"账户 {account.number} 的状态为“{word.zh}”，不能转入",
                    f"account {account.number} is {word.en} and may not receive",
                ),
                {"account": account.number, "status": account.status},
            )


def _routes(facts: Facts) -> Iterator[Objection]:
    """S6-S35: the type leads from this account type, with this unit type, to that one."""
    if facts.sender is None:
        return
    for line in facts.lines:
        if line.unit is None:
            continue
        ways = {
            route.to_type
            for route in facts.type.routes
            if route.from_type == facts.sender.type and route.unit_type == line.unit.unit_type
        }
        if not ways or (line.to is not None and line.to.type not in ways):
            yield (
                Label(
                    f"“{facts.type.name}”不能把 {line.instrument} 由该类账户转至目标账户",
                    f"“{facts.type.name_en}” does not lead this way for {line.instrument}",
                ),
                {"instrument": line.instrument, "from_type": facts.sender.type},
            )


def _role(facts: Facts) -> Iterator[Objection]:
    if facts.role not in facts.type.proposers:
        yield (
            Label(
                f"您的角色不能发起“{facts.type.name}”",
                f"your role may not start “{facts.type.name_en}”",
            ),
            {"role": facts.role},
        )


def _linked(facts: Facts) -> Iterator[Objection]:
    """R37: only between a holding account and its own trading account."""
    if facts.sender is None or not facts.type.linked_only:
        return
    for line in facts.lines:
        if line.to is None or facts.sender.id == line.to.linked_account_id:
            continue
        if facts.sender.linked_account_id != line.to.id:
            yield (
                Label(
                    f"账户 {facts.sender.number} 与 {line.to.number} 没有关联",
                    f"accounts {facts.sender.number} and {line.to.number} are not linked",
                ),
                {"to": line.to.number},
            )


def _own(facts: Facts) -> Iterator[Objection]:
    if (
        facts.type.own_source
        and facts.sender is not None
        and facts.sender.holder_id != facts.acting_holder
    ):
        yield (
            Label(
                f"账户 {facts.sender.number} 不属于您所代表的单位",
                f"account {facts.sender.number} is not your organisation's",
            ),
            {"account": facts.sender.number},
        )


CHECKS = (
    Check("1001", Label("转出账户状态允许转出", "the sending account may send"), _sends),
    Check("1002", Label("接收账户状态允许转入", "the receiving account may receive"), _receives),
    Check("1003", Label("账户类型符合业务规定", "the account types fit the transaction"), _routes),
    Check("1004", Label("发起人的角色可以办理", "the proposer's role may start this"), _role),
    Check("1005", Label("双方账户互相关联", "the two accounts are linked"), _linked),
    Check("1006", Label("转出账户属于申请单位", "the sending account is the applicant's"), _own),
)
