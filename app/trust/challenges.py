"""Numbers to be signed, each good once: for one person, one session, a short time (R23)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.db import Transaction


@dataclass(frozen=True, slots=True)
class ChallengeRow:
    """A challenge as the database keeps it."""

    nonce: bytes
    purpose: str
    person_id: int
    session_hash: bytes
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None


def insert(tx: Transaction, row: ChallengeRow) -> None:
    """Keep a new challenge."""
    tx.run(
        """INSERT INTO trust.challenge
               (nonce, purpose, person_id, session_hash, issued_at, expires_at)
           VALUES (%(nonce)s, %(purpose)s, %(person)s, %(session)s, %(issued)s, %(expires)s)""",
        {
            "nonce": row.nonce,
            "purpose": row.purpose,
            "person": row.person_id,
            "session": row.session_hash,
            "issued": row.issued_at,
            "expires": row.expires_at,
        },
    )


def find(tx: Transaction, nonce: bytes) -> ChallengeRow | None:
    """Return the challenge with a nonce, whoever's it is."""
    row = tx.one(
        """SELECT nonce, purpose, person_id, session_hash, issued_at, expires_at, used_at
           FROM trust.challenge WHERE nonce = %(nonce)s""",
        {"nonce": nonce},
    )
    return _row(row) if row else None


def newest(tx: Transaction, purpose: str, session_hash: bytes) -> ChallengeRow | None:
    """Return the newest challenge of a session for a purpose."""
    row = tx.one(
        """SELECT nonce, purpose, person_id, session_hash, issued_at, expires_at, used_at
           FROM trust.challenge WHERE session_hash = %(session)s AND purpose = %(purpose)s
           ORDER BY issued_at DESC LIMIT 1""",
        {"session": session_hash, "purpose": purpose},
    )
    return _row(row) if row else None


def _row(row: tuple[Any, ...]) -> ChallengeRow:
    nonce, purpose, person_id, session_hash, issued, expires, used = row
    return ChallengeRow(
        bytes(nonce), purpose, person_id, bytes(session_hash), issued, expires, used
    )


def use(
    tx: Transaction, nonce: bytes, purpose: str, person_id: int, session_hash: bytes, at: datetime
) -> None:
    """Use a challenge up; the database refuses with RG430, RG431 or RG432."""
    tx.run(
        "SELECT trust.use_challenge(%(nonce)s, %(purpose)s, %(person)s, %(session)s, %(at)s)",
        {
            "nonce": nonce,
            "purpose": purpose,
            "person": person_id,
            "session": session_hash,
            "at": at,
        },
    )


def sweep(tx: Transaction, before: datetime) -> int:
    """Delete challenges that expired before a time; a deleted one is unknown, so refused too."""
    return tx.run(
        """DELETE FROM trust.challenge WHERE nonce IN (
               SELECT nonce FROM trust.challenge WHERE expires_at < %(before)s
               LIMIT 1000 FOR UPDATE SKIP LOCKED)""",
        {"before": before},
    )
