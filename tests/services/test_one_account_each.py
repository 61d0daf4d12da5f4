"""R44: a mandate is for one account; another account of the same holder is no way round."""

import pytest

from app.domain.errors import Forbidden
from app.services.claims import claim
from app.services.decide import Request, decide
from app.services.drafts import save
from app.services.withdraw import trigger
from tests.services.custody import AGREED, Custody
from tests.services.market import PE21, lines


@pytest.fixture
def a_trader(a_market):
    """Acts for the emitter's trading account and for no other."""
    trading = a_market.account("emitter", "trading")
    neighbour = a_market.actor("neighbour")
    a_market.give_mandate(neighbour.person_id, trading)
    found = a_market.actor("emitter", member_no=a_market.holders["neighbour"].members[0])
    assert found.holder_id == a_market.holder("emitter")
    assert found.account_id == trading
    return found


def test_who_acts_for_a_trading_account_submits_no_surrender(a_market, an_emitter, a_trader):
    notice = a_market.notice()
    instance = a_market.begin(an_emitter, notice, lines(**{PE21: 5}), submit=False)
    with pytest.raises(Forbidden):
        a_market.decide(a_trader, instance, lines(**{PE21: 400}))
    with pytest.raises(Forbidden):
        save(a_market.ctx, a_trader, instance, a_market.key(instance), lines(**{PE21: 400}))
    assert a_market.instance(instance)["version"] == 0


def test_who_acts_for_a_trading_account_withdraws_no_surrender(
    a_market, a_submitted_application, a_trader
):
    with pytest.raises(Forbidden):
        trigger(a_market.ctx, a_trader, a_submitted_application, "withdraw")
    assert a_market.instance(a_submitted_application)["version"] == 1


def test_who_acts_for_a_trading_account_agrees_to_no_return(a_market):
    """Nor does the two-person rule of the receiving account end at another account (G21)."""
    custody = Custody(a_market)
    lot = custody.deposit(600)
    custody.link("neighbour")
    instance = custody.give_back((lot.id, "neighbour", 5))
    key = a_market.key(instance)
    stranger = a_market.actor("stranger")
    a_market.give_mandate(stranger.person_id, a_market.account("neighbour", "trading"))
    members = a_market.holders["stranger"].members
    trader = a_market.actor("neighbour", member_no=members[0])
    assert trader.account_id == a_market.account("neighbour", "trading")
    a_market.change(
        "UPDATE identity.account SET two_person = true WHERE id = %(a)s",
        a=a_market.account("neighbour", "compliance"),
    )
    with pytest.raises(Forbidden):
        save(a_market.ctx, trader, instance, key, AGREED)
    with pytest.raises(Forbidden):
        decide(a_market.ctx, trader, Request(instance, key, AGREED))
    first, second = a_market.actor("neighbour"), a_market.actor("neighbour", 1)
    with pytest.raises(Forbidden):
        decide(a_market.ctx, second, Request(instance, key, AGREED))
    [(task,)] = a_market.rows("SELECT id FROM workflow.task WHERE instance_id = %(i)s", i=instance)
    claim(a_market.ctx, first, task)  # handed over, it is no longer claimed
    save(a_market.ctx, first, instance, key, AGREED, ready=True)
    decide(a_market.ctx, second, Request(instance, key, AGREED))
