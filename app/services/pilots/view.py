"""What the page of an application to a pilot region shows of it: rule, numbers, export, outcome."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.db import Transaction
from app.domain.checks.pilot_facts import PilotFacts
from app.domain.pilot_rule import PilotRule
from app.pilots.pilots import Pilot, Version, pilot_of, versions
from app.services.pilots.facts import PilotWish, pilot_facts


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the pilot's own registry made of it."""

    accepted: bool
    reference: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PilotView:
    """A pilot region as an application meets it; ``facts`` only where the year is known.

    ``facts`` count everything of the enterprise and year, this application's hold included;
    ``years`` are the newest years with an uploaded base, shown while no year is chosen.
    """

    pilot: Pilot
    version: Version | None
    facts: PilotFacts | None = None
    years: tuple[PilotFacts, ...] = ()
    exports: tuple[tuple[str, datetime], ...] = ()
    outcome: Outcome | None = None

    @property
    def rule(self) -> PilotRule | None:
        """The rule that governs the year, or the present one while no year is chosen."""
        return self.version.rule if self.version else None


def pilot_view(
    tx: Transaction,
    pilot_id: int,
    holder_id: int,
    today: int,
    content: Mapping[str, Any] | None = None,
    instance_id: int | None = None,
) -> PilotView | None:
    """Return it for an application of a holder; ``today`` is the present year in Beijing."""
    pilot = pilot_of(tx, pilot_id)
    if pilot is None:
        return None
    typed = str((content or {}).get("year", ""))
    year = int(typed) if typed.isdecimal() and len(typed) == 4 else None
    facts = pilot_facts(tx, PilotWish(pilot_id, year), holder_id, None) if year else None
    found = [v for v in versions(tx, pilot) if v.rule.covers(year or today)]
    return PilotView(
        pilot,
        found[0] if found else None,
        facts,
        () if facts else _years(tx, pilot_id, holder_id),
        _exports(tx, instance_id),
        _outcome(tx, instance_id),
    )


def _years(tx: Transaction, pilot_id: int, holder_id: int) -> tuple[PilotFacts, ...]:
    rows = tx.all(
        """SELECT DISTINCT year FROM pilots.base
           WHERE pilot_id = %(pilot)s AND holder_id = %(holder)s ORDER BY year DESC LIMIT 3""",
        {"pilot": pilot_id, "holder": holder_id},
    )
    found = (pilot_facts(tx, PilotWish(pilot_id, row[0]), holder_id, None) for row in rows)
    return tuple(facts for facts in found if facts is not None)


def _exports(tx: Transaction, instance_id: int | None) -> tuple[tuple[str, datetime], ...]:
    rows = tx.all(
        """SELECT x.number, x.made_at FROM pilots.export x
           JOIN pilots.export_item n ON n.export_id = x.id
           WHERE n.instance_id = %(id)s ORDER BY x.id""",
        {"id": instance_id},
    )
    return tuple((row[0], row[1]) for row in rows)


def _outcome(tx: Transaction, instance_id: int | None) -> Outcome | None:
    row = tx.one(
        "SELECT accepted, reference, reason, at FROM pilots.outcome WHERE instance_id = %(id)s",
        {"id": instance_id},
    )
    return Outcome(*row) if row else None
