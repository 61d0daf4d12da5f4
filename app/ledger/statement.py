"""登记持仓流水 / 交易持仓流水 (M27, F29): every movement of a holding, with running balances.

A row is what one event did to one instrument on one side of the holding: the registry side is the
holding account, the trading side its linked trading accounts. Newest first, by keyset. Balances
are counted back from what the blocks hold now, in the same snapshot, so they never drift.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from app.db import Transaction
from app.domain.label import Label
from app.ledger.holdings import accounts_of

Side = Literal["registry", "trading"]
Cursor = tuple[int, int]  # event, instrument: the last row shown

# Free units of each side; what is reserved, frozen or pending is there, but not free.
FREE = {"registry": "registry_available", "trading": "trading_held"}

MOVEMENTS = """
WITH shown AS (
    SELECT event_id, instrument_id
    FROM unnest(%(accounts)s::bigint[]) AS account CROSS JOIN LATERAL (
        (SELECT DISTINCT e.event_id, e.instrument_id FROM ledger.entry e
         WHERE e.to_account_id = account {window}
         ORDER BY e.event_id DESC, e.instrument_id DESC LIMIT %(limit)s)
        UNION ALL
        (SELECT DISTINCT e.event_id, e.instrument_id FROM ledger.entry e
         WHERE e.from_account_id = account AND e.from_account_id <> e.to_account_id {window}
         ORDER BY e.event_id DESC, e.instrument_id DESC LIMIT %(limit)s)) AS newest
    GROUP BY 1, 2 ORDER BY 1 DESC, 2 DESC LIMIT %(limit)s
), mine AS (
    SELECT e.event_id, e.instrument_id, e.serials, upper(e.serials) - lower(e.serials) AS q,
           e.from_account_id, e.from_position, e.to_account_id, e.to_position
    FROM shown s
    JOIN ledger.entry e ON e.event_id = s.event_id AND e.instrument_id = s.instrument_id
    WHERE e.to_account_id = ANY (%(accounts)s) OR e.from_account_id = ANY (%(accounts)s)
), rows AS (
    SELECT m.event_id, m.instrument_id, min(m.from_account_id) AS from_account,
           count(DISTINCT m.from_account_id) AS senders, min(m.to_account_id) AS to_account,
           count(DISTINCT m.to_account_id) AS receivers, min(m.from_position) AS from_position,
           min(m.to_position) AS to_position, sum(m.q)::bigint AS quantity,
           sum(m.q * ((m.to_account_id = ANY (%(accounts)s))::int
                    - (m.from_account_id = ANY (%(accounts)s))::int))::bigint AS change,
           sum(m.q * ((m.to_account_id = ANY (%(accounts)s) AND m.to_position = %(free)s)::int
                    - (m.from_account_id = ANY (%(accounts)s)
                       AND m.from_position IS NOT DISTINCT FROM %(free)s)::int))::bigint
               AS free_change,
           (SELECT array_agg(ARRAY[lower(x), upper(x) - 1] ORDER BY x)
            FROM unnest(range_agg(m.serials)) AS x) AS ranges
    FROM mine m GROUP BY m.event_id, m.instrument_id
)
SELECT r.event_id, r.instrument_id, i.code, i.name, i.name_en, v.at, v.kind, t.id, t.type, k.name,
       k.name_en, t.reason, t.instance_id,
       CASE r.senders WHEN 1 THEN f.number ELSE '×' || r.senders END,
       CASE r.receivers WHEN 1 THEN o.number ELSE '×' || r.receivers END, r.from_position,
       r.to_position, r.quantity, r.change, r.free_change, r.ranges
FROM rows r
JOIN ledger.transfer_event v ON v.id = r.event_id
JOIN ledger.transfer t ON t.id = v.transfer_id
JOIN ledger.transaction_type k ON k.code = t.type
JOIN ledger.instrument i ON i.id = r.instrument_id
JOIN identity.account f ON f.id = r.from_account
JOIN identity.account o ON o.id = r.to_account
ORDER BY r.event_id DESC, r.instrument_id DESC"""

# What lies there now, less everything that the rows down to the cursor did.
BALANCES = """
SELECT n.instrument_id, sum(n.q)::bigint, sum(n.free)::bigint
FROM (
    SELECT b.instrument_id, upper(b.serials) - lower(b.serials) AS q,
           CASE WHEN b.position = %(free)s THEN upper(b.serials) - lower(b.serials) ELSE 0 END
               AS free
    FROM ledger.unit_block b WHERE b.account_id = ANY (%(accounts)s)
    UNION ALL
    SELECT e.instrument_id, CASE WHEN e.from_account_id = ANY (%(accounts)s) THEN 0
               ELSE -(upper(e.serials) - lower(e.serials)) END,
           (upper(e.serials) - lower(e.serials))
               * ((e.from_account_id = ANY (%(accounts)s)
                   AND e.from_position IS NOT DISTINCT FROM %(free)s)::int
                  - (e.to_position = %(free)s)::int)
    FROM ledger.entry e
    WHERE e.to_account_id = ANY (%(accounts)s) AND {newer}
    UNION ALL
    SELECT e.instrument_id, upper(e.serials) - lower(e.serials),
           CASE WHEN e.from_position = %(free)s THEN upper(e.serials) - lower(e.serials)
                ELSE 0 END
    FROM ledger.entry e
    WHERE e.from_account_id = ANY (%(accounts)s) AND e.from_account_id <> e.to_account_id
      AND e.to_account_id <> ALL (%(accounts)s) AND {newer}
) n GROUP BY n.instrument_id"""

OF_INSTRUMENT = "AND e.instrument_id = %(instrument)s"
BEFORE_CURSOR = "AND (e.event_id, e.instrument_id) < (%(event)s, %(at_instrument)s)"
FROM_CURSOR = "(e.event_id, e.instrument_id) >= (%(event)s, %(at_instrument)s)"


@dataclass(frozen=True, slots=True)
class Movement:
    """One row of a ledger page.

    ``change`` is signed and says what the side gained or lost; a reservation changes nothing but
    what is free (``free_change``). ``balance`` and ``free`` are the side's tonnes of this
    instrument after the movement. An allocation to many is one row to ``×1341`` accounts.
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
    """Rows of a page, newest first, and the cursor of the next one (None: that was all)."""

    rows: tuple[Movement, ...]
    after: Cursor | None


def statement(
    tx: Transaction,
    account_id: int,
    side: Side,
    *,
    instrument_id: int | None = None,
    after: Cursor | None = None,
    limit: int = 50,
) -> Page:
    """Return a page of a holding's registry or trading ledger."""
    accounts = _side(tx, account_id, side)
    params: dict[str, Any] = {
        "accounts": accounts,
        "free": FREE[side],
        "instrument": instrument_id,
        "limit": limit + 1,
        "event": after[0] if after else None,
        "at_instrument": after[1] if after else None,
    }
    window = (BEFORE_CURSOR if after else "") + (" " + OF_INSTRUMENT if instrument_id else "")
    newer = FROM_CURSOR if after else "false"
    raw = tx.all(
        f"""SELECT m.*, b.balances FROM ({MOVEMENTS.format(window=window)}) m
            CROSS JOIN (SELECT jsonb_object_agg(s.instrument_id, ARRAY[s.sum, s.free])
                        FROM ({BALANCES.format(newer=newer)}) s(instrument_id, sum, free))
                AS b(balances)
            ORDER BY m.event_id DESC, m.instrument_id DESC""",  # noqa: S608
        params,
    )
    rows = tuple(_counted_back(raw[:limit]))
    return Page(rows, rows[-1].cursor if len(raw) > limit else None)


def movements(
    tx: Transaction, account_id: int, side: Side, *, instrument_id: int | None = None
) -> Iterator[Movement]:
    """Yield all rows of a ledger, newest first, for an export."""
    after: Cursor | None = None
    while True:
        page = statement(tx, account_id, side, instrument_id=instrument_id, after=after, limit=1000)
        yield from page.rows
        if page.after is None:
            return
        after = page.after


def _side(tx: Transaction, account_id: int, side: Side) -> list[int]:
    accounts = accounts_of(tx, account_id)
    rows = tx.all(
        """SELECT a.id FROM identity.account a
           WHERE a.id = ANY (%(a)s) AND (a.type = 'trading') = %(trading)s""",
        {"a": accounts, "trading": side == "trading"},
    )
    return [row[0] for row in rows]


def _counted_back(raw: list[tuple[Any, ...]]) -> Iterator[Movement]:
    """Yield rows with balances: the newest row's is what there is, each older one's before it."""
    balances = {int(k): list(v) for k, v in ((raw[0][-1] or {}) if raw else {}).items()}
    for row in raw:
        (event, instrument, code, name, name_en, at, kind, transfer, type_, zh, en, reason,
         instance, from_number, to_number, from_position, to_position, quantity, change,
         free_change, ranges, _) = row  # fmt: skip
        balance = balances.setdefault(instrument, [0, 0])
        yield Movement(
            event, instrument, code, name, name_en, at, kind, transfer, type_, Label(zh, en),
            reason, instance, from_number, to_number, from_position, to_position, quantity,
            change, free_change, balance[0], balance[1],
            tuple((first, last) for first, last in ranges),
        )  # fmt: skip
        balance[0] -= change
        balance[1] -= free_change
