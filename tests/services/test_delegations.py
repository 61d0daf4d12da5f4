"""An absence: a colleague who may decide takes over, on those days, in their own name (W2)."""

from datetime import date, timedelta

import psycopg2
import pytest

from app.domain.clock import local_day
from app.domain.errors import Conflict, Forbidden, Invalid, NotFound
from app.identity.actor import Actor
from app.identity.delegations import Deputy, deputies_of
from app.services.claims import claim, may_take_over, release
from app.services.delegations import (
    Absence,
    colleagues,
    delegate,
    delegations,
    end_early,
)
from app.services.inbox import Filters, page
from app.services.telling.audience import Whose, people
from tests.services.market import APPROVE, TODAY, Market
from tests.services.test_races import at_once, errors

FIRST = local_day(TODAY)


def absence(to: Actor, *, first: int = 0, last: int = 4, reason: str = "年假") -> Absence:
    """Days are counted from today."""
    return Absence(to.person_id, FIRST + timedelta(first), FIRST + timedelta(last), reason)


def deputies(market: Market, of: Actor, day: date = FIRST) -> list[Deputy]:
    with market.ctx.database.transaction() as tx:
        return deputies_of(tx, of.person_id, day)


@pytest.fixture
def a_claimed_task(a_market, two_officers, a_submitted_application) -> int:
    """Claimed by the officer who is about to be away."""
    [(task,)] = a_market.rows("SELECT id FROM workflow.task")
    claim(a_market.ctx, two_officers[0], task)
    return int(task)


def test_a_delegation_holds_on_its_days_alone(a_market, two_officers):
    away, there = two_officers
    delegate(a_market.ctx, away, absence(there, first=1, last=3))
    found = [bool(deputies(a_market, away, FIRST + timedelta(n))) for n in range(6)]
    assert found == [False, True, True, True, False, False]
    assert deputies(a_market, away, FIRST + timedelta(2)) == [
        Deputy(there.person_id, away.account_id)
    ]
    assert deputies(a_market, there, FIRST + timedelta(2)) == []


def test_the_delegate_takes_over_and_decides_in_their_own_name(
    a_market, two_officers, a_claimed_task, a_submitted_application
):
    away, there = two_officers
    delegate(a_market.ctx, away, absence(there))
    [before] = page(a_market.ctx, there, Filters(claimed="deputy")).entries
    assert (before.deputy, before.claimant) == (True, away.person_name)
    with pytest.raises(Conflict):
        a_market.decide(there, a_submitted_application, APPROVE)
    claim(a_market.ctx, there, a_claimed_task)
    [after] = page(a_market.ctx, there, Filters(claimed="deputy")).entries
    assert (after.claimed_by, after.claimed_for) == (there.person_id, away.person_name)
    a_market.decide(there, a_submitted_application, APPROVE)
    assert a_market.rows(
        "SELECT person_id FROM workflow.decision WHERE element_id = 'review_surrender'"
    ) == [(there.person_id,)]
    [(person, data)] = a_market.rows(
        "SELECT person_id, data FROM audit.event WHERE tag = 'workflow:task:taken_over'"
    )
    assert person == there.person_id
    assert f'"for": {away.person_id}' in data


def test_the_delegate_may_give_a_task_back_to_all(a_market, two_officers, a_claimed_task):
    away, there = two_officers
    delegate(a_market.ctx, away, absence(there))
    release(a_market.ctx, there, a_claimed_task)
    assert a_market.rows("SELECT claimed_by, claimed_for FROM workflow.task") == [(None, None)]


def test_who_stands_in_is_told_what_the_absent_claimer_is_told(a_market, two_officers):
    away, there = two_officers
    claimed = Whose(away.holder_id, None, frozenset({away.person_id}))

    def told(day: date) -> set[int]:
        with a_market.ctx.database.transaction() as tx:
            return {who.person_id for who in people(tx, [claimed], day, None)}

    delegate(a_market.ctx, away, absence(there, last=0))
    assert told(FIRST) == {away.person_id, there.person_id}
    assert told(FIRST + timedelta(1)) == {away.person_id}


def test_before_after_and_without_a_delegation_a_claim_stands(
    a_market, two_officers, a_claimed_task
):
    away, there = two_officers
    delegate(a_market.ctx, away, absence(there, first=1, last=1))
    for days in (0, 2):
        a_market.clock.set(TODAY + timedelta(days))
        assert not may_take_over(a_market.ctx, there, away.person_id)
        with pytest.raises(Conflict):
            claim(a_market.ctx, there, a_claimed_task)
        with pytest.raises(NotFound):
            release(a_market.ctx, there, a_claimed_task)
    a_market.clock.set(TODAY + timedelta(1))
    assert may_take_over(a_market.ctx, there, away.person_id)


def test_it_ends_early_at_once_and_only_by_who_was_to_be_away(
    a_market, two_officers, a_claimed_task
):
    away, there = two_officers
    number = delegate(a_market.ctx, away, absence(there))
    with pytest.raises(NotFound):
        end_early(a_market.ctx, there, number)
    end_early(a_market.ctx, away, number)
    with pytest.raises(NotFound):
        end_early(a_market.ctx, away, number)
    assert deputies(a_market, away) == []
    with pytest.raises(Conflict):
        claim(a_market.ctx, there, a_claimed_task)
    assert [d.state for d in delegations(a_market.ctx, away)] == ["ended"]
    delegate(a_market.ctx, away, absence(there))  # the days are free again


@pytest.mark.parametrize("place", [2, 3], ids=["who only initiates", "who only reads"])
def test_never_to_somebody_who_may_not_decide(a_market, a_province, place):
    unfit = a_market.actor("province", place)
    with pytest.raises(Forbidden):
        delegate(a_market.ctx, a_province, absence(unfit))
    assert unfit.person_id not in {c.id for c in colleagues(a_market.ctx, a_province)}


def test_never_to_a_stranger(a_market, a_province, another_province):
    with pytest.raises(Forbidden):
        delegate(a_market.ctx, a_province, absence(another_province))


def test_never_to_somebody_whose_mandate_ends_before_the_absence_does(a_market, two_officers):
    away, there = two_officers
    a_market.change(
        "UPDATE identity.mandate SET valid_to = %(d)s WHERE person_id = %(p)s",
        d=FIRST + timedelta(3),
        p=there.person_id,
    )
    with pytest.raises(Forbidden):
        delegate(a_market.ctx, away, absence(there, last=4))
    delegate(a_market.ctx, away, absence(there, last=3))


@pytest.mark.parametrize("place", [2, 3], ids=["who only initiates", "who only reads"])
def test_the_database_refuses_a_delegate_who_may_not_decide(a_market, a_province, place):
    unfit = a_market.actor("province", place)
    with (
        pytest.raises(psycopg2.Error, match="may not decide"),
        a_market.ctx.database.transaction() as tx,
    ):
        tx.run(
            """INSERT INTO identity.delegation (account_id, person_id, delegate_id, valid_from,
                   valid_to, reason, at)
               VALUES (%(a)s, %(p)s, %(d)s, '2022-03-01', '2022-03-05', '假', now())""",
            {"a": a_province.account_id, "p": a_province.person_id, "d": unfit.person_id},
        )


def test_a_delegate_who_loses_the_right_to_decide_takes_nothing_over(
    a_market, two_officers, a_claimed_task
):
    away, there = two_officers
    delegate(a_market.ctx, away, absence(there))
    a_market.change(
        "UPDATE identity.mandate SET rights = 'initiate' WHERE person_id = %(p)s",
        p=there.person_id,
    )
    assert deputies(a_market, away) == []
    with pytest.raises(Conflict):
        claim(a_market.ctx, a_market.actor("province", 1), a_claimed_task)


def test_two_do_not_stand_in_for_one_another_on_the_same_day(a_market, two_officers):
    away, there = two_officers
    delegate(a_market.ctx, away, absence(there, last=4))
    with pytest.raises(Conflict):
        delegate(a_market.ctx, there, absence(away, first=4))
    with pytest.raises(Conflict):
        delegate(a_market.ctx, away, absence(there, first=4, last=9))
    delegate(a_market.ctx, there, absence(away, first=5, last=9))


@pytest.mark.database
def test_of_two_who_name_one_another_at_once_one_is_refused(a_market, two_officers):
    away, there = two_officers
    answers = at_once(
        lambda: delegate(a_market.ctx, away, absence(there)),
        lambda: delegate(a_market.ctx, there, absence(away)),
    )
    [refused] = errors(answers)
    assert isinstance(refused, Conflict)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"first": -1}, "valid_from"),
        ({"first": 3, "last": 2}, "valid_to"),
        ({"last": 400}, "valid_to"),
        ({"reason": " "}, "reason"),
        ({"reason": "因" * 201}, "reason"),
    ],
)
def test_wrong_days_or_no_reason_are_refused(a_market, two_officers, wrong, field):
    away, there = two_officers
    with pytest.raises(Invalid) as refused:
        delegate(a_market.ctx, away, absence(there, **wrong))
    assert set(refused.value.fields) == {field}


def test_nobody_delegates_to_themselves(a_market, a_province):
    with pytest.raises(Invalid):
        delegate(a_market.ctx, a_province, absence(a_province))


def test_a_delegation_is_on_record_and_never_changed(a_market, two_officers):
    away, there = two_officers
    number = delegate(a_market.ctx, away, absence(there, reason="病假"))
    [(data,)] = a_market.rows(
        "SELECT data FROM audit.event WHERE tag = 'identity:delegation:given'"
    )
    assert "病假" not in data  # the history of all holds no reason for an absence
    [mine] = delegations(a_market.ctx, away)
    [theirs] = delegations(a_market.ctx, there)
    assert (mine.id, mine.mine, theirs.mine) == (number, True, False)
    with pytest.raises(psycopg2.Error, match="append-only"):
        a_market.change("UPDATE identity.delegation SET valid_to = '2022-12-31'")
