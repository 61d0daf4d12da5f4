from datetime import timedelta
from itertools import pairwise

import pytest

from app.ledger.effects import Direct, Line, Order, Post
from app.ledger.statement import Wanted, count, moved_instruments, movements, statement
from app.ledger.transfers import transfers
from tests.ledger.market import AT, Market

pytestmark = pytest.mark.database


def rows_of(market, account, side, **wanted):
    with market.database.transaction() as tx:
        return list(movements(tx, market.accounts[account], side, Wanted(**wanted)))


def pages_of(market, account, side, wanted=None, limit=3):
    """All rows, page by page to the end, and page by page back to the beginning."""
    forward, backward, after, before = [], [], None, None
    with market.database.transaction() as tx:
        account_id = market.accounts[account]
        while True:
            page = statement(tx, account_id, side, wanted, after=after, limit=limit)
            forward.extend(page.rows)
            before = page.before or before
            if page.after is None:
                break
            after = page.after
        if after is None:
            return forward, forward
        backward = [*page.rows]
        before = page.before
        while before is not None:
            page = statement(tx, account_id, side, wanted, after=before, back=True, limit=limit)
            backward = [*page.rows, *backward]
            before = page.before
    return forward, backward


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
    for wanted in (Wanted(), Wanted(oldest_first=True)):
        forward, backward = pages_of(market, "compliance", "registry", wanted)
        assert forward == backward == (whole[::-1] if wanted.oldest_first else whole)


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


def test_a_row_of_an_order_names_its_document(a_supplied_market: Market):
    market = a_supplied_market
    rows = rows_of(market, "compliance", "registry", instrument_id=market.instruments["allowance"])
    assert [(r.type_label.zh, r.document, r.instance_id) for r in rows] == [
        ("省级配额分配", "文号 1", None)
    ]


def test_what_a_filter_hides_still_counts_in_the_balance(a_supplied_market: Market):
    market = a_supplied_market
    days = [AT + timedelta(days=n) for n in range(1, 6)]
    for day in days:
        market.at = day
        market.post(market.reserve({"allowance": 10, "ccer": 2}))
    whole = rows_of(market, "compliance", "registry")
    for oldest_first in (False, True):
        wanted = Wanted(
            instrument_id=market.instruments["ccer"],
            since=days[1],
            until=days[3],
            oldest_first=oldest_first,
        )
        rows = rows_of(
            market,
            "compliance",
            "registry",
            instrument_id=wanted.instrument_id,
            since=days[1],
            until=days[3],
            oldest_first=oldest_first,
        )
        expected = [
            r
            for r in (whole[::-1] if oldest_first else whole)
            if r.instrument_id == wanted.instrument_id and days[1] <= r.at < days[3]
        ]
        assert rows == expected
        assert len(rows) == 4
        assert pages_of(market, "compliance", "registry", wanted) == (rows, rows)
        with market.database.transaction() as tx:
            account = market.accounts["compliance"]
            assert count(tx, account, "registry", wanted, 1000) == 4
            assert count(tx, account, "registry", wanted, 3) == 3


def test_a_ledger_names_the_instruments_it_tells_of(a_supplied_market: Market):
    market = a_supplied_market
    with market.database.transaction() as tx:
        found = moved_instruments(tx, market.accounts["compliance"], "registry")
        traded = moved_instruments(tx, market.accounts["compliance"], "trading")
    assert [code for _, code, _ in found] == ["CCER-TEST-2019", "PE2021000025"]
    assert [code for _, code, _ in traded] == ["CCER-TEST-2019"]
