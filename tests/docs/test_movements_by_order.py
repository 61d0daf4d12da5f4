"""What docs/functions.md calls "by order": two people and a document carry it out, all checks run.

One market of every institution; each test is named after the row it shows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

import pytest

from app.domain.clock import FixedClock
from app.domain.errors import Refused
from app.identity.actor import Actor
from app.identity.mandates import actor_by_member_no
from app.ledger.instruments import NewInstrument, create
from app.ledger.verify import verify
from app.services.context import Context
from app.services.demo.cast import EMITTERS, INSTITUTIONS, emitter_opening
from app.services.opening import Opened, open_holders
from app.services.orders import Order, OrderLine, execute
from tests.postgres import Database
from tests.services.market import OPENED, context, dump_of

pytestmark = pytest.mark.database

ALLOWANCE, REDUCTION = "PE2021000025", "CCER2020001"


@dataclass
class Market:
    """Institutions and one emitter by code; ``order`` is carried out by the sender's holder."""

    database: Database
    ctx: Context
    holders: Mapping[str, Opened]
    numbers: Iterator[int]

    def account(self, holder: str, kind: str) -> int:
        return self.holders[holder].accounts[kind]

    def actor(self, member: str) -> Actor:
        with self.ctx.database.transaction() as tx:
            found = actor_by_member_no(tx, member, OPENED.date())
        assert found is not None
        return found

    def order(
        self,
        kind: str,
        source: tuple[str, str],
        target: tuple[str, str] | None,
        quantity: int,
        *,
        by: str = "",
        unit: str = ALLOWANCE,
    ) -> int:
        """The first person proposes; the second, where there is one, approves."""
        people = self.holders[by or source[0]].members
        approver = self.actor(people[1]).person_id if len(people) > 1 else None
        n = next(self.numbers)
        to = self.account(*target) if target else None
        line = OrderLine(unit, quantity, to)
        order = Order(f"order {n}", kind, self.account(*source), [line], f"第{n}号", approver)
        return execute(self.ctx, self.actor(people[0]), order)

    def held(self, holder: str, kind: str, unit: str = ALLOWANCE) -> int:
        with self.ctx.database.transaction() as tx:
            row = tx.one(
                """SELECT coalesce(sum(upper(b.serials) - lower(b.serials)), 0)
                   FROM ledger.unit_block b JOIN ledger.instrument i ON i.id = b.instrument_id
                   WHERE b.account_id = %(a)s AND i.code = %(u)s
                     AND b.position IN ('registry_available', 'trading_held')""",
                {"a": self.account(holder, kind), "u": unit},
            )
        assert row is not None
        return int(row[0])


@pytest.fixture
def a_market(database: Database) -> Iterator[Market]:
    """Everybody is open; nothing has been created."""
    ctx = context(database, FixedClock(OPENED))
    opened = dict(
        zip([o.code for o in INSTITUTIONS], open_holders(ctx, None, INSTITUTIONS), strict=True)
    )
    emitter = emitter_opening(0, EMITTERS[0], opened["PROVINCE-33"].holder_id)
    opened["EMITTER"] = open_holders(ctx, None, [emitter])[0]
    with ctx.database.transaction() as tx:
        create(tx, NewInstrument(ALLOWANCE, "2021年度配额", "allowance", year=2021), OPENED)
        reduction = NewInstrument(REDUCTION, "某风电项目", "ccer", project_code="001", vintage=2020)
        create(tx, reduction, OPENED)
    yield Market(database, ctx, opened, count(1))
    ctx.database.dispose()


@pytest.fixture
def a_cap(a_market: Market) -> Market:
    """S6: 1,000 t of allowances in the national total account."""
    a_market.order(
        "allowance_create", ("NATIONAL", "issuance_source"), ("NATIONAL", "national_total"), 1000
    )
    return a_market


@pytest.fixture
def a_supplied_market(a_cap: Market) -> Market:
    """S7, S9, S16: 400 t for auction, 600 t for a province, 500 t of them for its emitter."""
    total = ("NATIONAL", "national_total")
    kind = "national_allowance_distribution"
    a_cap.order(kind, total, ("NATIONAL", "national_auction"), 400)
    a_cap.order(kind, total, ("NATIONAL", "national_apportionment"), 600)
    province = ("PROVINCE-33", "provincial_total")
    a_cap.order("allowance_apportionment", ("NATIONAL", "national_apportionment"), province, 600)
    a_cap.order("provincial_allowance_allocation", province, ("EMITTER", "compliance"), 500)
    return a_cap


def test_allowances_come_from_the_cap_to_an_emitter(a_supplied_market: Market):
    """W14: S6, S7, S9, S16."""
    market = a_supplied_market
    assert market.held("NATIONAL", "national_total") == 0
    assert market.held("NATIONAL", "national_auction") == 400
    assert market.held("PROVINCE-33", "provincial_total") == 100
    assert market.held("EMITTER", "compliance") == 500
    assert verify(market.ctx.database).ok


def test_national_allowances_are_cancelled(a_cap: Market):
    """S8."""
    source, target = ("NATIONAL", "national_total"), ("REGISTRY", "government_cancellation")
    a_cap.order("national_allowance_cancellation", source, target, 250)
    assert (a_cap.held(*source), a_cap.held(*target)) == (750, 250)
    assert verify(a_cap.ctx.database).ok


def test_provincial_allowances_are_cancelled(a_supplied_market: Market):
    """S19."""
    source, target = ("PROVINCE-33", "provincial_total"), ("REGISTRY", "government_cancellation")
    a_supplied_market.order("provincial_allowance_cancellation", source, target, 40)
    assert (a_supplied_market.held(*source), a_supplied_market.held(*target)) == (60, 40)
    assert verify(a_supplied_market.ctx.database).ok


def test_allowances_are_auctioned_and_the_rest_goes_back(a_supplied_market: Market):
    """W17: S10, S18, S34, S35, S11."""
    market = a_supplied_market
    delivery = ("AUCTION", "auction_delivery")
    market.order("national_auction_distribution", ("NATIONAL", "national_auction"), delivery, 300)
    market.order(
        "provincial_auction_distribution", ("PROVINCE-33", "provincial_total"), delivery, 100
    )
    market.order("auction_delivery", delivery, ("EMITTER", "compliance"), 250)
    market.order("auction_return", delivery, ("PROVINCE-33", "provincial_total"), 60)
    market.order("auction_return", delivery, ("NATIONAL", "national_auction"), 90)
    market.order(
        "national_auction_return",
        ("NATIONAL", "national_auction"),
        ("NATIONAL", "national_total"),
        190,
    )
    assert market.held(*delivery) == 0
    assert market.held("EMITTER", "compliance") == 750
    assert market.held("PROVINCE-33", "provincial_total") == 60
    assert market.held("NATIONAL", "national_auction") == 0
    assert market.held("NATIONAL", "national_total") == 190
    assert verify(market.ctx.database).ok


def test_allowances_are_recalled(a_supplied_market: Market):
    """S17, without its window (R36)."""
    source, target = ("EMITTER", "compliance"), ("PROVINCE-33", "provincial_total")
    a_supplied_market.order("allowance_recall", source, target, 120, by="PROVINCE-33")
    assert (a_supplied_market.held(*source), a_supplied_market.held(*target)) == (380, 220)
    assert verify(a_supplied_market.ctx.database).ok


def test_allowances_are_confiscated_and_given_back(a_supplied_market: Market):
    """M39, W13."""
    market = a_supplied_market
    emitter, province = ("EMITTER", "compliance"), ("PROVINCE-33", "provincial_total")
    market.order("confiscation", emitter, province, 120, by="REGISTRY")
    assert (market.held(*emitter), market.held(*province)) == (380, 220)
    market.order("give_back", province, emitter, 50, by="REGISTRY")
    assert (market.held(*emitter), market.held(*province)) == (430, 170)
    assert verify(market.ctx.database).ok


def test_reductions_are_created_issued_and_sold_over_the_exchange(a_market: Market):
    """W18, W19: S12, S13, S23, S27, S29, S23."""
    steps = (
        ("reduction_create", ("NATIONAL", "issuance_source"), ("NATIONAL", "reduction_pool")),
        ("reduction_issue", ("NATIONAL", "reduction_pool"), ("WIND", "project")),
        ("transfer_to_trading_account", ("WIND", "project"), ("WIND", "trading")),
        ("indirect_transfer", ("WIND", "trading"), ("EXCHANGE", "exchange_delivery")),
        ("exchange_transfer_out", ("EXCHANGE", "exchange_delivery"), ("EMITTER", "trading")),
        ("transfer_from_trading_account", ("EMITTER", "trading"), ("EMITTER", "compliance")),
    )
    for kind, source, target in steps:
        a_market.order(kind, source, target, 60, unit=REDUCTION)
        assert a_market.held(*target, REDUCTION) == 60
    assert verify(a_market.ctx.database).ok


def test_an_order_meets_the_same_checks_and_a_refused_one_changes_nothing(
    a_supplied_market: Market,
):
    market = a_supplied_market
    before = dump_of(market.database)
    with pytest.raises(Refused) as refused:
        market.order(
            "provincial_allowance_allocation",
            ("PROVINCE-33", "provincial_total"),
            ("EMITTER", "trading"),
            101,
        )
    assert {finding.code for finding in refused.value.findings} == {"1003", "2004"}
    assert dump_of(market.database) == before


def test_units_are_frozen(a_supplied_market: Market):
    """M38, its first half."""
    account = ("EMITTER", "compliance")
    a_supplied_market.order("freeze", account, None, 120, by="REGISTRY")
    assert a_supplied_market.held(*account) == 380
    assert verify(a_supplied_market.ctx.database).ok
