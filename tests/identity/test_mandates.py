"""R44, G21: who may act for which account, from which day to which day."""

from datetime import date, timedelta

import pytest

from app.bootstrap import build
from app.domain.clock import FixedClock
from app.domain.errors import Conflict, Forbidden, Invalid, NotFound
from app.identity.mandates import actor_by_member_no, actor_for, mandates_of
from app.services.mandates import NewPerson, end_mandate, give_mandate, open_person
from tests.web.site import A_PROVINCE, AN_EMITTER, AN_OPERATOR, STARTED, populate, settings

TODAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def market(module_database):
    ctx = build(settings(module_database, "redis://127.0.0.1:1/0"), FixedClock(STARTED))
    populate(ctx)
    return ctx


@pytest.fixture
def a_person(market, request):
    return open_person(market, None, NewPerson(f"5{abs(hash(request.node.name)):020}"[:18], "新人"))


def actor(ctx, member_no: str):
    with ctx.database.transaction() as tx:
        return actor_by_member_no(tx, member_no, TODAY)


def account(ctx, kind: str) -> int:
    with ctx.database.transaction() as tx:
        return tx.one(
            """SELECT a.id FROM identity.account a JOIN identity.holder h ON h.id = a.holder_id
               WHERE a.type = %(kind)s ORDER BY a.id LIMIT 1""",
            {"kind": kind},
        )[0]


def acts(ctx, person: int, mandate: int, day: date):
    with ctx.database.transaction() as tx:
        return actor_for(tx, person, mandate, day)


def test_a_mandate_counts_from_its_first_to_its_last_day(market, a_person):
    first, last = TODAY + timedelta(days=3), TODAY + timedelta(days=5)
    mandate = give_mandate(
        market, None, a_person, account(market, "compliance"), "both", first, last
    )
    days = [
        acts(market, a_person, mandate, first + timedelta(days=n)) is not None
        for n in (-1, 0, 2, 3)
    ]
    assert days == [False, True, True, False]


def test_the_actor_carries_role_rights_and_province(market, a_person):
    mandate = give_mandate(market, None, a_person, account(market, "compliance"), "initiate")
    found = acts(market, a_person, mandate, TODAY)
    assert (found.role, found.rights, found.person_name) == ("emitter", "initiate", "新人")
    assert found.may_initiate
    assert not found.may_confirm
    assert found.province_id == actor(market, A_PROVINCE).holder_id


def test_nobody_acts_by_the_mandate_of_another(market, a_person):
    mandate = give_mandate(market, None, a_person, account(market, "compliance"), "both")
    assert acts(market, actor(market, A_PROVINCE).person_id, mandate, TODAY) is None


def test_one_person_may_act_for_several_accounts(market, a_person):
    for kind in ("compliance", "trading"):
        give_mandate(market, None, a_person, account(market, kind), "both")
    with market.database.transaction() as tx:
        assert len(mandates_of(tx, a_person, TODAY)) == 2


@pytest.mark.parametrize(
    ("first", "last"), [(None, None), (TODAY + timedelta(days=9), None), (None, TODAY)]
)
def test_two_mandates_for_one_account_never_overlap(market, a_person, first, last):
    give_mandate(market, None, a_person, account(market, "compliance"), "both")
    with pytest.raises(Conflict):
        give_mandate(market, None, a_person, account(market, "compliance"), "read", first, last)


def test_an_ended_mandate_may_be_followed_by_another(market, a_person):
    mandate = give_mandate(market, None, a_person, account(market, "compliance"), "both")
    end_mandate(market, None, mandate, TODAY)
    assert acts(market, a_person, mandate, TODAY)
    assert acts(market, a_person, mandate, TODAY + timedelta(days=1)) is None
    tomorrow = TODAY + timedelta(days=1)
    assert give_mandate(market, None, a_person, account(market, "compliance"), "read", tomorrow)


@pytest.mark.parametrize(
    ("rights", "first", "last"),
    [("all", None, None), ("", None, None), ("both", TODAY, TODAY - timedelta(days=1))],
)
def test_senseless_rights_and_dates_are_refused(market, a_person, rights, first, last):
    with pytest.raises(Invalid):
        give_mandate(market, None, a_person, account(market, "compliance"), rights, first, last)


def test_a_mandate_needs_a_person_and_an_account_that_exist(market, a_person):
    with pytest.raises(NotFound):
        give_mandate(market, None, a_person, 10**15, "both")
    with pytest.raises(NotFound):
        give_mandate(market, None, 10**15, account(market, "compliance"), "both")
    with pytest.raises(NotFound):
        end_mandate(market, None, 10**15, TODAY)


def test_only_the_registry_operator_opens_people_and_gives_mandates(market, a_person):
    for member_no in (AN_EMITTER, A_PROVINCE):
        with pytest.raises(Forbidden):
            open_person(market, actor(market, member_no), NewPerson("77", "不行"))
    operator = actor(market, AN_OPERATOR)
    assert give_mandate(market, operator, a_person, account(market, "trading"), "read")


def test_a_member_number_is_given_once(market):
    open_person(market, None, NewPerson("60000000001", "第一人"))
    with pytest.raises(Conflict):
        open_person(market, None, NewPerson("60000000001", "第二人"))
    with pytest.raises(Invalid):
        open_person(market, None, NewPerson(" ", "无号"))


def test_every_mandate_is_an_event_with_who_gave_it(market, a_person):
    operator = actor(market, AN_OPERATOR)
    mandate = give_mandate(market, operator, a_person, account(market, "office"), "read")
    with market.database.transaction() as tx:
        row = tx.one(
            "SELECT tag, person_id, role FROM audit.event WHERE subject = %(s)s",
            {"s": f"mandate:{mandate}"},
        )
    assert row == ("identity:mandate:given", operator.person_id, "registry_operator")
