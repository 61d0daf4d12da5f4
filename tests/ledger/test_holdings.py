import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ledger.effects import Post
from app.ledger.holdings import Holding, holdings, lots
from app.ledger.instruments import available
from tests.ledger.market import Market

pytestmark = pytest.mark.database
tonnes = st.integers(min_value=0, max_value=2**62)


def holding_of(market: Market, account: str, instrument: str = "allowance") -> Holding | None:
    with market.database.transaction() as tx:
        found = holdings(tx, market.accounts[account])
    return next((h for h in found if h.instrument_id == market.instruments[instrument]), None)


@given(st.tuples(*[tonnes] * 6))
def test_the_total_is_the_sum_of_its_five_parts(parts):
    held = Holding(1, "c", "n", "", "allowance", 2021, *parts)
    assert held.total == (
        held.registry_available
        + held.registry_frozen
        + held.registry_pending_transfer
        + held.trading_held
        + held.trading_pending_transfer
    )


def test_units_reserved_for_an_application_count_as_frozen_and_name_it(
    a_supplied_market: Market,
):
    market = a_supplied_market
    market.direct(
        "freeze",
        "compliance",
        "compliance",
        "allowance",
        50,
        who="operator",
        approver="operator_2",
    )
    transfer = market.reserve(300, instance=77)
    held = holding_of(market, "compliance")
    assert held is not None
    assert (held.registry_available, held.registry_frozen) == (650, 350)
    assert (held.frozen, held.reserved, held.total) == (50, 300, 1000)
    (reservation,) = held.reservations
    assert (reservation.transfer_id, reservation.instance_id) == (transfer, 77)
    assert (reservation.quantity, reservation.type.zh) == (300, "履约清缴")


def test_a_transfer_to_trading_is_pending_on_the_way_and_stays_in_the_total(
    a_supplied_market: Market,
):
    market = a_supplied_market
    transfer = market.reserve(400, kind="registry_to_trading")
    held = holding_of(market, "compliance")
    assert held is not None
    assert held.registry_pending_transfer == held.pending_to_trading == 400
    assert (held.registry_frozen, held.total) == (0, 1000)
    market.execute(Post(transfer, market.by("emitter", "compliance")))
    held = holding_of(market, "trading")
    assert held is not None
    assert (held.trading_held, held.registry_available, held.total) == (400, 600, 1000)
    back = market.reserve(100, kind="trading_to_registry", source="trading")
    held = holding_of(market, "compliance")
    assert held is not None
    assert (held.trading_held, held.trading_pending_transfer, held.total) == (300, 100, 1000)
    market.execute(Post(back, market.by("emitter", "compliance")))
    held = holding_of(market, "compliance")
    assert held is not None
    assert (held.registry_available, held.trading_held, held.total) == (700, 300, 1000)


def test_units_in_custody_leave_the_holding_and_lie_in_a_lot_that_returns_draw_on(
    a_supplied_market: Market,
):
    market = a_supplied_market
    market.post(market.reserve({"allowance": 1000, "ccer": 5}, kind="custody"), "operator")
    market.link("emitter", "other")
    assert holding_of(market, "compliance") is None
    with market.database.transaction() as tx:
        first, second = lots(tx, market.accounts["compliance"])
    assert (first.quantity, first.remaining) == (1000, 1000)
    assert sum(last - low + 1 for low, last in first.ranges) == 1000
    give = market.reserve(
        {"allowance": 600},
        kind="custody_return",
        source="custody",
        target="other",
        lots={"allowance": first.id},
        account="compliance",
    )
    with market.database.transaction() as tx:
        assert [lot.remaining for lot in lots(tx, market.accounts["compliance"])] == [400, 5]
    with pytest.raises(Exception, match="600 t requested, 400 t remain"):
        market.reserve(
            {"allowance": 600},
            kind="custody_return",
            source="custody",
            target="other",
            lots={"allowance": first.id},
            account="compliance",
        )
    market.post(give, "operator")
    with market.database.transaction() as tx:
        after, _ = lots(tx, market.accounts["compliance"])
    assert (after.remaining, after.reserved, after.returned) == (400, 0, 600)
    held = holding_of(market, "other")
    assert held is not None
    assert held.total == 600
    assert second.quantity == 5


def test_nobody_draws_on_another_depositors_lot(a_supplied_market: Market):
    market = a_supplied_market
    market.post(market.reserve(1000, kind="custody"), "operator")
    with market.database.transaction() as tx:
        (lot,) = lots(tx, market.accounts["compliance"])
    with pytest.raises(Exception, match="no custody lot"):
        market.reserve(
            {"allowance": 600},
            kind="custody_return",
            source="custody",
            target="other",
            who="other",
            lots={"allowance": lot.id},
            account="other",
        )


def test_what_is_available_is_what_lies_free(a_supplied_market: Market):
    market = a_supplied_market
    market.reserve(300)
    with market.database.transaction() as tx:
        found = {i.code: i.available for i in available(tx, market.accounts["compliance"])}
    assert found == {"PE2021000025": 700, "CCER-TEST-2019": 100}
