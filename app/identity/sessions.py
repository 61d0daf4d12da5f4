"""Signed-in browsers: a random token in the cookie, its hash and its limits in the database."""

from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from app.db import Transaction
from app.identity.actor import Actor
from app.identity.mandates import ACTOR, VALID, MandateView, mandates_of
from app.identity.token_text import new_token, token_hash

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
KEPT = timedelta(days=30)  # ended sessions stay that long for questions
# Being seen is written down at most this often: a page view should not cost a write.
SEEN_EVERY = timedelta(minutes=1)
ACTOR_COLUMNS = len(fields(Actor))


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A valid session: who acts, and what the header says about them (M43)."""

    token_hash: bytes
    actor: Actor
    member_no: str
    mandate_id: int
    account_number: str
    account_name: str
    account_type: str
    password_changed_at: datetime | None
    last_sign_in: datetime | None
    last_ip: str | None
    failures_since: int
    mandates: tuple[MandateView, ...]
    stale: bool


_FIND = f"""
    SELECT {ACTOR},
           p.member_no, s.mandate_id, a.number, a.name, a.type, p.password_changed_at,
           before.at, before.ip,
           (SELECT count(*) FROM identity.sign_in f
            WHERE f.person_id = p.id AND NOT f.succeeded AND f.at < s.created_at
              AND f.at > coalesce(before.at, '-infinity')),
           s.last_seen_at,
           ARRAY(SELECT m.id FROM identity.mandate m WHERE m.person_id = p.id AND {VALID})
    FROM identity.session s
    JOIN identity.person p ON p.id = s.person_id AND p.closed_at IS NULL
    JOIN identity.mandate m ON m.id = s.mandate_id AND {VALID}
    JOIN identity.account a ON a.id = m.account_id
    JOIN identity.holder h ON h.id = a.holder_id
    LEFT JOIN LATERAL (
        SELECT i.at, i.ip FROM identity.sign_in i
        WHERE i.person_id = s.person_id AND i.succeeded AND i.at < s.created_at
        ORDER BY i.at DESC LIMIT 1) before ON true
    WHERE s.token_hash = %(hash)s AND s.ended_at IS NULL AND s.expires_at > %(at)s
      AND s.last_seen_at > %(idle)s
"""  # noqa: S608 -- the fragment is a constant


def open_session(tx: Transaction, person_id: int, mandate_id: int, ip: str, at: datetime) -> str:
    """Start a session and return its token; always a new one, so that none can be fixed ahead."""
    token = new_token()
    tx.run(
        "DELETE FROM identity.session WHERE person_id = %(person)s AND expires_at < %(old)s",
        {"person": person_id, "old": at - KEPT},
    )
    tx.run(
        """INSERT INTO identity.session
               (token_hash, person_id, mandate_id, ip, created_at, last_seen_at, expires_at)
           VALUES (%(hash)s, %(person)s, %(mandate)s, %(ip)s, %(at)s, %(at)s, %(until)s)""",
        {
            "hash": token_hash(token),
            "person": person_id,
            "mandate": mandate_id,
            "ip": ip,
            "at": at,
            "until": at + ABSOLUTE,
        },
    )
    return token


def find_session(tx: Transaction, token: str, at: datetime, today: date) -> SignedIn | None:
    """Return the valid session of a token: not ended, not idle, not too old, mandate in force."""
    hashed = token_hash(token)
    row = tx.one(_FIND, {"hash": hashed, "at": at, "idle": at - IDLE, "today": today})
    if row is None:
        return None
    who, (*facts, seen, mandates) = row[:ACTOR_COLUMNS], row[ACTOR_COLUMNS:]
    choice = _choice(tx, row[0], today) if len(mandates) > 1 else ()
    rest: tuple[Any, ...] = (*facts, choice, at - seen > SEEN_EVERY)
    return SignedIn(hashed, Actor(*who), *rest)


def _choice(tx: Transaction, person_id: int, today: date) -> tuple[MandateView, ...]:
    return tuple(mandates_of(tx, person_id, today))


def touch_session(tx: Transaction, hashed: bytes, at: datetime) -> None:
    """Write down that the session is in use."""
    tx.run(
        "UPDATE identity.session SET last_seen_at = %(at)s WHERE token_hash = %(hash)s",
        {"at": at, "hash": hashed},
    )


def act_under(tx: Transaction, hashed: bytes, mandate_id: int) -> None:
    """Let the session act under another of the person's mandates; it has been checked."""
    tx.run(
        "UPDATE identity.session SET mandate_id = %(mandate)s WHERE token_hash = %(hash)s",
        {"mandate": mandate_id, "hash": hashed},
    )


def end_session(tx: Transaction, hashed: bytes, at: datetime) -> None:
    """End one session."""
    tx.run(
        """UPDATE identity.session SET ended_at = %(at)s
           WHERE token_hash = %(hash)s AND ended_at IS NULL""",
        {"at": at, "hash": hashed},
    )


def end_sessions(tx: Transaction, person_id: int, at: datetime, keep: bytes = b"") -> int:
    """End a person's sessions, all but ``keep``; return how many."""
    return tx.run(
        """UPDATE identity.session SET ended_at = %(at)s
           WHERE person_id = %(person)s AND ended_at IS NULL AND token_hash <> %(keep)s""",
        {"at": at, "person": person_id, "keep": keep},
    )


def record_sign_in(
    tx: Transaction, person_id: int, at: datetime, ip: str, *, succeeded: bool
) -> None:
    """Write down an attempt of a known person; the table is append-only."""
    tx.run(
        """INSERT INTO identity.sign_in (person_id, at, ip, succeeded)
           VALUES (%(person)s, %(at)s, %(ip)s, %(succeeded)s)""",
        {"person": person_id, "at": at, "ip": ip, "succeeded": succeeded},
    )
