"""The position of any day, counted from the journal, is what the blocks said on that day."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.errors import RegistryError
from app.ledger.as_of import holdings_as_of
from app.ledger.effects import Post
from app.ledger.holdings import Holding, holdings
from tests.ledger.market import AT, Market

pytestmark = pytest.mark.database

ACTS = ("surrender", "post", "void", "reverse", "freeze", "unfreeze", "to_trading", "custody")
PLAYED = st.lists(
    st.tuples(
        st.integers(0, 2),  # days passing before the act
        st.sampled_from(ACTS),
        st.integers(1, 400),
        st.integers(0, 3),  # which of the transfers still open
    ),
    min_size=1,
    max_size=12,
)
WATCHED = ("compliance", "surrender", "custody")


def play(market: Market, act: str, tonnes: int, which: int, transfers: list) -> None:
    """Do one act if the market allows it."""
    operators = {"who": "operator", "approver": "operator_2"}
    chosen = transfers[which % len(transfers)] if transfers else None
    match act:
        case "surrender":
            wish = {"allowance": tonnes, "ccer": min(tonnes, 5)}
            transfers.append((market.reserve(wish), "province"))
        case "custody":
            transfers.append((market.reserve(tonnes, kind="custody"), "operator"))
        case "to_trading":
            moved = market.reserve(tonnes, kind="registry_to_trading")
            transfers.append((moved, "emitter"))
        case "post" if chosen:
            transfer, who = chosen
            account = "compliance" if who == "emitter" else None
            market.execute(Post(transfer, market.by(who, account)))
        case "void" if chosen:
            market.void(*chosen)
        case "reverse" if chosen:
            market.reverse(chosen[0])
        case "freeze" | "unfreeze":
            market.direct(act, "compliance", None, "allowance", tonnes, **operators)


def seen(market: Market, until=None) -> dict[str, list[Holding]]:
    with market.database.transaction() as tx:
        return {
            name: holdings_as_of(tx, market.accounts[name], until)
            if until
            else holdings(tx, market.accounts[name])
            for name in WATCHED
        }


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(played=PLAYED)
def test_a_past_day_is_what_the_blocks_held_at_its_end(a_supplied_market: Market, played):
    market = a_supplied_market
    market.at += timedelta(days=1)
    said = {market.at: seen(market)}
    transfers: list = []
    for days, act, tonnes, which in played:
        market.at += timedelta(days=days)
        try:
            play(market, act, tonnes, which, transfers)
        except RegistryError:
            continue
        finally:
            said[market.at] = seen(market)
    for at, held in said.items():
        assert seen(market, at + timedelta(hours=1)) == held
    assert seen(market, market.at + timedelta(days=1)) == seen(market)


def test_before_the_first_unit_nothing_was_held(a_supplied_market: Market):
    assert seen(a_supplied_market, AT) == {name: [] for name in WATCHED}
