"""Compliance notices: what an emitter must surrender for a year, and with what (M12, M13, M40)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.db import Transaction
from app.domain.offset_rule import OffsetRule
from app.domain.scope import Scope


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice with its three quantities, in whole tonnes (R8, D10-D12).

    ``pending`` and ``surrendered`` are what the ledger's ceilings say is reserved and used.
    """

    id: int
    number: str
    year: int
    emitter_id: int
    account_id: int
    authority_id: int
    obligation: int
    deadline: datetime
    remind_days: int
    scope: Scope
    ccer_rule: OffsetRule
    obligation_ceiling_id: int
    ccer_ceiling_id: int
    pending: int
    surrendered: int
    ccer_limit: int
    ccer_pending: int
    ccer_surrendered: int
    issued_at: datetime

    @property
    def remaining(self) -> int:
        """What may still be applied for: obligation - surrendered - pending (R5)."""
        return self.obligation - self.surrendered - self.pending

    @property
    def ccer_remaining(self) -> int:
        """How much CCER may still be applied for (R10)."""
        return self.ccer_limit - self.ccer_surrendered - self.ccer_pending


COLUMNS = """n.id, n.number, n.year, n.emitter_id, n.account_id, n.authority_id, n.obligation,
    n.deadline, y.remind_days, n.scope, n.ccer_rule, n.obligation_ceiling_id, n.ccer_ceiling_id,
    o.reserved, o.used, c.total, c.reserved, c.used, n.issued_at"""
FROM = """compliance.notice n
    JOIN compliance.year y ON y.year = n.year
    JOIN ledger.ceiling o ON o.id = n.obligation_ceiling_id
    JOIN ledger.ceiling c ON c.id = n.ccer_ceiling_id"""


def from_row(row: tuple[Any, ...]) -> Notice:
    """Make a notice of the columns of COLUMNS."""
    values = list(row)
    values[9] = Scope.from_json(json.loads(row[9]))
    values[10] = OffsetRule.from_json(json.loads(row[10]))
    return Notice(*values)


def notice_of(tx: Transaction, notice_id: int) -> Notice | None:
    """Return a notice, or None."""
    row = tx.one(f"SELECT {COLUMNS} FROM {FROM} WHERE n.id = %(id)s", {"id": notice_id})  # noqa: S608
    return from_row(row) if row else None


def notices_of(tx: Transaction, emitter_id: int) -> list[Notice]:
    """Return an emitter's notices, newest year first (F15)."""
    rows = tx.all(
        f"SELECT {COLUMNS} FROM {FROM} WHERE n.emitter_id = %(id)s ORDER BY n.year DESC, n.id",  # noqa: S608
        {"id": emitter_id},
    )
    return [from_row(row) for row in rows]


def insert_notice(tx: Transaction, values: Mapping[str, object]) -> int:
    """Insert a notice row; the ceilings exist already. Raises UniqueViolation on a second one."""
    names = ", ".join(values)
    places = ", ".join(f"%({name})s" for name in values)
    row = tx.one(
        f"INSERT INTO compliance.notice ({names}) VALUES ({places}) RETURNING id",  # noqa: S608
        values,
    )
    assert row is not None  # noqa: S101 - INSERT … RETURNING gives a row or raises
    return int(row[0])
