"""G21 in the inbox: what was handed over is a to-do of the account's confirming representatives."""

from dataclasses import replace

import pytest

from app.identity.actor import Actor
from app.services.drafts import save, take_back
from app.services.inbox import Filters, Page, page
from app.services.to_do import to_do
from tests.services.market import PE21, Market, lines

FORM = lines(**{PE21: 250})


def seen(market: Market, actor: Actor) -> tuple[int, int, Page]:
    """The number in the header, the counts of the inbox, its first page."""
    found = page(market.ctx, actor, Filters())
    return to_do(market.ctx, actor).total, found.counts.waiting, found


def test_a_first_draft_that_was_handed_over_waits_for_who_confirms(
    a_market,
    two_representatives,
    a_handed_over_draft,
):
    first, second = two_representatives
    header, waiting, found = seen(a_market, second)
    assert (header, waiting, found.counts.total) == (1, 1, 1)
    [entry] = found.entries
    assert (entry.instance_id, entry.ready) == (a_handed_over_draft, True)
    assert [flow.name.zh for flow in found.counts.flows] == ["履约清缴"]
    assert seen(a_market, first)[:2] == (0, 0)


def test_taken_back_or_saved_again_it_waits_for_nobody(
    a_market,
    two_representatives,
    a_handed_over_draft,
):
    first, second = two_representatives
    key = a_market.key(a_handed_over_draft)
    take_back(a_market.ctx, second, a_handed_over_draft, key)
    assert seen(a_market, second)[0] == 0
    save(a_market.ctx, first, a_handed_over_draft, key, FORM, ready=True)
    assert seen(a_market, second)[0] == 1
    save(a_market.ctx, first, a_handed_over_draft, key, FORM)
    assert seen(a_market, second)[0] == 0


@pytest.mark.parametrize("account", ["trading", "compliance"])
def test_who_confirms_for_another_account_of_the_holder_hears_nothing_of_it(
    a_market,
    two_representatives,
    a_handed_over_draft,
    account,
):
    a_market.change("UPDATE identity.account SET two_person = true")
    second = two_representatives[1]
    other = a_market.account("emitter", account)
    acting = replace(second, account_id=other, two_person=True)
    assert seen(a_market, acting)[0] == (1 if account == "compliance" else 0)


def test_who_filled_it_in_does_not_confirm_it_even_with_all_rights(
    a_market,
    two_representatives,
    a_handed_over_draft,
):
    a_market.change("UPDATE identity.mandate SET rights = 'both'")
    assert seen(a_market, a_market.actor("emitter"))[0] == 0
    assert seen(a_market, a_market.actor("emitter", 1))[0] == 1


def test_a_returned_application_that_was_handed_over_again_is_marked(
    a_market,
    two_representatives,
    a_handed_over_draft,
    a_province,
):
    first, second = two_representatives
    a_market.decide(second, a_handed_over_draft, FORM)
    a_market.decide(a_province, a_handed_over_draft, {"verdict": "return", "opinion": "请更正"})
    [entry] = page(a_market.ctx, second, Filters()).entries
    assert not entry.ready
    save(
        a_market.ctx,
        first,
        a_handed_over_draft,
        a_market.key(a_handed_over_draft),
        FORM,
        ready=True,
    )
    [entry] = page(a_market.ctx, second, Filters()).entries
    assert entry.ready
