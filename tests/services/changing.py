"""What tests of account changes share: a holder's data, and an application that changes some."""

from typing import Any

from app.domain.credit_code import check_character
from app.identity.actor import Actor
from app.identity.details import details_of, open_details
from app.services.account_changes.fields import as_seen
from app.services.applications import begin
from tests.services.market import Market

FLOW = "account_change"


def credit_code(n: int) -> str:
    """A correct unified social credit code."""
    first = f"91330100MA2{n:06d}"
    return first + check_character(first)


DATA = {
    "credit_code": credit_code(1),
    "legal_representative": "王建国",
    "registered_address": "甲省甲市电厂路 1 号",
    "industry": "power",
    "contact_person": "张文博",
    "contact_phone": "0571-87654321",
    "contact_email": "office@example.com",
}


def opened(market: Market, holder: str = "emitter", **changes: str) -> None:
    """The data that a holder was opened with."""
    with market.ctx.database.transaction() as tx:
        open_details(tx, market.clock.now(), {market.holder(holder): {**DATA, **changes}})


def data_of(market: Market, actor: Actor) -> dict[str, str]:
    """What is in force for the actor's holder and account."""
    with market.ctx.database.transaction() as tx:
        return details_of(tx, actor.holder_id, actor.account_id)


def form(market: Market, actor: Actor, **changes: str) -> dict[str, Any]:
    """The form as the page shows it now, with some fields changed."""
    now = data_of(market, actor)
    filled = {**now, **changes, "reason": "工商登记已变更。", "seen": as_seen(now)}
    return {name: value for name, value in filled.items() if value}


def ask(market: Market, actor: Actor, *, submit: bool = True, **changes: str) -> int:
    """Begin a change of the actor's data; return the application."""
    asked = form(market, actor, **changes)
    return begin(market.ctx, actor, FLOW, None, asked, submit=submit).instance_id
