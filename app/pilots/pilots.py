"""Reads pilot regions: who runs them, their rules, what was uploaded and handed out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.db import Transaction
from app.domain.label import Label
from app.domain.pilot_rule import PilotRule


@dataclass(frozen=True, slots=True)
class Pilot:
    """A pilot region; ``authority_id`` is None until the national authority has named one."""

    id: int
    code: str
    name: Label
    region: str
    authority_id: int | None
    authority: Label | None


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a pilot's rule and where its figures were read."""

    version: int
    rule: PilotRule
    source: str


PILOT = """SELECT p.id, p.code, p.name, p.name_en, p.region, h.id, h.name,
    coalesce(nullif(h.name_en, ''), h.name)
    FROM pilots.pilot p
    LEFT JOIN identity.holder h ON h.id = pilots.authority_of(p.id)"""


def pilots(tx: Transaction) -> list[Pilot]:
    """Return all pilot regions in the order of the rules' file."""
    return [_pilot(row) for row in tx.all(f"{PILOT} ORDER BY p.id")]


def pilot_of(tx: Transaction, pilot_id: int) -> Pilot | None:
    """Return a pilot region, or None."""
    row = tx.one(f"{PILOT} WHERE p.id = %(id)s", {"id": pilot_id})
    return _pilot(row) if row else None


def run_by(tx: Transaction, holder_id: int) -> list[Pilot]:
    """Return the pilot regions whose authority a holder is, or was when an application began."""
    rows = tx.all(
        "SELECT DISTINCT pilot_id FROM pilots.authority WHERE holder_id = %(id)s",
        {"id": holder_id},
    )
    ids = {row[0] for row in rows}
    return [pilot for pilot in pilots(tx) if pilot.id in ids]


def versions(tx: Transaction, pilot: Pilot) -> list[Version]:
    """Return the versions of a pilot's rule, newest first."""
    rows = tx.all(
        """SELECT version, rule, valid_from, valid_to, verified, source FROM pilots.rule
           WHERE pilot_id = %(id)s ORDER BY version DESC""",
        {"id": pilot.id},
    )
    return [
        Version(row[0], rule_of(json.loads(row[1]), pilot.region, row[2], row[3], row[4]), row[5])
        for row in rows
    ]


def rule_of(
    given: Mapping[str, Any],
    region: str,
    valid_from: date,
    valid_to: date | None,
    verified: bool,  # noqa: FBT001 - a column
) -> PilotRule:
    """Read a rule as it is stored."""
    return PilotRule.from_json(
        given, home_region=region, valid_from=valid_from, valid_to=valid_to, verified=verified
    )


def _pilot(row: tuple[Any, ...]) -> Pilot:
    id_, code, name, name_en, region, authority_id, authority, authority_en = row
    return Pilot(
        id_,
        code,
        Label(name, name_en),
        region,
        authority_id,
        Label(authority, authority_en) if authority_id else None,
    )


@dataclass(frozen=True, slots=True)
class Export:
    """What was handed to a pilot's own registry; ``sha256`` is of ``content``, as hex.

    ``holder_id`` is the authority that made it.
    """

    id: int
    number: str
    pilot_id: int
    holder_id: int
    content: bytes
    sha256: str
    made_at: datetime
    person: str


def export_of(tx: Transaction, number: str) -> Export | None:
    """Return an export by its number, or None."""
    row = tx.one(
        """SELECT x.id, x.number, x.pilot_id, x.holder_id, x.content, encode(x.sha256, 'hex'),
               x.made_at, p.name
           FROM pilots.export x JOIN identity.person p ON p.id = x.person_id
           WHERE x.number = %(number)s""",
        {"number": number},
    )
    if row is None:
        return None
    return Export(row[0], row[1], row[2], row[3], bytes(row[4]), row[5], row[6], row[7])
