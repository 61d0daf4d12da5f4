import pytest

from app.domain.errors import Conflict, Invalid
from app.ledger.effects import Draw
from tests.ledger.market import Market

pytestmark = pytest.mark.database


def test_a_surrender_holds_units_and_approval_moves_them(a_supplied_market: Market):
    market = a_supplied_market
    transfer = market.reserve({"allowance": 300, "ccer": 20})
    assert market.held("compliance") == 1000 + 100 - 320
    assert market.held("compliance", "registry_reserved") == 320
    market.post(transfer)
    assert market.held("compliance", "registry_reserved") == 0
    assert market.held("surrender") == 300
    assert market.held("ccer_offset") == 20


def test_a_refusal_puts_units_back_and_leaves_no_fragments(a_supplied_market: Market):
    market = a_supplied_market
    before = market.blocks("compliance")
    for _ in range(5):
        first = market.reserve({"allowance": 300, "ccer": 20})
        second = market.reserve(200)
        market.void(first)
        market.void(second)
    assert market.blocks("compliance") == before


def test_a_posted_transfer_cannot_be_voided(a_supplied_market: Market):
    transfer = a_supplied_market.reserve(300)
    a_supplied_market.post(transfer)
    with pytest.raises(Conflict) as refused:
        a_supplied_market.void(transfer)
    assert refused.value.facts["code"] == "RL402"
    assert "posted" in refused.value.message.en


def test_a_voided_transfer_cannot_be_posted(a_supplied_market: Market):
    transfer = a_supplied_market.reserve(300)
    a_supplied_market.void(transfer)
    with pytest.raises(Conflict):
        a_supplied_market.post(transfer)


def test_too_few_units_are_refused_with_the_numbers(a_supplied_market: Market):
    a_supplied_market.reserve(900)
    with pytest.raises(Invalid) as refused:
        a_supplied_market.reserve(101)
    assert refused.value.facts["requested"] == "101"
    assert refused.value.facts["available"] == "100"
    assert "PE2021000025" in refused.value.message.zh


def test_a_ceiling_holds_room_uses_it_and_gives_it_back(a_supplied_market: Market):
    market = a_supplied_market
    ceiling = market.ceiling("notice:1", 500)
    first = market.reserve(300, ceilings=(Draw(ceiling, 300),))
    assert market.ceiling_state(ceiling) == (500, 300, 0)
    market.post(first)
    assert market.ceiling_state(ceiling) == (500, 0, 300)
    second = market.reserve(200, ceilings=(Draw(ceiling, 200),))
    market.void(second)
    assert market.ceiling_state(ceiling) == (500, 0, 300)


def test_nothing_goes_above_a_ceiling_and_the_refusal_carries_the_numbers(
    a_supplied_market: Market,
):
    market = a_supplied_market
    ceiling = market.ceiling("notice:1", 500)
    market.post(market.reserve(200, ceilings=(Draw(ceiling, 200),)))
    market.reserve(100, ceilings=(Draw(ceiling, 100),))
    with pytest.raises(Invalid) as refused:
        market.reserve(201, ceilings=(Draw(ceiling, 201),))
    facts = refused.value.facts
    assert (facts["total"], facts["reserved"], facts["used"]) == ("500", "100", "200")
    assert (facts["requested"], facts["left"]) == ("201", "200")
    assert market.ceiling_state(ceiling) == (500, 100, 200)
    assert market.held("compliance", "registry_reserved") == 100


def test_a_ceiling_cannot_fall_below_what_is_drawn(a_supplied_market: Market):
    market = a_supplied_market
    ceiling = market.ceiling("notice:1", 500)
    market.reserve(200, ceilings=(Draw(ceiling, 200),))
    with pytest.raises(Exception, match="below what is drawn"):
        market.rows("SELECT ledger.change_ceiling(%(c)s, 199)", c=ceiling)
    market.rows("SELECT ledger.change_ceiling(%(c)s, 200)", c=ceiling)
    assert market.ceiling_state(ceiling) == (200, 200, 0)


def test_a_reversal_moves_exactly_the_units_back_and_frees_the_ceiling(
    a_supplied_market: Market,
):
    market = a_supplied_market
    ceiling = market.ceiling("notice:1", 500)
    first = market.reserve({"allowance": 300, "ccer": 20}, ceilings=(Draw(ceiling, 320),))
    second = market.reserve(100)
    before = market.rows(
        "SELECT serials::text FROM ledger.unit_block WHERE transfer_id = %(t)s", t=first
    )
    market.post(first)
    market.post(second)
    market.reverse(first)
    assert market.ceiling_state(ceiling) == (500, 0, 0)
    assert market.held("surrender") == 100
    assert market.held("ccer_offset") == 0
    assert market.held("compliance") == 1000
    assert {serials for (serials,) in before} <= {s for _, s in market.blocks("compliance")}


def test_a_transfer_is_reversed_at_most_once(a_supplied_market: Market):
    transfer = a_supplied_market.reserve(300)
    a_supplied_market.post(transfer)
    a_supplied_market.reverse(transfer)
    with pytest.raises(Conflict) as refused:
        a_supplied_market.reverse(transfer)
    assert refused.value.facts["code"] == "RL407"


def test_only_what_was_posted_can_be_reversed(a_supplied_market: Market):
    pending = a_supplied_market.reserve(300)
    with pytest.raises(Invalid):
        a_supplied_market.reverse(pending)
    a_supplied_market.post(pending)
    with pytest.raises(Invalid):
        a_supplied_market.reverse(pending, kind="cancellation_reversal")
