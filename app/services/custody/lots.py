"""Custody lots: those a depositor may return from, and what a return's lines mean (M20, G37)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.db import Transaction
from app.domain.checks.facts import AccountFacts
from app.domain.errors import Invalid
from app.domain.label import Label
from app.ledger.links import linked_with


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """Whole tonnes out of a lot for an account of the recipient."""

    instrument: str
    quantity: int
    to_account: int
    lot: int


@dataclass(frozen=True, slots=True)
class CustodyFacts:
    """What remains of each lot in whole tonnes, and whose it is, linked with whom."""

    remaining: Mapping[int, int]
    linked: frozenset[int]
    depositor: AccountFacts | None = None


def custody_account(tx: Transaction) -> int:
    """Return the registry's one custody account; raises Invalid while there is none."""
    row = tx.one(
        """SELECT id FROM identity.account WHERE type = 'custody' AND status <> 'closed'
           ORDER BY id LIMIT 1"""
    )
    if row is None:
        raise Invalid("登记机构尚未开立存管账户。", "The registry has no custody account yet.")
    return int(row[0])


def return_lines(
    tx: Transaction, depositor_account: int, lines: Sequence[Mapping[str, Any]]
) -> tuple[ReturnLine, ...]:
    """Return what a form's lines {lot, recipient, quantity} ask for.

    Raises Invalid naming each field, when a lot is not the depositor's or a recipient is no
    holder of a compliance account.
    """
    lots = _instruments(tx, depositor_account, {int(line["lot"]) for line in lines})
    accounts = _compliance_accounts(tx, {str(line["recipient"]) for line in lines})
    wrong: dict[str, Label] = {}
    for place, line in enumerate(lines):
        if int(line["lot"]) not in lots:
            wrong[f"lines/{place}/lot"] = Label(
                f"没有找到您的存管 {line['lot']}。", f"You have no custody lot {line['lot']}."
            )
        if line["recipient"] not in accounts:
            wrong[f"lines/{place}/recipient"] = Label(
                f"{line['recipient']} 没有可接收的履约账户。",
                f"{line['recipient']} has no compliance account to receive in.",
            )
    if wrong:
        raise Invalid("返还明细有误。", "Some lines of the return are wrong.", fields=wrong)
    return tuple(
        ReturnLine(
            lots[int(line["lot"])],
            int(line["quantity"]),
            accounts[str(line["recipient"])],
            int(line["lot"]),
        )
        for line in lines
    )


def custody_facts(tx: Transaction, lots: Sequence[int], held: int | None) -> CustodyFacts:
    """Return what the numbered checks look at; what ``held`` itself reserves counts as there."""
    rows = tx.all(
        """SELECT c.id, c.depositor_account_id, c.remaining + coalesce((SELECT sum(l.quantity)
               FROM ledger.transfer_line l
               WHERE l.transfer_id = %(held)s AND l.custody_lot_id = c.id), 0)::bigint
           FROM ledger.custody_lot c WHERE c.id = ANY (%(lots)s)""",
        {"lots": list(lots), "held": held},
    )
    remaining = {row[0]: row[2] for row in rows}
    depositors = {row[1] for row in rows}
    if len(depositors) != 1:
        return CustodyFacts(remaining, frozenset())
    depositor = _account(tx, depositors.pop())
    return CustodyFacts(remaining, linked_with(tx, depositor.holder_id), depositor)


def _account(tx: Transaction, account_id: int) -> AccountFacts:
    row = tx.map(
        "SELECT id, number, type, status, holder_id FROM identity.account WHERE id = %(id)s",
        {"id": account_id},
    )
    assert row is not None  # noqa: S101 - a lot's depositor is there for ever
    return AccountFacts(**row)


def _instruments(tx: Transaction, depositor_account: int, lots: set[int]) -> dict[int, str]:
    rows = tx.all(
        """SELECT c.id, i.code FROM ledger.custody_lot c
           JOIN ledger.instrument i ON i.id = c.instrument_id
           WHERE c.id = ANY (%(lots)s) AND c.depositor_account_id = %(account)s""",
        {"lots": sorted(lots), "account": depositor_account},
    )
    return {row[0]: row[1] for row in rows}


def _compliance_accounts(tx: Transaction, codes: set[str]) -> dict[str, int]:
    """Units come back into the recipient's compliance account; an emitter has one."""
    rows = tx.all(
        """SELECT DISTINCT ON (h.code) h.code, a.id FROM identity.holder h
           JOIN identity.account a ON a.holder_id = h.id
           WHERE h.code = ANY (%(codes)s) AND a.type = 'compliance' AND a.status <> 'closed'
           ORDER BY h.code, a.id""",
        {"codes": sorted(codes)},
    )
    return {row[0]: row[1] for row in rows}
