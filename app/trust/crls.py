"""Lists of revoked certificates as their authorities published them; every one is kept."""

from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction


@dataclass(frozen=True, slots=True)
class Crl:
    """A list, its number at its authority, and until when it may be relied on."""

    id: int
    anchor_id: int
    number: int
    this_update: datetime
    next_update: datetime
    der: bytes


def newest(tx: Transaction) -> list[Crl]:
    """Return the newest list of each anchor in force."""
    rows = tx.all(
        """SELECT c.id, c.anchor_id, c.number::text, c.this_update, c.next_update, c.der
           FROM trust.anchor a CROSS JOIN LATERAL (
               SELECT * FROM trust.crl c WHERE c.anchor_id = a.id
               ORDER BY c.number DESC LIMIT 1) c
           WHERE NOT EXISTS (SELECT FROM trust.anchor_end e WHERE e.anchor_id = a.id)
           ORDER BY c.id"""
    )
    return [Crl(r[0], r[1], int(r[2]), r[3], r[4], bytes(r[5])) for r in rows]


def number_of(tx: Transaction, anchor_id: int) -> int | None:
    """Return the number of the newest list of an anchor."""
    row = tx.one(
        """SELECT number::text FROM trust.crl WHERE anchor_id = %(anchor)s
           ORDER BY number DESC LIMIT 1""",
        {"anchor": anchor_id},
    )
    return int(row[0]) if row else None


def insert(
    tx: Transaction,
    anchor_id: int,
    number: int,
    this_update: datetime,
    next_update: datetime,
    der: bytes,
    at: datetime,
) -> int:
    """Keep a list that was checked; the database refuses (RG451) one that is not newer."""
    row = tx.one(
        """INSERT INTO trust.crl (anchor_id, number, this_update, next_update, der, at)
           VALUES (%(anchor)s, %(number)s, %(this)s, %(next)s, %(der)s, %(at)s) RETURNING id""",
        {
            "anchor": anchor_id,
            "number": number,
            "this": this_update,
            "next": next_update,
            "der": der,
            "at": at,
        },
    )
    return int(row[0]) if row else 0
