"""What the accounts of one's own organisation hold, and how it came about (M26, M27, F28, F29)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction
from app.domain.errors import NotFound
from app.domain.label import Label
from app.identity.actor import Actor
from app.ledger.holdings import Holding, holdings
from app.ledger.statement import Movement, Side, movements, statement
from app.services.context import Context
from app.services.cursor import Cursor, read_cursor

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
    """D1-D7 per instrument of one account, and their sums, in whole tonnes."""

    account: AccountView
    accounts: tuple[AccountView, ...]
    rows: tuple[Holding, ...]
    numbers: dict[int, str]
    at: datetime

    @property
    def totals(self) -> dict[str, int]:
        """The sums over all instruments."""
        return {name: sum(getattr(row, name) for row in self.rows) for name in QUANTITIES}


@dataclass(frozen=True)
class StatementView:
    """One page of a registry or trading ledger, newest first."""

    account: AccountView
    side: Side
    rows: tuple[Movement, ...]
    next: str | None


def accounts(ctx: Context, actor: Actor) -> list[AccountView]:
    """Return the accounts of the actor's organisation that can hold units."""
    with ctx.database.transaction() as tx:
        return _accounts(tx, actor)


def holding(ctx: Context, actor: Actor, account_id: int | None = None) -> HoldingsView | None:
    """Return an account's holding: the one asked for, or the one acted for.

    None when the organisation has no account that holds units; raises NotFound for an account of
    somebody else.
    """
    with ctx.database.transaction() as tx:
        own = _accounts(tx, actor)
        if account_id is None and not own:
            return None
        account = _chosen(own, actor, account_id)
        rows = tuple(holdings(tx, account.id))
        return HoldingsView(account, tuple(own), rows, _numbers(tx, rows), ctx.clock.now())


def ledger(
    ctx: Context,
    actor: Actor,
    account_id: int,
    side: Side,
    instrument_id: int | None = None,
    cursor: str | None = None,
) -> StatementView:
    """Return a page of a holding's registry or trading ledger; raises NotFound for a stranger's."""
    at = read_cursor(cursor, (int, int))
    after = (int(at.after[0]), int(at.after[1])) if at else None
    with ctx.database.transaction() as tx:
        account = _chosen(_accounts(tx, actor), actor, account_id)
        page = statement(tx, account.id, side, instrument_id=instrument_id, after=after)
    following = Cursor(page.after).text() if page.after else None
    return StatementView(account, side, page.rows, following)


def ledger_rows(
    ctx: Context, actor: Actor, account_id: int, side: Side, instrument_id: int | None = None
) -> Iterator[Movement]:
    """Return all rows of a ledger for an export, one page in memory at a time.

    Raises NotFound at once for an account of somebody else.
    """
    with ctx.database.transaction() as tx:
        account = _chosen(_accounts(tx, actor), actor, account_id)
    return _streamed(ctx, account.id, side, instrument_id)


def _streamed(
    ctx: Context, account_id: int, side: Side, instrument_id: int | None
) -> Iterator[Movement]:
    with ctx.database.transaction() as tx:
        tx.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield from movements(tx, account_id, side, instrument_id=instrument_id)


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


def _numbers(tx: Transaction, rows: tuple[Holding, ...]) -> dict[int, str]:
    """Return the numbers of the applications that units are reserved for (D2)."""
    ids = [r.instance_id for row in rows for r in row.reservations if r.instance_id is not None]
    found = tx.all(
        "SELECT id, number FROM workflow.instance WHERE id = ANY (%(ids)s)", {"ids": ids}
    )
    return {row[0]: row[1] for row in found}
