"""For which accounts a person may act on a day, and as whom (R44, G21)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from app.db import Transaction
from app.identity.actor import Actor

# A mandate counts from its first day to its last, both included; days are Beijing days.
VALID = "m.valid_from <= %(today)s AND (m.valid_to IS NULL OR m.valid_to >= %(today)s)"

# The columns of an Actor, in the order of its fields.
ACTOR = """p.id, p.name, h.id, h.name, a.id, h.role, m.rights, h.province_id,
    encode(sha256(p.salt || convert_to(p.member_no, 'UTF8')), 'hex'), a.two_person,
    a.signature_policy"""

_ACTOR = f"""
    SELECT {ACTOR}
    FROM identity.mandate m
    JOIN identity.person p ON p.id = m.person_id AND p.closed_at IS NULL
    JOIN identity.account a ON a.id = m.account_id
    JOIN identity.holder h ON h.id = a.holder_id
    WHERE {VALID}
"""  # noqa: S608 -- the fragments are the constants above


@dataclass(frozen=True, slots=True)
class MandateView:
    """One account a person may act for, as the switch in the header shows it."""

    id: int
    account_number: str
    account_name: str
    holder_name: str
    rights: str


def actor_for(tx: Transaction, person_id: int, mandate_id: int, today: date) -> Actor | None:
    """Return the actor of one of the person's own mandates, or None if it is not valid today."""
    row = tx.one(
        _ACTOR + "AND m.person_id = %(person)s AND m.id = %(mandate)s",
        {"person": person_id, "mandate": mandate_id, "today": today},
    )
    return Actor(*row) if row else None


def actor_of_account(tx: Transaction, person_id: int, account_id: int, today: date) -> Actor | None:
    """Return the actor of a person's mandate for an account, or None if there is none today."""
    row = tx.one(
        _ACTOR + "AND m.person_id = %(person)s AND m.account_id = %(account)s ORDER BY m.id",
        {"person": person_id, "account": account_id, "today": today},
    )
    return Actor(*row) if row else None


def mandates_of(tx: Transaction, person_id: int, today: date) -> list[MandateView]:
    """Return the person's valid mandates, the first given first."""
    rows = tx.all(
        f"""SELECT m.id, a.number, a.name, h.name, m.rights
            FROM identity.mandate m
            JOIN identity.account a ON a.id = m.account_id
            JOIN identity.holder h ON h.id = a.holder_id
            WHERE m.person_id = %(person)s AND {VALID} ORDER BY m.id""",  # noqa: S608
        {"person": person_id, "today": today},
    )
    return [MandateView(*row) for row in rows]


def first_mandate(tx: Transaction, person_id: int, today: date) -> int | None:
    """Return the mandate to begin with: the one last acted under, else the first given."""
    row = tx.one(
        f"""SELECT m.id FROM identity.mandate m
            LEFT JOIN LATERAL (SELECT max(s.created_at) AS at FROM identity.session s
                WHERE s.person_id = m.person_id AND s.mandate_id = m.id) used ON true
            WHERE m.person_id = %(person)s AND {VALID}
            ORDER BY used.at DESC NULLS LAST, m.id LIMIT 1""",  # noqa: S608
        {"person": person_id, "today": today},
    )
    return int(row[0]) if row else None


def actor_by_member_no(tx: Transaction, member_no: str, today: date) -> Actor | None:
    """Return the actor a member number stands for, under the mandate to begin with."""
    row: tuple[Any, ...] | None = tx.one(
        "SELECT id FROM identity.person WHERE member_no = %(number)s AND closed_at IS NULL",
        {"number": member_no},
    )
    mandate = first_mandate(tx, row[0], today) if row else None
    return actor_for(tx, row[0], mandate, today) if row and mandate else None
