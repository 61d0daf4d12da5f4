"""Reads the table of transaction types: what may move, from where to where, on whose word."""

from dataclasses import dataclass

from app.db import Transaction
from app.domain.label import Label


@dataclass(frozen=True, slots=True)
class Route:
    """One way that units of one type may take; without ``from_position`` they are new units."""

    unit_type: str
    from_account_type: str
    to_account_type: str
    from_position: str | None
    held_position: str | None
    to_position: str


@dataclass(frozen=True, slots=True)
class TransactionType:
    """A kind of movement and its rules."""

    code: str
    label: Label
    source_rows: tuple[str, ...]
    two_phase: bool
    direct: bool
    reverses: str | None
    reversible: bool
    proposers: frozenset[str]
    approver: str | None
    own_source: bool
    linked_only: bool
    same_holder: bool
    same_account: bool
    despite_status: bool
    checks: tuple[str, ...]
    routes: tuple[Route, ...]


TYPES = """
SELECT k.code, k.name, k.name_en, k.source_rows, k.two_phase, k.direct, k.reverses, k.reversible,
       k.proposers, k.approver, k.own_source, k.linked_only, k.same_holder, k.same_account,
       k.despite_status, k.checks
FROM ledger.transaction_type k WHERE NOT k.closed ORDER BY k.code"""
ROUTES = """
SELECT type, unit_type, from_account_type, to_account_type, from_position, held_position,
       to_position
FROM ledger.transaction_route ORDER BY type, unit_type, from_account_type, to_account_type"""


def transaction_types(tx: Transaction) -> dict[str, TransactionType]:
    """Return all open transaction types by code; they change only by a migration."""
    routes: dict[str, list[Route]] = {}
    for type_, *route in tx.all(ROUTES):
        routes.setdefault(type_, []).append(Route(*route))
    return {row[0]: _type(row, routes.get(row[0], [])) for row in tx.all(TYPES)}


def _type(row: tuple[object, ...], routes: list[Route]) -> TransactionType:
    (code, name, name_en, sources, two_phase, direct, reverses, reversible, proposers, approver,
     own_source, linked_only, same_holder, same_account, despite_status, checks) = row  # fmt: skip
    return TransactionType(
        code=str(code),
        label=Label(str(name), str(name_en)),
        source_rows=_texts(sources),
        two_phase=bool(two_phase),
        direct=bool(direct),
        reverses=None if reverses is None else str(reverses),
        reversible=bool(reversible),
        proposers=frozenset(_texts(proposers)),
        approver=None if approver is None else str(approver),
        own_source=bool(own_source),
        linked_only=bool(linked_only),
        same_holder=bool(same_holder),
        same_account=bool(same_account),
        despite_status=bool(despite_status),
        checks=_texts(checks),
        routes=tuple(routes),
    )


def _texts(values: object) -> tuple[str, ...]:
    return tuple(str(value) for value in values) if isinstance(values, list) else ()
