"""What was allocated to one's own organisation (M7, G1): narrowed, sorted, paged, exported."""

import json
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from app.db import Transaction
from app.domain.clock import day_begins
from app.identity.actor import Actor
from app.ledger.allocations import ALLOCATIONS, REASONS, TYPES, Allocation, allocation
from app.services.context import Context
from app.services.cursor import Pager
from app.services.holdings import numbers_of
from app.services.inbox import like_escaped
from app.services.queries.sorting import Key, Keyset, Order, order_of

SIZE = 20
NEWEST = Order("at", descending=True)
KEYS = {
    "batch": Key("batch", "r.batch", str),
    "year": Key("year", "r.year"),
    "code": Key("code", "r.code", str),
    "quantity": Key("quantity", "r.quantity"),
    "at": Key("at", "r.at", datetime),
}
# In the order of the fields of Narrowed.
RULES = (
    f"({' OR '.join(f'r.{name} ILIKE %(like)s' for name in ('batch', 'code', 'name', 'name_en'))})",
    "r.kind = %(kind)s",
    "r.year = %(year)s",
    "r.at >= %(since)s",
    "r.at < %(until)s",
)
IDS = tuple(Key(name, f"r.{name}") for name in ("event_id", "instrument_id", "account_id"))


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Part of a document number or instrument; kind; year; days (both included)."""

    search: str = ""
    kind: str = ""
    year: int | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class Allocations:
    """One page, and of all that was found: how many rows, and how many tonnes."""

    rows: tuple[Allocation, ...]
    pager: Pager
    order: Order
    count: int
    total: int
    years: tuple[int, ...]


def listed(
    ctx: Context, actor: Actor, narrowed: Narrowed, sort: str = "", cursor: str | None = None
) -> Allocations:
    """Return a page of what was allocated to the accounts of the actor's organisation.

    Raises Invalid for a cursor that is not one of this order.
    """
    order = order_of(sort, KEYS, NEWEST)
    keyset = Keyset.read(KEYS[order.key], IDS, cursor, descending=order.descending)
    with ctx.database.transaction() as tx:
        params = _params(tx, actor, narrowed)
        page = f"{_rows(narrowed)} AND {keyset.condition} ORDER BY {keyset.order} LIMIT {SIZE + 1}"
        rows, pager = keyset.cut(tx.maps(page, params | keyset.params), SIZE)
        sums = f"SELECT count(*), coalesce(sum(quantity), 0)::bigint FROM ({_rows(narrowed)}) AS s"  # noqa: S608
        count, total = tx.one(sums, params) or (0, 0)
        years = tx.all(
            f"SELECT DISTINCT r.year FROM ({ALLOCATIONS}) AS r WHERE r.year > 0 ORDER BY 1 DESC",  # noqa: S608
            params,
        )
        shown = tuple(_numbered(tx, rows))
    return Allocations(shown, pager, order, count, total, tuple(row[0] for row in years))


def exported(
    ctx: Context, actor: Actor, narrowed: Narrowed, sort: str = ""
) -> Iterator[Allocation]:
    """Yield all of them in their order; memory holds one batch."""
    order = order_of(sort, KEYS, NEWEST)
    keyset = Keyset.read(KEYS[order.key], IDS, None, descending=order.descending)
    with ctx.database.transaction() as tx:
        query = f"{_rows(narrowed)} ORDER BY {keyset.order}"
        for batch in tx.batches(query, _params(tx, actor, narrowed)):
            yield from _numbered(tx, batch)


def _numbered(tx: Transaction, rows: list[dict[str, Any]]) -> Iterator[Allocation]:
    numbers = numbers_of(tx, [row["instance_id"] for row in rows])
    for row in rows:
        yield allocation(row, numbers.get(row["instance_id"] or 0, ""))


def _rows(narrowed: Narrowed) -> str:
    """Return the query of all that the filters leave; its values are parameters."""
    rules = [rule for rule, asked in zip(RULES, astuple(narrowed), strict=True) if asked]
    return f"SELECT * FROM ({ALLOCATIONS}) AS r WHERE {' AND '.join(['true', *rules])}"  # noqa: S608


def _params(tx: Transaction, actor: Actor, narrowed: Narrowed) -> dict[str, Any]:
    accounts = tx.all(
        "SELECT id FROM identity.account WHERE holder_id = %(holder)s AND type <> 'office'",
        {"holder": actor.holder_id},
    )
    since, until = narrowed.since, narrowed.until
    return {
        "accounts": [row[0] for row in accounts],
        "types": list(TYPES),
        "reasons": json.dumps(REASONS),
        "like": "%" + like_escaped(narrowed.search) + "%",
        "kind": narrowed.kind,
        "year": narrowed.year,
        "since": day_begins(since) if since else None,
        "until": day_begins(until + timedelta(days=1)) if until else None,
    }
