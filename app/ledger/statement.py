"""登记持仓流水 / 交易持仓流水 (M27, F29): every movement of a holding, with running balances.

A row is what one event did to one instrument on one side of the holding: the registry side is the
holding account, the trading side its linked trading accounts. Balances are the side's own after
each row, whatever the filters hide, and never drift: they come from the blocks, in one snapshot.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from app.db import Transaction
from app.domain.label import Label
from app.ledger import statement_sql as parts
from app.ledger.holdings import accounts_of

Side = Literal["registry", "trading"]
Cursor = tuple[int, int]  # event, instrument: a row shown

# Free units of each side; what is reserved, frozen or pending is there, but not free.
LIMIT = "LIMIT %(limit)s"
FREE = {"registry": "registry_available", "trading": "trading_held"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What narrows a ledger, and its order. ``until`` is the first instant no longer wanted."""

    instrument_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    oldest_first: bool = False


@dataclass(frozen=True, slots=True)
class Movement:
    """One row of a ledger page.

    ``change`` is signed and says what the side gained or lost; a reservation changes nothing but
    what is free (``free_change``). ``balance`` and ``free`` are the side's tonnes of this
    instrument after the movement. An allocation to many is one row to ``×1341`` accounts.
    ``document`` is the number of the order behind it, empty for a step of an application.
    """

    event_id: int
    instrument_id: int
    code: str
    name: str
    name_en: str
    at: datetime
    kind: str
    transfer_id: int
    type: str
    type_label: Label
    reason: str
    instance_id: int | None
    document: str
    from_account: str
    to_account: str
    from_position: str | None
    to_position: str
    quantity: int
    change: int
    free_change: int
    balance: int
    free: int
    ranges: tuple[tuple[int, int], ...]

    @property
    def cursor(self) -> Cursor:
        """Return the place of this row, to go on after it."""
        return self.event_id, self.instrument_id


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a page, and the places to go on from (None: there is nothing on that side)."""

    rows: tuple[Movement, ...]
    before: Cursor | None
    after: Cursor | None


def statement(
    tx: Transaction,
    account_id: int,
    side: Side,
    wanted: Wanted | None = None,
    *,
    after: Cursor | None = None,
    back: bool = False,
    limit: int = 50,
) -> Page:
    """Return a page of a holding's registry or trading ledger, after (or before) a row."""
    wanted = wanted or Wanted()
    params = _params(tx, account_id, side, wanted) | {
        "limit": limit + 1,
        "event": after[0] if after else None,
        "at_instrument": after[1] if after else None,
    }
    rows = [_movement(row) for row in tx.maps(_sql(wanted, after, LIMIT, back=back), params)]
    more = len(rows) > limit
    if more:
        rows = rows[1:] if back else rows[:-1]
    earlier, later = (more, True) if back else (after is not None, more)
    return Page(
        tuple(rows),
        rows[0].cursor if rows and earlier else None,
        rows[-1].cursor if rows and later else None,
    )


def movements(
    tx: Transaction, account_id: int, side: Side, wanted: Wanted | None = None
) -> Iterator[Movement]:
    """Yield all rows of a ledger, for an export; memory holds one batch of them."""
    wanted = wanted or Wanted()
    sql = _sql(wanted)
    for batch in tx.batches(sql, _params(tx, account_id, side, wanted)):
        yield from map(_movement, batch)


def count(tx: Transaction, account_id: int, side: Side, wanted: Wanted, most: int) -> int:
    """Return how many rows a ledger has, counting no further than ``most``."""
    params = _params(tx, account_id, side, wanted) | {"limit": most}
    shown = _shown(wanted, limit=LIMIT)
    row = tx.one(f"SELECT count(*) FROM ({shown}) AS rows", params)  # noqa: S608 - constants
    return int(row[0]) if row else 0


def moved_instruments(tx: Transaction, account_id: int, side: Side) -> list[tuple[int, str, Label]]:
    """Return id, code and name of every instrument that a ledger tells of."""
    rows = tx.all(
        """SELECT i.id, i.code, i.name, i.name_en FROM ledger.instrument i
           WHERE i.id IN (SELECT e.instrument_id FROM ledger.entry e
                          WHERE e.to_account_id = ANY (%(a)s)) ORDER BY i.code""",
        {"a": _side(tx, account_id, side)},
    )
    return [(row[0], row[1], Label(row[2], row[3] or row[2])) for row in rows]


def _params(tx: Transaction, account_id: int, side: Side, wanted: Wanted) -> dict[str, Any]:
    return {
        "accounts": _side(tx, account_id, side),
        "free": FREE[side],
        "instrument": wanted.instrument_id,
        "since": wanted.since,
        "until": wanted.until,
    }


def _shown(
    wanted: Wanted, after: Cursor | None = None, limit: str = "", *, back: bool = False
) -> str:
    """Return the query of the rows shown: back from a row, they are walked the other way."""
    upwards = wanted.oldest_first != back
    direction = "ASC" if upwards else "DESC"
    window = " ".join(
        text
        for text, asked in (
            (parts.OF_INSTRUMENT, wanted.instrument_id),
            (parts.SINCE, wanted.since),
            (parts.UNTIL, wanted.until),
            (parts.AFTER.format(sign=">" if upwards else "<"), after),
        )
        if asked is not None
    )
    return parts.SHOWN.format(
        dated=parts.DATED if wanted.since or wanted.until else "",
        window=window,
        walk=f"ORDER BY event_id {direction}, instrument_id {direction} {limit}" if limit else "",
    )


def _sql(
    wanted: Wanted, after: Cursor | None = None, limit: str = "", *, back: bool = False
) -> str:
    up = wanted.oldest_first
    return parts.STATEMENT.format(
        shown=_shown(wanted, after, limit, back=back),
        reach=parts.OLDER if up else parts.NEWER,
        direction="ASC" if up else "DESC",
        balance=parts.COUNTED_UP if up else parts.COUNTED_BACK,
    )


def _side(tx: Transaction, account_id: int, side: Side) -> list[int]:
    accounts = accounts_of(tx, account_id)
    rows = tx.all(
        """SELECT a.id FROM identity.account a
           WHERE a.id = ANY (%(a)s) AND (a.type = 'trading') = %(trading)s""",
        {"a": accounts, "trading": side == "trading"},
    )
    return [row[0] for row in rows]


def _movement(row: Mapping[str, Any]) -> Movement:
    told = dict(row)
    name, name_en = told.pop("type_name"), told.pop("type_name_en")
    told["ranges"] = tuple((first, last) for first, last in told["ranges"])
    return Movement(type_label=Label(name, name_en), **told)
