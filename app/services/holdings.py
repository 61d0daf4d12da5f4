"""What the accounts of one's own organisation hold, and how it came about (M26, M27, F28, F29)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from app.db import Transaction
from app.domain.clock import day_begins, local_day
from app.domain.errors import Invalid, NotFound
from app.domain.label import Label
from app.identity.actor import Actor
from app.ledger.as_of import holdings_as_of
from app.ledger.holdings import Holding, holdings
from app.ledger.statement import (
    Movement,
    Side,
    Wanted,
    count,
    moved_instruments,
    movements,
    statement,
)
from app.services.context import Context
from app.services.cursor import Cursor, read_cursor

COUNTED = 10_000  # a longer ledger reads "more than 10,000"
BATCH = 1_000  # rows of an export
SIDES: dict[str, Side] = {"registry": "registry", "trading": "trading"}
QUANTITIES = (
    "registry_available",
    "registry_frozen",
    "registry_pending_transfer",
    "pending_to_trading",
    "trading_held",
    "trading_pending_transfer",
    "total",
)


@dataclass(frozen=True, slots=True)
class AccountView:
    """A holding account of the organisation; its trading accounts count with it (G4)."""

    id: int
    number: str
    name: str
    type: Label
    status: str


@dataclass(frozen=True)
class HoldingsView:
    """D1-D7 per instrument of one account, and their sums, in whole tonnes.

    ``at`` is the instant that the figures are of; with ``day`` it is the end of that day.
    """

    account: AccountView
    accounts: tuple[AccountView, ...]
    rows: tuple[Holding, ...]
    numbers: dict[int, str]
    at: datetime
    day: date | None = None

    @property
    def totals(self) -> dict[str, int]:
        """The sums over all instruments."""
        return {name: sum(getattr(row, name) for row in self.rows) for name in QUANTITIES}


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """What narrows a ledger: an instrument, days (both included); and its order."""

    instrument_id: int | None = None
    since: date | None = None
    until: date | None = None
    oldest_first: bool = False

    def wanted(self) -> Wanted:
        """Return the same as the ledger takes it: days of Beijing as instants."""
        return Wanted(
            self.instrument_id,
            day_begins(self.since) if self.since else None,
            day_begins(self.until + timedelta(days=1)) if self.until else None,
            self.oldest_first,
        )


@dataclass(frozen=True)
class StatementView:
    """One page of a registry or trading ledger, newest first unless asked otherwise.

    ``numbers`` are those of the applications that rows come from; ``count`` stops at ``COUNTED``.
    """

    account: AccountView
    side: Side
    rows: tuple[Movement, ...]
    next: str | None
    previous: str | None
    numbers: dict[int, str]
    instruments: tuple[tuple[int, str, Label], ...]
    count: int


def accounts(ctx: Context, actor: Actor) -> list[AccountView]:
    """Return the accounts of the actor's organisation that can hold units."""
    with ctx.database.transaction() as tx:
        return _accounts(tx, actor)


def holding(
    ctx: Context, actor: Actor, account_id: int | None = None, day: date | None = None
) -> HoldingsView | None:
    """Return an account's holding: the one asked for, or the one acted for.

    With a ``day`` it is the position at the end of that day in Beijing, from the journal. None
    when the organisation has no account that holds units; raises NotFound for an account of
    somebody else, Invalid for a day that has not come yet.
    """
    now = ctx.clock.now()
    if day is not None and day > local_day(now):
        zh, en = "日期不能晚于今天。", "The date must not lie in the future."
        raise Invalid(zh, en, fields={"date": Label(zh, en)})
    with ctx.database.transaction() as tx:
        own = _accounts(tx, actor)
        if account_id is None and not own:
            return None
        account = _chosen(own, actor, account_id)
        if day is None:
            rows, at = tuple(holdings(tx, account.id)), now
        else:
            at = day_begins(day + timedelta(days=1))
            rows = tuple(holdings_as_of(tx, account.id, at))
        reserved = [r.instance_id for row in rows for r in row.reservations]
        return HoldingsView(account, tuple(own), rows, numbers_of(tx, reserved), at, day)


def ledger(
    ctx: Context,
    actor: Actor,
    account_id: int,
    side: Side,
    narrowed: LedgerFilter | None = None,
    cursor: str | None = None,
) -> StatementView:
    """Return a page of a holding's registry or trading ledger; raises NotFound for a stranger's."""
    narrowed = narrowed or LedgerFilter()
    at = read_cursor(cursor, (int, int))
    place = (int(at.after[0]), int(at.after[1])) if at else None
    with ctx.database.transaction() as tx:
        account = _chosen(_accounts(tx, actor), actor, account_id)
        wanted = narrowed.wanted()
        page = statement(tx, account.id, side, wanted, after=place, back=bool(at and at.back))
        return StatementView(
            account,
            side,
            page.rows,
            Cursor(page.after).text() if page.after else None,
            Cursor(page.before, back=True).text() if page.before else None,
            numbers_of(tx, [row.instance_id for row in page.rows]),
            tuple(moved_instruments(tx, account.id, side)),
            count(tx, account.id, side, wanted, COUNTED + 1),
        )


def ledger_rows(
    ctx: Context,
    actor: Actor,
    account_id: int,
    side: Side,
    narrowed: LedgerFilter | None = None,
) -> Iterator[tuple[Movement, str]]:
    """Return all rows of a ledger, each with the number of its application, for an export.

    Memory holds one batch of rows. Raises NotFound at once for an account of somebody else.
    """
    with ctx.database.transaction() as tx:
        account = _chosen(_accounts(tx, actor), actor, account_id)
    return _streamed(ctx, account.id, side, (narrowed or LedgerFilter()).wanted())


def _streamed(
    ctx: Context, account_id: int, side: Side, wanted: Wanted
) -> Iterator[tuple[Movement, str]]:
    with ctx.database.transaction() as tx:
        rows = movements(tx, account_id, side, wanted)
        while batch := list(islice(rows, BATCH)):
            numbers = numbers_of(tx, [row.instance_id for row in batch])
            for row in batch:
                yield row, numbers.get(row.instance_id or 0, "")


def _accounts(tx: Transaction, actor: Actor) -> list[AccountView]:
    rows = tx.all(
        """SELECT a.id, a.number, a.name, t.name, t.name_en, a.status
           FROM identity.account a JOIN identity.account_type t ON t.code = a.type
           WHERE a.holder_id = %(holder)s AND a.type <> 'office' AND a.linked_account_id IS NULL
             AND EXISTS (SELECT FROM identity.account_type_position p
                         WHERE p.account_type = a.type)
           ORDER BY a.id""",
        {"holder": actor.holder_id},
    )
    return [AccountView(row[0], row[1], row[2], Label(row[3], row[4]), row[5]) for row in rows]


def _chosen(own: list[AccountView], actor: Actor, account_id: int | None) -> AccountView:
    by_id = {account.id: account for account in own}
    if account_id is not None:
        if account_id not in by_id:
            raise NotFound
        return by_id[account_id]
    return by_id.get(actor.account_id, own[0])


def numbers_of(tx: Transaction, ids: Iterable[int | None]) -> dict[int, str]:
    """Return the numbers of applications, by id."""
    found = tx.all(
        "SELECT id, number FROM workflow.instance WHERE id = ANY (%(ids)s)",
        {"ids": sorted({id_ for id_ in ids if id_ is not None})},
    )
    return {row[0]: row[1] for row in found}
