"""Whom the registry believes: roots, and the authorities below them that issue (R23)."""

from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction


@dataclass(frozen=True, slots=True)
class Anchor:
    """A root or an issuing authority in force; ``software``: its keys lie in files."""

    id: int
    fingerprint: bytes
    kind: str
    software: bool
    name: str
    der: bytes


@dataclass(frozen=True, slots=True)
class AnchorRow:
    """An anchor as a list shows it, with the newest list of revoked certificates it published."""

    fingerprint: bytes
    kind: str
    software: bool
    name: str
    at: datetime
    ended_at: datetime | None
    crl_number: int | None
    this_update: datetime | None
    next_update: datetime | None


def state(tx: Transaction) -> str:
    """Return what is believed now as one short text; it changes with every anchor and list."""
    row = tx.one("SELECT trust.state()")
    return str(row[0]) if row else ""


def in_force(tx: Transaction) -> list[Anchor]:
    """Return the anchors that have not been ended."""
    rows = tx.all(
        """SELECT a.id, a.fingerprint, a.kind, a.software, a.name, a.der FROM trust.anchor a
           WHERE NOT EXISTS (SELECT FROM trust.anchor_end e WHERE e.anchor_id = a.id)
           ORDER BY a.id"""
    )
    return [Anchor(r[0], bytes(r[1]), r[2], r[3], r[4], bytes(r[5])) for r in rows]


def listed(tx: Transaction) -> list[AnchorRow]:
    """Return every anchor there ever was, with its newest list."""
    rows = tx.all(
        """SELECT a.fingerprint, a.kind, a.software, a.name, a.at, e.at, newest.number::text,
               newest.this_update, newest.next_update
           FROM trust.anchor a LEFT JOIN trust.anchor_end e ON e.anchor_id = a.id
           LEFT JOIN LATERAL (
               SELECT c.number, c.this_update, c.next_update FROM trust.crl c
               WHERE c.anchor_id = a.id ORDER BY c.number DESC LIMIT 1) newest ON true
           ORDER BY a.id"""
    )
    return [
        AnchorRow(
            fingerprint=bytes(r[0]),
            kind=r[1],
            software=r[2],
            name=r[3],
            at=r[4],
            ended_at=r[5],
            crl_number=int(r[6]) if r[6] is not None else None,
            this_update=r[7],
            next_update=r[8],
        )
        for r in rows
    ]


def add(tx: Transaction, kind: str, name: str, der: bytes, at: datetime) -> bool:
    """Believe a certificate from now on, as the owner of the schema; False when it is known."""
    return bool(
        tx.run(
            """INSERT INTO trust.anchor (fingerprint, kind, name, der, at)
               VALUES (sha256(%(der)s), %(kind)s, %(name)s, %(der)s, %(at)s)
               ON CONFLICT (fingerprint) DO NOTHING""",
            {"kind": kind, "name": name, "der": der, "at": at},
        )
    )


def add_software(tx: Transaction, kind: str, name: str, der: bytes, at: datetime) -> None:
    """Believe an authority of a demonstration; production does not look at it."""
    tx.run(
        "SELECT trust.add_software_anchor(%(kind)s, %(name)s, %(der)s, %(at)s)",
        {"kind": kind, "name": name, "der": der, "at": at},
    )


def end(tx: Transaction, fingerprint: bytes, at: datetime) -> bool:
    """Believe an anchor no more, as the owner of the schema; False when there is none in force."""
    return bool(
        tx.run(
            """INSERT INTO trust.anchor_end (anchor_id, at)
               SELECT a.id, %(at)s FROM trust.anchor a WHERE a.fingerprint = %(fingerprint)s
               ON CONFLICT (anchor_id) DO NOTHING""",
            {"fingerprint": fingerprint, "at": at},
        )
    )
