"""Transaction types are data: transaction_types.toml is written into the database at migration."""

from collections.abc import Iterator
from itertools import product
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812

PLAIN, HELD = "registry_available", "registry_reserved"
TRADING_PLAIN, TRADING_HELD = "trading_held", "trading_pending_transfer"
ISSUANCE = "issuance_source"
FLAGS = (
    "reversible",
    "own_source",
    "linked_only",
    "same_holder",
    "same_account",
    "despite_status",
)
TYPE_SQL = """
INSERT INTO ledger.transaction_type (code, name, name_en, source_rows, two_phase, direct, reverses,
    proposers, approver, checks, reversible, own_source, linked_only, same_holder, same_account,
    despite_status)
VALUES (%(code)s, %(zh)s, %(en)s, %(sources)s, %(two_phase)s, %(direct)s, %(reverses)s,
    %(proposers)s, %(approver)s, %(checks)s, %(reversible)s, %(own_source)s, %(linked_only)s,
    %(same_holder)s, %(same_account)s, %(despite_status)s)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, name_en = excluded.name_en,
    source_rows = excluded.source_rows, two_phase = excluded.two_phase, direct = excluded.direct,
    reverses = excluded.reverses, proposers = excluded.proposers, approver = excluded.approver,
    checks = excluded.checks, reversible = excluded.reversible, own_source = excluded.own_source,
    linked_only = excluded.linked_only, same_holder = excluded.same_holder,
    same_account = excluded.same_account, despite_status = excluded.despite_status, closed = false
"""
Route = tuple[str, str, str, str, str | None, str | None, str]


def seed_transaction_types(cursor: Cursor, types: dict[str, dict[str, Any]]) -> None:
    """Insert or update every type and its routes; close, but keep, a type that vanished."""
    movements = {code: given for code, given in types.items() if code != "without_movement"}
    cursor.execute("DELETE FROM ledger.transaction_route")
    for code, given in movements.items():
        cursor.execute(TYPE_SQL, type_row(code, given))
        for route in routes(code, given):
            cursor.execute(
                "INSERT INTO ledger.transaction_route VALUES (%s, %s, %s, %s, %s, %s, %s)", route
            )
    cursor.execute(
        "UPDATE ledger.transaction_type SET closed = true WHERE code <> ALL (%s)",
        (list(movements),),
    )


def type_row(code: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of one type as the file gives them; a missing flag is false."""
    return {
        "code": code,
        "two_phase": "two_phase" in given["modes"],
        "direct": "direct" in given["modes"],
        "reverses": given.get("reverses"),
        "approver": given.get("approver"),
        **{flag: given.get(flag, False) for flag in FLAGS},
        **{name: given[name] for name in ("zh", "en", "sources", "proposers", "checks")},
    }


def routes(code: str, given: dict[str, Any]) -> Iterator[Route]:
    """Yield one row per unit type, source and target, with the positions spelled out."""
    for route in given["routes"]:
        for unit, source, target in product(route["units"], route["from"], route["to"]):
            target_type = source if target == "same" else target
            yield (
                code,
                unit,
                source,
                target_type,
                None if source == ISSUANCE else route.get("from_position", plain(source)),
                route.get("held", held(source)) if "two_phase" in given["modes"] else None,
                route.get("to_position", plain(target_type)),
            )


def plain(account_type: str) -> str:
    """Return the position in which units lie free in an account of this type."""
    return TRADING_PLAIN if account_type == "trading" else PLAIN


def held(account_type: str) -> str:
    """Return the position in which units of a pending transfer lie."""
    return TRADING_HELD if account_type == "trading" else HELD
