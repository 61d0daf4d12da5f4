"""Load what the numbered checks look at, for an application, an order or a file alike."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from app.db import Transaction
from app.domain.checks.claim_facts import ClaimFacts
from app.domain.checks.facts import AccountFacts, Facts, LineFacts, NoticeFacts, UnitFacts
from app.domain.offset_rule import OffsetRule
from app.domain.scope import Scope
from app.services.custody.lots import CustodyFacts, custody_facts
from app.services.pilots.facts import PilotWish, pilot_facts
from app.services.types import collective_types, type_facts

NO_CUSTODY = CustodyFacts({}, frozenset())


@dataclass(frozen=True, slots=True)
class WishLine:
    """Whole tonnes of an instrument (by code) for an account, or where the type leads.

    ``lot`` is the custody lot they come out of, if any.
    """

    instrument: str
    quantity: int
    to_account: int | None = None
    lot: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """A movement that somebody wants; ``held`` is the transfer that already holds its units."""

    type: str
    from_account: int
    lines: tuple[WishLine, ...]
    acting_holder: int
    role: str
    notice_id: int | None = None
    held: int | None = None
    custody_strictly_less: bool = False
    pilot: PilotWish | None = None
    claim: ClaimFacts | None = None


def facts_of(tx: Transaction, wish: Wish) -> Facts:
    """Return the snapshot for a wish, loaded in one round trip."""
    row = tx.one(
        """SELECT workflow.facts(%(sender)s, %(codes)s, %(targets)s::bigint[],
               %(implied)s::text[], %(notice)s, %(held)s, %(positions)s)""",
        {
            "positions": _positions(wish.type),
            "sender": wish.from_account,
            "codes": [line.instrument for line in wish.lines] or [""],
            "targets": [line.to_account for line in wish.lines if line.to_account],
            "implied": _implied(wish),
            "notice": wish.notice_id,
            "held": wish.held,
        },
    )
    found: Mapping[str, Any] = row[0] if row else {}
    lots = [line.lot for line in wish.lines if line.lot is not None]
    custody = custody_facts(tx, lots, wish.held) if lots else NO_CUSTODY
    units = {unit["code"]: unit for unit in found["units"]}
    targets = {a["id"]: AccountFacts(**a) for a in found["targets"]}
    notice = found["notice"]
    ids = {unit["code"]: unit["id"] for unit in found["units"]}
    if notice:
        ids["notice:obligation"] = notice["obligation_ceiling_id"]
        ids["notice:ccer"] = notice["ccer_ceiling_id"]
    return Facts(
        type=type_facts(wish.type),
        role=wish.role,
        acting_holder=wish.acting_holder,
        sender=AccountFacts(**found["sender"]) if found["sender"] else None,
        lines=tuple(_line(line, units, targets, wish.type, custody) for line in wish.lines),
        notice=_notice(notice) if notice else None,
        ids=ids,
        linked=custody.linked,
        depositor=custody.depositor,
        custody_strictly_less=wish.custody_strictly_less,
        pilot=pilot_facts(tx, wish.pilot, wish.acting_holder, wish.held),
        claim=wish.claim,
    )


def _implied(wish: Wish) -> list[str]:
    """Return the registry's own account types that lines without a target lead to."""
    if all(line.to_account for line in wish.lines):
        return []
    return sorted({r.to_type for r in type_facts(wish.type).routes} & collective_types())


def _positions(transaction_type: str) -> list[str]:
    """Return where the units of a type come from: free in the account, unless a route names it."""
    named = {route.from_position for route in type_facts(transaction_type).routes}
    return sorted(position for position in named if position) or [
        "registry_available",
        "trading_held",
    ]


def _line(
    line: WishLine,
    units: Mapping[str, Any],
    targets: Mapping[int, AccountFacts],
    transaction_type: str,
    custody: CustodyFacts,
) -> LineFacts:
    unit = units.get(line.instrument)
    return LineFacts(
        instrument=line.instrument,
        quantity=line.quantity,
        available=unit["available"] if unit else 0,
        unit=_unit(unit) if unit else None,
        to=targets.get(line.to_account)
        if line.to_account
        else _led_to(unit["unit_type"] if unit else "", targets, transaction_type),
        lot=line.lot,
        lot_remaining=custody.remaining.get(line.lot) if line.lot is not None else None,
    )


def _led_to(
    unit_type: str, targets: Mapping[int, AccountFacts], transaction_type: str
) -> AccountFacts | None:
    """Return the one collective account that the type's route leads units of this kind to."""
    types = {r.to_type for r in type_facts(transaction_type).routes if r.unit_type == unit_type}
    found = [a for a in targets.values() if a.type in types & collective_types()]
    return found[0] if len(found) == 1 else None


def _unit(unit: Mapping[str, Any]) -> UnitFacts:
    return UnitFacts(**{k: v for k, v in unit.items() if k != "available"})


def _notice(notice: Mapping[str, Any]) -> NoticeFacts:
    scope, rule = _rules(notice["scope"], notice["ccer_rule"])
    return NoticeFacts(
        number=notice["number"],
        obligation=notice["obligation"],
        surrendered=notice["surrendered"],
        pending=notice["pending"],
        ccer_limit=notice["ccer_limit"],
        ccer_surrendered=notice["ccer_surrendered"],
        ccer_pending=notice["ccer_pending"],
        scope=scope,
        ccer_rule=rule,
        deadline=datetime.fromisoformat(notice["deadline"]),
    )


@lru_cache(maxsize=256)
def _rules(scope: str, rule: str) -> tuple[Scope, OffsetRule]:
    """Read the stored rules; a province's notices of a year nearly all carry the same two."""
    return Scope.from_json(json.loads(scope)), OffsetRule.from_json(json.loads(rule))
