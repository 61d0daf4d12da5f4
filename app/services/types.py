"""Transaction types as the checks see them, read from the file that seeds the database."""

import tomllib
from functools import cache
from typing import Any

from app.config import ROOT
from app.domain.checks.facts import Route, TypeFacts
from app.domain.errors import Invalid

ACCOUNT_TYPES = ROOT / "app" / "identity" / "account_types.toml"
FILE = ROOT / "app" / "ledger" / "transaction_types.toml"


@cache
def _types() -> dict[str, TypeFacts]:
    given: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {code: _type(code, t) for code, t in given.items() if "modes" in t}


def type_facts(code: str) -> TypeFacts:
    """Return a transaction type; raises Invalid for an unknown code."""
    found = _types().get(code)
    if found is None:
        raise Invalid(f"没有交易类型 {code}。", f"There is no transaction type {code}.")
    return found


@cache
def collective_types() -> frozenset[str]:
    """Return the account types of which the registry has one each, such as the surrender account.

    A type's route leads to them without anybody naming the account.
    """
    given = tomllib.loads(ACCOUNT_TYPES.read_text(encoding="utf-8"))
    return frozenset(code for code, t in given.items() if t.get("collective"))


@cache
def two_phase_types() -> frozenset[str]:
    """Return the types that a diagram may reserve and post."""
    given = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return frozenset(code for code, t in given.items() if "two_phase" in t.get("modes", ()))


def _type(code: str, given: dict[str, Any]) -> TypeFacts:
    return TypeFacts(
        code=code,
        name=given["zh"],
        name_en=given["en"],
        proposers=frozenset(given.get("proposers", ())),
        own_source=given.get("own_source", False),
        linked_only=given.get("linked_only", False),
        despite_status=given.get("despite_status", False),
        routes=tuple(
            Route(unit, source, target if target != "same" else source, route.get("from_position"))
            for route in given.get("routes", ())
            for unit in route["units"]
            for source in route["from"]
            for target in route["to"]
        ),
        checks=tuple(given["checks"]),
        direct="direct" in given["modes"],
        approver=given.get("approver"),
    )
