"""Load what the checks 31xx compare for an application to a pilot region."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from app.db import Transaction
from app.domain.checks.pilot_facts import PilotFacts
from app.domain.label import Label
from app.domain.pilot_rule import PilotRule
from app.pilots.pilots import rule_of


@dataclass(frozen=True, slots=True)
class PilotWish:
    """The pilot region and compliance year that an application is for."""

    pilot_id: int
    year: int


def pilot_wish(
    subject_kind: str, subject_id: int | None, content: Mapping[str, Any]
) -> PilotWish | None:
    """Return what an application is for, None where it is not about a pilot region."""
    year = str(content.get("year", ""))
    if subject_kind != "pilot" or subject_id is None or not year.isdecimal():
        return None
    return PilotWish(subject_id, int(year))


def pilot_facts(
    tx: Transaction, wish: PilotWish | None, holder_id: int, held: int | None
) -> PilotFacts | None:
    """Return the snapshot; ``held`` is the application's own transfer, which does not count."""
    if wish is None:
        return None
    row = tx.one(
        "SELECT pilots.standing(%(pilot)s, %(year)s, %(holder)s, %(held)s)",
        {"pilot": wish.pilot_id, "year": wish.year, "holder": holder_id, "held": held},
    )
    if row is None or row[0] is None:
        return None
    found: Mapping[str, Any] = row[0]
    return PilotFacts(
        name=Label(found["name"], found["name_en"]),
        year=wish.year,
        rule=_rule(found["rule"], found["region"]),
        base=found["base"],
        cancelled=int(found["cancelled"]),
        pending=int(found["pending"]),
        home=int(found["home"]),
    )


def _rule(found: Mapping[str, Any] | None, region: str) -> PilotRule | None:
    if found is None:
        return None
    ends = found["valid_to"]
    return rule_of(
        orjson.loads(found["rule"]),
        region,
        date.fromisoformat(found["valid_from"]),
        date.fromisoformat(ends) if ends else None,
        found["verified"],
    )
