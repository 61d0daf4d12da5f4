from itertools import pairwise

import pytest

from app.ledger.effects import Direct, Line, Order, Post
from app.ledger.statement import movements, statement
from app.ledger.transfers import transfers
from tests.ledger.market import Market

pytestmark = pytest.mark.database


def rows_of(market, account, side, **options):
    with market.database.transaction() as tx:
        return list(movements(tx, market.accounts[account], side, **options))


def test_the_running_balance_ends_at_what_is_held_and_begins_at_nothing(
    a_supplied_market: Market,
):
    market = a_supplied_market
    market.void(market.reserve(200))
    market.post(market.reserve({"allowance": 300, "ccer": 10}))
    rows = rows_of(market, "compliance", "registry")
    for name, total in (("allowance", 700), ("ccer", 90)):
        own = [r for r in rows if r.instrument_id == market.instruments[name]]
        assert (own[0].balance, own[0].free) == (total, total)
        for newer, older in pairwise(own):
            assert newer.balance - newer.change == older.balance
            assert newer.free - newer.free_change == older.free
        assert own[-1].balance == own[-1].change
    assert [r.change for r in rows if r.kind == "reserved"] == [0, 0, 0]


def test_a_row_says_why_with_which_serials(a_supplied_market: Market):
    market = a_supplied_market
    transfer = market.reserve(300, instance=12)
    market.post(transfer)
    row = rows_of(market, "compliance", "registry")[0]
    assert (row.transfer_id, row.instance_id, row.type_label.zh) == (transfer, 12, "履约清缴")
    assert (row.change, row.quantity, row.to_account) == (-300, 300, "surrender")
    assert row.ranges == ((1, 300),)


def test_what_goes_to_many_accounts_is_one_row_with_its_serials_together(a_market: Market):
    market = a_market
    market.supply(100)
    national = {"who": "national", "approver": "national_2"}
    market.direct("allowance_create", "issuance_source", None, "allowance", 30, **national)
    for type_, source, target in (
        ("national_allowance_distribution", "national_total", "national_apportionment"),
        ("allowance_apportionment", "national_apportionment", "provincial_total"),
    ):
        market.direct(type_, source, target, "allowance", 30, **national)
    allowance = market.instruments["allowance"]
    market.execute(
        Direct(
            "to-many",
            "provincial_allowance_allocation",
            market.accounts["provincial_total"],
            (
                Line(allowance, 10, market.accounts["compliance"]),
                Line(allowance, 20, market.accounts["other"]),
            ),
            Order(market.people["province"], "文号", market.people["province_2"]),
            market.by("province", "provincial_total"),
        )
    )
    row = rows_of(market, "provincial_total", "registry")[0]
    assert (row.to_account, row.change, row.balance) == ("×2", -30, 0)
    assert row.ranges == ((101, 130),)
    assert rows_of(market, "provincial_total", "trading") == []


def test_pages_go_on_where_the_last_one_ended_with_the_same_balances(
    a_supplied_market: Market,
):
    market = a_supplied_market
    for _ in range(6):
        market.post(market.reserve({"allowance": 5, "ccer": 3}))
    whole = rows_of(market, "compliance", "registry")
    paged, after = [], None
    while True:
        with market.database.transaction() as tx:
            page = statement(tx, market.accounts["compliance"], "registry", after=after, limit=3)
        paged.extend(page.rows)
        after = page.after
        if after is None:
            break
    assert paged == whole


def test_movements_within_the_pair_of_accounts_show_on_both_sides(a_supplied_market: Market):
    market = a_supplied_market
    transfer = market.reserve(400, kind="registry_to_trading")
    market.execute(Post(transfer, market.by("emitter", "compliance")))
    registry = rows_of(
        market, "compliance", "registry", instrument_id=market.instruments["allowance"]
    )
    trading = rows_of(
        market, "compliance", "trading", instrument_id=market.instruments["allowance"]
    )
    assert [(r.kind, r.change, r.balance, r.free) for r in registry[:2]] == [
        ("posted", -400, 600, 600),
        ("reserved", 0, 1000, 600),
    ]
    assert [(r.kind, r.change, r.balance) for r in trading] == [("posted", 400, 400)]


def test_a_transfer_is_shown_with_its_state_and_the_serials_it_moved(a_supplied_market: Market):
    market = a_supplied_market
    first = market.reserve({"allowance": 300, "ccer": 20})
    market.post(first)
    back = market.reverse(first)
    with market.database.transaction() as tx:
        shown, reversal = transfers(tx, [first, back])
    assert (shown.state, shown.reversed_by, reversal.reverses_id) == ("posted", back, first)
    assert reversal.document_number == "文号 2"
    assert [(leg.code, leg.quantity, leg.to_account) for leg in shown.legs] == [
        ("PE2021000025", 300, "surrender"),
        ("CCER-TEST-2019", 20, "ccer_offset"),
    ]
    assert shown.legs[0].ranges == ((1, 300),)
    assert reversal.legs[0].ranges == ((1, 300),)
