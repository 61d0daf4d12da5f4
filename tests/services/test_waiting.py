"""等待他方: whom one's applications wait for, since when (W2)."""

from datetime import timedelta

import pytest

from app.services.waiting import SIZE, Filters, page
from tests.services.market import DEADLINE, PE21, RETURN, TODAY, lines


def test_an_application_waits_for_who_has_it_since_it_came_there(
    a_market, an_emitter, a_province, a_submitted_application
):
    a_market.clock.advance(timedelta(days=2))
    [row] = page(a_market.ctx, an_emitter, Filters()).rows
    assert row.instance_id == a_submitted_application
    assert row.holder.zh == a_province.holder_name
    assert (row.lane.zh, row.lane.en) == ("省级主管部门", "Provincial authority")
    assert (row.since, row.due_at, row.quantity) == (TODAY, DEADLINE, 250)


def test_what_comes_back_is_approved_or_is_a_draft_waits_for_nobody_else(
    a_market, an_emitter, a_province, a_submitted_application, a_notice
):
    a_market.decide(a_province, a_submitted_application, RETURN)
    a_market.begin(an_emitter, a_notice, lines(**{PE21: 1}), submit=False)
    assert page(a_market.ctx, an_emitter, Filters()).rows == ()


def test_nobody_sees_what_others_wait_for(a_market, a_province, a_submitted_application):
    for who in (a_province, a_market.actor("neighbour")):
        assert page(a_market.ctx, who, Filters()).rows == ()


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(process="compliance"), True),
        (Filters(process="voluntary_cancel"), False),
        (Filters(due="later"), True),
        (Filters(due="overdue"), False),
        (Filters(search="甲省"), True),
        (Filters(search="LY-"), True),
        (Filters(search="%"), False),
    ],
)
def test_filters_keep_what_they_name(a_market, an_emitter, a_submitted_application, filters, found):
    assert bool(page(a_market.ctx, an_emitter, filters).rows) == found


def test_every_application_is_seen_once_when_pages_are_turned(a_market, an_emitter, a_notice):
    begun = [a_market.begin(an_emitter, a_notice, lines(**{PE21: 1})) for _ in range(SIZE + 5)]
    first = page(a_market.ctx, an_emitter, Filters())
    second = page(a_market.ctx, an_emitter, Filters(), first.pager.next)
    assert [row.instance_id for row in (*first.rows, *second.rows)] == begun
    assert second.pager.next is None
    back = page(a_market.ctx, an_emitter, Filters(), second.pager.previous)
    assert back.rows == first.rows
