"""What the ledger refuses, in plain words: SQLSTATE RLnnn and its facts -> a domain error."""

import json
from collections.abc import Mapping
from typing import Any

import psycopg2

from app.domain.errors import Conflict, Forbidden, Invalid, NotFound, RegistryError
from app.domain.label import Label

POSITIONS = {
    "registry_available": Label("登记可用量", "registry available"),
    "registry_reserved": Label("登记预留量", "registry reserved"),
    "registry_frozen": Label("登记冻结量", "registry frozen"),
    "registry_pending_transfer": Label("登记待划转量", "registry pending transfer"),
    "trading_held": Label("交易持有量", "trading held"),
    "trading_pending_transfer": Label("交易待划转量", "trading pending transfer"),
}
STATUSES = {
    "open": Label("正常", "open"),
    "restricted": Label("限制转出", "restricted"),
    "frozen": Label("冻结", "frozen"),
    "closure_pending": Label("待销户", "closure pending"),
    "closed": Label("已销户", "closed"),
}
OUTCOMES = {"posted": Label("过账", "posted"), "voided": Label("作废", "voided")}

Row = tuple[type[RegistryError], str, str]
REFUSALS: Mapping[str, Row] = {
    "RL101": (Invalid, "没有交易类型“{type}”。", "There is no transaction type {type}."),
    "RL102": (
        Invalid,
        "交易类型“{type}”不能以这种方式办理。",
        "The transaction type {type} is not used in this way.",
    ),
    "RL103": (
        Forbidden,
        "您的角色不能发起“{type}”。",
        "Your role may not start the transaction {type}.",
    ),
    "RL104": (
        Invalid,
        "交易类型“{type}”不允许由 {from_type} 账户转至 {to_type} 账户（单位类型 {unit_type}）。",
        (
            "The transaction type {type} does not lead from a {from_type} account to a {to_type}"
            " account (unit type {unit_type})."
        ),
    ),
    "RL105": (
        Invalid,
        "账户 {account} 的状态为“{status_zh}”，不能转出。",
        "Account {account} is {status_en}: it may not send.",
    ),
    "RL106": (
        Invalid,
        "账户 {account} 的状态为“{status_zh}”，不能转入。",
        "Account {account} is {status_en}: it may not receive.",
    ),
    "RL107": (
        Invalid,
        "账户 {from} 与账户 {to} 没有关联。",
        "Accounts {from} and {to} are not linked.",
    ),
    "RL108": (
        Forbidden,
        "账户 {account} 不属于您所代表的账户持有人。",
        "Account {account} does not belong to the holder you act for.",
    ),
    "RL109": (NotFound, "没有找到账户。", "There is no such account."),
    "RL110": (Invalid, "请指定接收账户。", "Name the receiving account."),
    "RL201": (
        Invalid,
        "标的 {instrument} 的{position_zh}不足：申请 {requested} 吨，可用 {available} 吨。",
        (
            "Not enough units of {instrument} ({position_en}): {requested} t requested,"
            " {available} t there."
        ),
    ),
    "RL202": (
        Invalid,
        "数量必须是大于零的整数吨，且至少有一行。",
        "A quantity is a whole number of tonnes above zero, and there is at least one line.",
    ),
    "RL203": (Invalid, "没有找到标的。", "There is no such instrument."),
    "RL204": (
        NotFound,
        "没有找到您的存管 {lot_id}。",
        "You have no custody lot {lot_id} of this instrument.",
    ),
    "RL205": (
        Invalid,
        "存管 {lot_id} 剩余数量不足：申请 {requested} 吨，剩余 {remaining} 吨。",
        "Custody lot {lot_id} has too little left: {requested} t requested, {remaining} t remain.",
    ),
    "RL206": (
        Invalid,
        "只能与其他重点排放单位关联。",
        "A depositor is linked with other emitters only.",
    ),
    "RL207": (
        Invalid,
        "账户 {to} 的单位与存管账户 {from} 的单位没有关联，不能返还。",
        "The holder of account {to} is not linked with that of account {from}.",
    ),
    "RL208": (NotFound, "没有这项关联，或已解除。", "There is no such link, or it has ended."),
    "RL301": (
        Invalid,
        (
            "超出上限：上限 {total} 吨，待审核 {reserved} 吨，已用 {used} 吨，本次 {requested} 吨，"
            "最多 {left} 吨。"
        ),
        (
            "Above the ceiling: total {total} t, pending {reserved} t, used {used} t,"
            " requested {requested} t, at most {left} t."
        ),
    ),
    "RL302": (NotFound, "没有找到该上限。", "There is no such ceiling."),
    "RL303": (
        Invalid,
        "上限不能低于已占用量：新上限 {total} 吨，待审核 {reserved} 吨，已用 {used} 吨。",
        (
            "A ceiling cannot fall below what is drawn: new total {total} t, pending {reserved} t,"
            " used {used} t."
        ),
    ),
    "RL401": (
        Conflict,
        "该操作编号已用于内容不同的另一笔交易（{transfer_id}）。",
        "This key was used before, with other content (transfer {transfer_id}).",
    ),
    "RL402": (
        Conflict,
        "交易 {transfer_id} 已于 {at} {outcome_zh}，不能再次办理。",
        "Transfer {transfer_id} was {outcome_en} at {at}; it cannot be resolved again.",
    ),
    "RL403": (NotFound, "没有找到交易。", "There is no such transfer."),
    "RL404": (
        Forbidden,
        "发起人不能审批自己发起的交易。",
        "Who proposed a transfer may not approve it.",
    ),
    "RL405": (
        Forbidden,
        "您的角色不能审批“{type}”。",
        "Your role may not approve the transaction {type}.",
    ),
    "RL406": (
        Invalid,
        "缺少发起人、批准人或文号。",
        "Proposer, approver and document number are needed.",
    ),
    "RL407": (
        Conflict,
        "交易 {transfer_id} 此前已被撤销。",
        "Transfer {transfer_id} was reversed before.",
    ),
    "RL408": (
        Conflict,
        "交易 {transfer_id} 的单位已不在原处，不能办理。",
        "The units of transfer {transfer_id} are no longer where they were put.",
    ),
    "RL409": (
        Invalid,
        "交易 {transfer_id} 不能以“{reversal}”撤销。",
        "Transfer {transfer_id} cannot be reversed by {reversal}.",
    ),
    "RL410": (Conflict, "编码 {taken} 已被使用。", "The code {taken} is taken."),
    "RL411": (
        Invalid,
        "对方登记机构的编号共 {told} 个，与冻结数量 {quantity} 吨不符。",
        "The other registry's numbers add up to {told}, not to {quantity} t.",
    ),
    "RL412": (
        Conflict,
        "对方登记机构的编号 {numbers} 已由 {claim} 标记，不能重复标记。",
        "Number {numbers} of the other registry is marked by {claim} already.",
    ),
    "RL413": (
        Invalid,
        "交易 {transfer_id} 含外部减排量，须先登记对方登记机构的注销。",
        (
            "Transfer {transfer_id} holds external reductions; their cancellation in the other"
            " registry is to be recorded first."
        ),
    ),
    "RL414": (
        Conflict,
        "交易 {transfer_id} 尚未经主管部门审核通过。",
        "The authority has not approved transfer {transfer_id} yet.",
    ),
    "RL415": (
        Invalid,
        "外部减排量只能由经确认的标记申请产生，且只产生一次。",
        "External reductions come from a confirmed claim only, and only once.",
    ),
}


class _Facts(dict[str, Any]):
    """Facts of a refusal; a place without a fact shows a dash."""

    def __missing__(self, _key: str) -> str:
        return "—"


def refusal_of(error: psycopg2.Error) -> Exception:
    """Return the domain error that a database error means; others are returned as they are.

    RLnnn carry their facts as JSON in DETAIL. A malformed number or date (class 22) is the
    caller's input, too. Broken guarantees (RL9nn, RG900) stay database errors: they are bugs.
    """
    code = error.pgcode or ""
    if code in REFUSALS:
        kind, zh, en = REFUSALS[code]
        facts = _facts(error)
        shown = _Facts({**facts, **_spoken(facts)})
        label = Label(zh, en).filled(shown)
        return kind(label.zh, label.en, **{**facts, "code": code})
    if code.startswith("22"):
        return Invalid("数值或日期的格式不正确。", "A number or a date is malformed.", code=code)
    return error


def _facts(error: psycopg2.Error) -> dict[str, Any]:
    detail = error.diag.message_detail
    facts = json.loads(detail) if detail else {}
    return {key: value for key, value in facts.items() if value is not None}


def _spoken(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the codes among the facts as words of both languages."""
    spoken: dict[str, str] = {}
    for name, words in (("position", POSITIONS), ("status", STATUSES), ("outcome", OUTCOMES)):
        if label := words.get(str(facts.get(name))):
            spoken[f"{name}_zh"], spoken[f"{name}_en"] = label.zh, label.en
    return spoken
