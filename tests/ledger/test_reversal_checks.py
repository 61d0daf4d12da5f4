import pytest

from app.domain.checks import CHECKS
from app.domain.checks.facts import Facts, TypeFacts
from app.ledger.reversals import reversal_facts
from tests.ledger.market import Market

pytestmark = pytest.mark.database

TYPE = TypeFacts(
    "surrender_reversal", "上缴撤销", "Reverse", frozenset(), False, False, True, (), ()
)


def failing(market: Market, transfer: int) -> list[str]:
    with market.database.transaction() as tx:
        reversal = reversal_facts(tx, transfer)
    facts = Facts(TYPE, "provincial_authority", 1, None, (), reversal=reversal)
    return [f.code for code in ("2007", "2008") for f in CHECKS[code].findings(facts)]


def test_a_posted_transfer_whose_units_are_there_may_be_reversed(a_supplied_market: Market):
    transfer = a_supplied_market.reserve({"allowance": 10, "ccer": 5})
    assert failing(a_supplied_market, transfer) == ["2007"]  # not posted yet
    a_supplied_market.post(transfer)
    assert failing(a_supplied_market, transfer) == []


def test_a_transfer_that_was_reversed_names_what_reversed_it(a_supplied_market: Market):
    transfer = a_supplied_market.reserve(10)
    a_supplied_market.post(transfer)
    back = a_supplied_market.reverse(transfer)
    with a_supplied_market.database.transaction() as tx:
        reversal = reversal_facts(tx, transfer)
    assert reversal is not None
    assert reversal.reversed_by == back
    assert failing(a_supplied_market, transfer) == ["2007"]


def test_units_that_went_on_cannot_be_moved_back(a_supplied_market: Market):
    market = a_supplied_market
    transfer = market.reserve(10, kind="registry_to_trading")
    market.post(transfer, "emitter")
    market.direct("indirect_transfer", "trading", None, "allowance", 4, who="emitter")
    with market.database.transaction() as tx:
        reversal = reversal_facts(tx, transfer)
    assert reversal is not None
    assert reversal.missing == 4
    assert failing(market, transfer) == ["2008"]
