"""What a holder says of itself now, and what a change of it is held against (M5, R21)."""

from collections.abc import Mapping
from datetime import date, datetime

import orjson

from app.db import Transaction


def details_of(tx: Transaction, holder_id: int, account_id: int) -> dict[str, str]:
    """Return a holder's present data by the names of the form; empty ones are left out.

    ``representatives`` is the two-person rule of the account: ``one`` or ``two`` (G21).
    """
    row = tx.one(
        "SELECT identity.details_of(%(holder)s, %(account)s)",
        {"holder": holder_id, "account": account_id},
    )
    return dict(row[0]) if row and row[0] else {}


def open_details(tx: Transaction, at: datetime, given: Mapping[int, Mapping[str, str]]) -> None:
    """Keep the data that holders were opened with: their first version (M1)."""
    rows = [{"holder_id": holder, "details": dict(said)} for holder, said in given.items() if said]
    if rows:
        request = orjson.dumps({"rows": rows, "at": at.isoformat()}).decode()
        tx.run("SELECT identity.open_details(%(request)s::jsonb)", {"request": request})


def is_taken(tx: Transaction, credit_code: str, holder_id: int) -> bool:
    """Whether a unified social credit code is another holder's at present."""
    row = tx.one(
        """SELECT EXISTS (
               SELECT FROM identity.holder_detail d
               WHERE d.details ? 'credit_code' AND d.details->>'credit_code' = %(code)s
                 AND d.holder_id <> %(holder)s
                 AND d.version = (SELECT max(n.version) FROM identity.holder_detail n
                                  WHERE n.holder_id = d.holder_id))""",
        {"code": credit_code, "holder": holder_id},
    )
    return row is not None and bool(row[0])


def two_can_act(tx: Transaction, account_id: int, today: date) -> bool:
    """Whether an account has one person who may initiate and another who may confirm (G21)."""
    row = tx.one(
        """SELECT EXISTS (
               SELECT FROM identity.mandate m JOIN identity.mandate c
                   ON c.account_id = m.account_id AND c.person_id <> m.person_id
               JOIN identity.person p ON p.id = m.person_id AND p.closed_at IS NULL
               JOIN identity.person q ON q.id = c.person_id AND q.closed_at IS NULL
               WHERE m.account_id = %(account)s
                 AND m.rights IN ('initiate', 'both') AND c.rights IN ('confirm', 'both')
                 AND m.valid_from <= %(today)s AND coalesce(m.valid_to, 'infinity') >= %(today)s
                 AND c.valid_from <= %(today)s
                 AND coalesce(c.valid_to, 'infinity') >= %(today)s)""",
        {"account": account_id, "today": today},
    )
    return row is not None and bool(row[0])
