"""Signed-in browsers: a random token in the cookie, its hash and its limits in the database."""

from collections.abc import Sequence
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
    certificate_id: int | None
    certificate_software: bool | None
    certificate_until: datetime | None
    mandates: tuple[MandateView, ...]
    stale: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """Why a session that a browser still remembers is none any more, and since when.

    ``why``: signed_in_again (from ``by_ip``), password, certificate_ended, left, upgraded, idle,
    too_old.
    """

    why: str
    at: datetime
    by_ip: str


_FIND = f"""
    SELECT {ACTOR},
           p.member_no, s.mandate_id, a.number, a.name, a.type, p.password_changed_at,
           before.at, before.ip,
           (SELECT count(*) FROM identity.sign_in f
            WHERE f.person_id = p.id AND NOT f.succeeded AND f.at < s.created_at
              AND f.at > coalesce(before.at, '-infinity')),
           c.id, c.software, c.not_after,
           s.last_seen_at,
           ARRAY(SELECT m.id FROM identity.mandate m WHERE m.person_id = p.id AND {VALID})
    FROM identity.session s
    JOIN identity.person p ON p.id = s.person_id AND p.closed_at IS NULL
    JOIN identity.mandate m ON m.id = s.mandate_id AND {VALID}
    JOIN identity.account a ON a.id = m.account_id
    JOIN identity.holder h ON h.id = a.holder_id
    LEFT JOIN trust.certificate c ON c.id = s.certificate_id
    LEFT JOIN LATERAL (
        SELECT i.at, i.ip FROM identity.sign_in i
        WHERE i.person_id = s.person_id AND i.succeeded AND i.at < s.created_at
        ORDER BY i.at DESC LIMIT 1) before ON true
    WHERE s.token_hash = %(hash)s AND s.ended_at IS NULL AND s.expires_at > %(at)s
      AND s.last_seen_at > %(idle)s
      AND (s.certificate_id IS NULL OR (c.not_after > %(at)s AND NOT EXISTS (
          SELECT FROM trust.certificate_end e WHERE e.certificate_id = s.certificate_id)))
"""  # noqa: S608 -- the fragment is a constant


def open_session(
    tx: Transaction,
    person_id: int,
    mandate_id: int,
    ip: str,
    at: datetime,
    certificate_id: int | None = None,
) -> tuple[str, bool]:
    """Start a session; return its token, and whether it ended another that was in use.

    The token is always a new one, so that none can be fixed ahead. A person has one session at a
    time: two sign-ins at once wait for one another on the person's row, and a unique index stands
    behind it.
    """
    tx.run(
        "SELECT FROM identity.person WHERE id = %(person)s FOR NO KEY UPDATE", {"person": person_id}
    )
    in_use = _end_other(tx, person_id, ip, at)
    token = new_token()
    tx.run(
        "DELETE FROM identity.session WHERE person_id = %(person)s AND expires_at < %(old)s",
        {"person": person_id, "old": at - KEPT},
    )
    tx.run(
        """INSERT INTO identity.session (token_hash, person_id, mandate_id, ip, created_at,
               last_seen_at, expires_at, certificate_id)
           VALUES (%(hash)s, %(person)s, %(mandate)s, %(ip)s, %(at)s, %(at)s, %(until)s,
               %(certificate)s)""",
        {
            "hash": token_hash(token),
            "person": person_id,
            "mandate": mandate_id,
            "ip": ip,
            "at": at,
            "until": at + ABSOLUTE,
            "certificate": certificate_id,
        },
    )
    return token, in_use


def _end_other(tx: Transaction, person_id: int, ip: str, at: datetime) -> bool:
    """End the person's other session and write down from where; say whether it was in use."""
    rows = tx.all(
        """UPDATE identity.session SET ended_at = %(at)s, ended_why = 'signed_in_again',
               ended_by_ip = %(ip)s
           WHERE person_id = %(person)s AND ended_at IS NULL
           RETURNING expires_at > %(at)s AND last_seen_at > %(idle)s""",
        {"person": person_id, "at": at, "ip": ip, "idle": at - IDLE},
    )
    return any(row[0] for row in rows)


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
        """UPDATE identity.session SET last_seen_at = %(at)s
           WHERE token_hash = %(hash)s AND ended_at IS NULL""",
        {"at": at, "hash": hashed},
    )


def act_under(tx: Transaction, hashed: bytes, mandate_id: int) -> None:
    """Let the session act under another of the person's mandates; it has been checked."""
    tx.run(
        """UPDATE identity.session SET mandate_id = %(mandate)s
           WHERE token_hash = %(hash)s AND ended_at IS NULL""",
        {"mandate": mandate_id, "hash": hashed},
    )


def end_session(tx: Transaction, hashed: bytes, at: datetime) -> None:
    """End one session."""
    tx.run(
        """UPDATE identity.session SET ended_at = %(at)s
           WHERE token_hash = %(hash)s AND ended_at IS NULL""",
        {"at": at, "hash": hashed},
    )


def end_sessions(tx: Transaction, person_id: int, at: datetime, why: str, keep: bytes = b"") -> int:
    """End a person's sessions, all but ``keep``; return how many."""
    return tx.run(
        """UPDATE identity.session SET ended_at = %(at)s, ended_why = %(why)s
           WHERE person_id = %(person)s AND ended_at IS NULL AND token_hash <> %(keep)s""",
        {"at": at, "person": person_id, "why": why, "keep": keep},
    )


def end_sessions_with(tx: Transaction, certificate_ids: Sequence[int], at: datetime) -> int:
    """End the sessions that were opened with certificates that count no more; return how many."""
    return tx.run(
        """UPDATE identity.session SET ended_at = %(at)s, ended_why = 'certificate_ended'
           WHERE certificate_id = ANY (%(certificates)s) AND ended_at IS NULL""",
        {"at": at, "certificates": list(certificate_ids)},
    )


def why_ended(tx: Transaction, token: str, at: datetime) -> Ended | None:
    """Return why a token opens nothing any more; None for one that is unknown or signed out."""
    row = tx.one(
        """SELECT s.ended_why, s.ended_at, s.ended_by_ip, s.last_seen_at, s.expires_at,
               coalesce(e.at, c.not_after)
           FROM identity.session s
           LEFT JOIN trust.certificate c ON c.id = s.certificate_id
           LEFT JOIN trust.certificate_end e ON e.certificate_id = c.id
           WHERE s.token_hash = %(hash)s""",
        {"hash": token_hash(token)},
    )
    if row is None:
        return None
    why, ended, by_ip, seen, expires, certificate = row
    if ended is not None:
        return Ended(why, ended, by_ip) if why else None
    limits = [("idle", seen + IDLE), ("too_old", expires)]
    if certificate is not None:
        limits.append(("certificate_ended", certificate))
    first, when = min(limits, key=lambda limit: limit[1])
    return Ended(first, when, "") if when <= at else None


def record_sign_in(
    tx: Transaction, person_id: int, at: datetime, ip: str, *, succeeded: bool
) -> None:
    """Write down an attempt of a known person; the table is append-only."""
    tx.run(
        """INSERT INTO identity.sign_in (person_id, at, ip, succeeded)
           VALUES (%(person)s, %(at)s, %(ip)s, %(succeeded)s)""",
        {"person": person_id, "at": at, "ip": ip, "succeeded": succeeded},
    )
