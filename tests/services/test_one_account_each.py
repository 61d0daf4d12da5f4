"""R44: a mandate is for one account; another account of the same holder is no way round."""

import pytest

from app.domain.errors import Forbidden
from app.services.drafts import save
from app.services.withdraw import trigger
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
