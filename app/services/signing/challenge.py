"""A number that the person's key signs: 256 random bits, good once, for a few minutes (R23)."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from app.db import Transaction
from app.trust import challenges
from app.trust.challenges import ChallengeRow

Purpose = Literal["sign_in", "decision"]
LIFETIMES: dict[Purpose, timedelta] = {
    "sign_in": timedelta(minutes=5),
    "decision": timedelta(minutes=10),
}
KEPT = timedelta(days=1)  # so that who sends one again is told that it was used


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the signed document says of its challenge; all three are texts of that document."""

    nonce: str
    issued: str
    expires: str

    @property
    def nonce_bytes(self) -> bytes:
        """The nonce as the database keeps it."""
        return bytes.fromhex(self.nonce)


def new(
    tx: Transaction, purpose: Purpose, person_id: int, session_hash: bytes, at: datetime
) -> Challenge:
    """Return a new challenge for a person in a session (or with an API token: its hash)."""
    issued = at.replace(microsecond=0)
    row = ChallengeRow(
        secrets.token_bytes(32),
        purpose,
        person_id,
        session_hash,
        issued,
        issued + LIFETIMES[purpose],
        None,
    )
    challenges.insert(tx, row)
    return told(row)


def told(row: ChallengeRow) -> Challenge:
    """Return a stored challenge as documents tell it."""
    return Challenge(row.nonce.hex(), instant(row.issued_at), instant(row.expires_at))


def instant(at: datetime) -> str:
    """Return a time as signed documents write it: ``2026-11-21T08:00:00Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def use(
    tx: Transaction,
    purpose: Purpose,
    nonce: str,
    person_id: int,
    session_hash: bytes,
    at: datetime,
) -> None:
    """Use a challenge up in the caller's transaction.

    The database refuses with SQLSTATE RG430 (unknown, or another person's or session's), RG431
    (used before) or RG432 (expired).
    """
    challenges.use(tx, bytes.fromhex(nonce), purpose, person_id, session_hash, at)
