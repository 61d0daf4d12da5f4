"""The two codes with which a person binds a certificate (M2): used once, only hashes are kept."""

from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Codes that were given out and whether they still work."""

    reference_hash: bytes
    code_hash: bytes
    person_id: int
    decision_id: int | None
    failures: int
    expires_at: datetime
    used_at: datetime | None


def insert(
    tx: Transaction,
    reference_hash: bytes,
    code_hash: bytes,
    person_id: int,
    decision_id: int | None,
    at: datetime,
    expires_at: datetime,
) -> None:
    """Keep new codes; the person's earlier ones stop working."""
    tx.run(
        """UPDATE trust.enrolment SET used_at = %(at)s
           WHERE person_id = %(person)s AND used_at IS NULL""",
        {"at": at, "person": person_id},
    )
    tx.run(
        """INSERT INTO trust.enrolment
               (reference_hash, code_hash, person_id, decision_id, created_at, expires_at)
           VALUES (%(reference)s, %(code)s, %(person)s, %(decision)s, %(at)s, %(expires)s)""",
        {
            "reference": reference_hash,
            "code": code_hash,
            "person": person_id,
            "decision": decision_id,
            "at": at,
            "expires": expires_at,
        },
    )


def find(tx: Transaction, reference_hash: bytes) -> Enrolment | None:
    """Return codes by their reference number, locked until commit."""
    row = tx.one(
        """SELECT reference_hash, code_hash, person_id, decision_id, failures, expires_at, used_at
           FROM trust.enrolment WHERE reference_hash = %(reference)s FOR UPDATE""",
        {"reference": reference_hash},
    )
    return Enrolment(bytes(row[0]), bytes(row[1]), *row[2:]) if row else None


def fail(tx: Transaction, reference_hash: bytes) -> None:
    """Count a wrong code."""
    tx.run(
        """UPDATE trust.enrolment SET failures = failures + 1
           WHERE reference_hash = %(reference)s AND used_at IS NULL""",
        {"reference": reference_hash},
    )


def use(tx: Transaction, reference_hash: bytes, at: datetime) -> None:
    """Use codes up."""
    tx.run(
        "UPDATE trust.enrolment SET used_at = %(at)s WHERE reference_hash = %(reference)s",
        {"at": at, "reference": reference_hash},
    )


def open_of(tx: Transaction, person_id: int, at: datetime) -> bool:
    """Return whether a person has codes that still work."""
    return bool(
        tx.one(
            """SELECT 1 FROM trust.enrolment WHERE person_id = %(person)s AND used_at IS NULL
               AND expires_at > %(at)s""",
            {"person": person_id, "at": at},
        )
    )
