"""Certificates bound to persons: once each, ended once, never changed (W2)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.db import Transaction

COLUMNS = """c.id, c.fingerprint, c.person_id, c.software, c.serial, c.subject, c.issuer,
    c.not_before, c.not_after, c.der, c.at, e.at AS ended_at, e.reason AS end_reason"""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate of a person; ``ended_at`` when it signs nothing more, and why."""

    id: int
    fingerprint: bytes
    person_id: int
    software: bool
    serial: str
    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    der: bytes
    at: datetime
    ended_at: datetime | None
    end_reason: str | None

    def works(self, at: datetime) -> bool:
        """Return whether it may sign at a time, as far as the registry's own rows say."""
        return self.ended_at is None and self.not_before <= at <= self.not_after

    def days_left(self, at: datetime) -> int:
        """Return how many whole days it is still valid."""
        return max(0, (self.not_after - at) // timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Facts:
    """What a certificate says of itself, as it is written down when it is bound."""

    serial: str
    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    der: bytes
    software: bool = False


def of_person(tx: Transaction, person_id: int) -> list[Certificate]:
    """Return all certificates of a person, the newest first."""
    return _found(tx, "c.person_id = %(person)s ORDER BY c.id DESC", {"person": person_id})


def newest_of_each_issuer(tx: Transaction) -> list[bytes]:
    """Return the newest certificate of each issuer, DER, without those of a demonstration."""
    rows = tx.all(
        """SELECT DISTINCT ON (issuer) der FROM trust.certificate WHERE NOT software
           ORDER BY issuer, id DESC"""
    )
    return [bytes(row[0]) for row in rows]


def by_fingerprint(tx: Transaction, fingerprint: bytes) -> Certificate | None:
    """Return a bound certificate, whoever's it is."""
    found = _found(tx, "c.fingerprint = %(fingerprint)s", {"fingerprint": fingerprint})
    return found[0] if found else None


def _found(tx: Transaction, where: str, params: dict[str, object]) -> list[Certificate]:
    rows = tx.maps(
        f"""SELECT {COLUMNS} FROM trust.certificate c
            LEFT JOIN trust.certificate_end e ON e.certificate_id = c.id
            WHERE {where}""",  # noqa: S608 -- the conditions are those above
        params,
    )
    binary = ("fingerprint", "der")
    return [Certificate(**{**row, **{name: bytes(row[name]) for name in binary}}) for row in rows]


def bind(
    tx: Transaction, person_id: int, facts: Facts, decision_id: int | None, at: datetime
) -> int:
    """Bind a certificate that was checked to a person and return its id.

    The database refuses: one that is bound already (unique), a person who has left (RG453), and
    one for which no codes were used in this transaction (RG454; software certificates need none).
    """
    row = tx.one(
        """INSERT INTO trust.certificate (fingerprint, person_id, software, serial, subject,
               issuer, not_before, not_after, der, decision_id, at)
           VALUES (sha256(%(der)s), %(person)s, %(software)s, %(serial)s, %(subject)s, %(issuer)s,
               %(from)s, %(to)s, %(der)s, %(decision)s, %(at)s)
           RETURNING id""",
        {
            "person": person_id,
            "software": facts.software,
            "serial": facts.serial,
            "subject": facts.subject,
            "issuer": facts.issuer,
            "from": facts.not_before,
            "to": facts.not_after,
            "der": facts.der,
            "decision": decision_id,
            "at": at,
        },
    )
    return int(row[0]) if row else 0
