"""One-time links with which a person sets their own password (M2, G29).

The manual sends a ready-made password by SMS. Here the operator hands over a link that works
once and for a week: nobody but its owner ever knows the password. It also serves for a password
that was forgotten.
"""

from datetime import datetime, timedelta

from app.db import Transaction
from app.identity.token_text import new_token, token_hash

LIFETIME = timedelta(days=7)


def new_enrolment(tx: Transaction, person_id: int, at: datetime) -> str:
    """Return the token of a new link; earlier links of the person stop working."""
    tx.run(
        """UPDATE identity.enrolment SET used_at = %(at)s
           WHERE person_id = %(person)s AND used_at IS NULL""",
        {"at": at, "person": person_id},
    )
    token = new_token()
    tx.run(
        """INSERT INTO identity.enrolment (token_hash, person_id, created_at, expires_at)
           VALUES (%(hash)s, %(person)s, %(at)s, %(until)s)""",
        {"hash": token_hash(token), "person": person_id, "at": at, "until": at + LIFETIME},
    )
    return token


def enrolling(tx: Transaction, token: str, at: datetime) -> tuple[int, str, str] | None:
    """Return (person, member number, name) of a link that still works; locks it until commit."""
    row = tx.one(
        """SELECT p.id, p.member_no, p.name FROM identity.enrolment e
           JOIN identity.person p ON p.id = e.person_id AND p.closed_at IS NULL
           WHERE e.token_hash = %(hash)s AND e.used_at IS NULL AND e.expires_at > %(at)s
           FOR UPDATE OF e""",
        {"hash": token_hash(token), "at": at},
    )
    return (int(row[0]), str(row[1]), str(row[2])) if row else None


def use_enrolment(tx: Transaction, token: str, at: datetime) -> None:
    """Mark a link as used."""
    tx.run(
        "UPDATE identity.enrolment SET used_at = %(at)s WHERE token_hash = %(hash)s",
        {"at": at, "hash": token_hash(token)},
    )
