"""Holdings D1-D7 and the two ledgers of one's own accounts."""

from typing import Any

from marshmallow import Schema, fields

from app.api.doors import actor, context
from app.api.groups import group
from app.api.shapes import Id, Label, PageQuery, Range, Tonnes
from app.domain.errors import NotFound
from app.services import holdings
from app.services.holdings import SIDES, AccountView, HoldingsView, LedgerFilter, StatementView

resources = group("holdings", "/accounts", "Holdings and ledgers")


class Account(Schema):
    """An account of one's organisation that can hold units."""

    id = fields.Integer()
    number = fields.String()
    name = fields.String()
    type = fields.Nested(Label)
    status = fields.String()


class Holding(Schema):
    """D1-D7 of one instrument, in whole tonnes."""

    instrument = fields.String(attribute="code")
    instrument_id = fields.Integer()
    name = fields.String()
    name_en = fields.String()
    unit_type = fields.String()
    registry_available = Tonnes()
    registry_frozen = Tonnes()
    registry_pending_transfer = Tonnes()
    pending_to_trading = Tonnes()
    trading_held = Tonnes()
    trading_pending_transfer = Tonnes()
    total = Tonnes()


class HoldingsOut(Schema):
    """The holding of an account with its linked trading accounts."""

    account = fields.Nested(Account)
    at = fields.AwareDateTime()
    holdings = fields.List(fields.Nested(Holding), attribute="rows")


class HoldingsQuery(Schema):
    """The day at whose end the position is asked for, in Beijing; none: now."""

    date = fields.Date(load_default=None)


class LedgerQuery(PageQuery):
    """What narrows a ledger: an instrument, days (both included); and its order."""

    instrument_id = Id(load_default=None)
    since = fields.Date(load_default=None)
    until = fields.Date(load_default=None)
    oldest_first = fields.Boolean(load_default=False)


class Row(Schema):
    """What one event did to one instrument; changes are signed whole tonnes."""

    at = fields.AwareDateTime()
    transfer_id = fields.Integer()
    document = fields.String()
    type = fields.String()
    kind = fields.String()
    application_id = fields.Integer(attribute="instance_id", allow_none=True)
    instrument = fields.String(attribute="code")
    from_account = fields.String()
    from_position = fields.String(allow_none=True)
    to_account = fields.String()
    to_position = fields.String()
    quantity = Tonnes()
    change = fields.String()
    available_change = fields.String(attribute="free_change")
    balance = Tonnes()
    available = Tonnes(attribute="free")
    serials = fields.List(fields.Nested(Range), attribute="ranges")


class Ledger(Schema):
    """A page of a ledger, newest first."""

    account = fields.Nested(Account)
    side = fields.String()
    rows = fields.List(fields.Nested(Row))
    next = fields.String(allow_none=True)


@resources.get("")
@resources.response(200, Account(many=True))
def read_accounts() -> list[AccountView]:
    """Return the accounts of one's organisation that can hold units."""
    return holdings.accounts(context(), actor("read"))


@resources.get("/<int:account_id>/holdings")
@resources.arguments(HoldingsQuery, location="query")
@resources.response(200, HoldingsOut)
def read_holdings(query: dict[str, Any], account_id: int) -> HoldingsView:
    """Return D1-D7 of an account of one's own organisation, now or at the end of a day."""
    found = holdings.holding(context(), actor("read"), account_id, query["date"])
    if found is None:
        raise NotFound
    return found


@resources.get("/<int:account_id>/ledgers/<side>")
@resources.arguments(LedgerQuery, location="query")
@resources.response(200, Ledger)
def read_ledger(query: dict[str, Any], account_id: int, side: str) -> StatementView:
    """Return a page of the registry or the trading ledger."""
    if side not in SIDES:
        raise NotFound
    return holdings.ledger(
        context(),
        actor("read"),
        account_id,
        SIDES[side],
        LedgerFilter(query["instrument_id"], query["since"], query["until"], query["oldest_first"]),
        query.get("cursor"),
    )
