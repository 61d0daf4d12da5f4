"""Notices of a province (M40) and openings of holders (M1, W1, S14): who may, all or none."""

import json

import pytest

from app.domain.errors import Conflict, Forbidden, Invalid, NotFound, RegistryError
from app.domain.offset_rule import OffsetRule
from app.domain.scope import Scope
from app.identity.actor import Actor
from app.services.notices import LARGEST, NoticeRequest, issue, issue_all
from app.services.opening import Opening, PersonOpening, holders_by_code, open_holders
from tests.services.market import Market
from tests.services.test_races import at_once, errors

pytestmark = pytest.mark.database


def request(market: Market, emitter: str = "emitter", **changes: object) -> NoticeRequest:
    given = {"emitter_id": market.holder(emitter), "year": 2021, "obligation": 400} | changes
    return NoticeRequest(**given)  # type: ignore[arg-type]


def test_a_notice_opens_its_obligation_and_its_ccer_limit(
    a_market: Market, a_province: Actor
) -> None:
    notice = issue(a_market.ctx, a_province, request(a_market, obligation=419))
    assert a_market.ceilings(notice) == {"obligation": (419, 0, 0), "ccer": (20, 0, 0)}
    [(by, account, tag)] = a_market.rows(
        "SELECT person_id, account_id, tag FROM audit.event WHERE tag LIKE 'compliance:%%'"
    )
    assert (by, account) == (a_province.person_id, a_province.account_id)
    assert tag == "compliance:notice:issue"


def test_a_notice_keeps_its_own_rules(a_market: Market, a_province: Actor) -> None:
    rule = OffsetRule.from_json({"rate": "0.1", "regions": ["青海"]})
    asked = request(a_market, ccer_rule=rule, scope=Scope(2021, 2021))
    notice = issue(a_market.ctx, a_province, asked)
    assert a_market.ceilings(notice)["ccer"] == (40, 0, 0)
    [(scope, stored)] = a_market.rows("SELECT scope, ccer_rule FROM compliance.notice")
    assert json.loads(scope) == {"year_from": 2021, "year_to": 2021}
    assert OffsetRule.from_json(json.loads(stored)) == rule


@pytest.mark.parametrize("obligation", [0, -1, LARGEST + 1])
def test_an_obligation_is_whole_tonnes_above_zero(
    a_market: Market, a_province: Actor, obligation: int
) -> None:
    before = a_market.dump()
    with pytest.raises(Invalid) as refused:
        issue(a_market.ctx, a_province, request(a_market, obligation=obligation))
    assert list(refused.value.fields) == ["obligation"]
    assert a_market.dump() == before


def test_only_the_emitter_s_own_province_issues_and_only_by_who_may_decide(
    a_market: Market, another_province: Actor, an_emitter: Actor
) -> None:
    before = a_market.dump()
    with pytest.raises(NotFound):
        issue(a_market.ctx, another_province, request(a_market))
    with pytest.raises(NotFound):
        issue(a_market.ctx, a_market.actor("province"), request(a_market, emitter_id=999_999))
    for actor in (
        an_emitter,
        a_market.actor("registry"),
        a_market.actor("province", 2),
        a_market.actor("province", 3),
    ):
        with pytest.raises(Forbidden):
            issue(a_market.ctx, actor, request(a_market))
    assert a_market.dump() == before


def test_a_year_without_parameters_has_no_notices(a_market: Market, a_province: Actor) -> None:
    with pytest.raises(Invalid) as refused:
        issue(a_market.ctx, a_province, request(a_market, year=1999))
    assert list(refused.value.fields) == ["year"]


def test_a_batch_of_notices_is_issued_whole_or_not_at_all(
    a_market: Market, a_province: Actor
) -> None:
    good = request(a_market)
    before = a_market.dump()
    for bad in (
        request(a_market, "stranger"),
        request(a_market, "neighbour", obligation=0),
        good,
    ):
        with pytest.raises(RegistryError):
            issue_all(a_market.ctx, a_province, [good, bad])
        assert a_market.dump() == before
    both = issue_all(a_market.ctx, a_province, [good, request(a_market, "neighbour")])
    assert len(both) == 2


def test_of_two_notices_for_one_emitter_and_year_at_once_one_is_a_conflict(
    a_market: Market, two_officers: tuple[Actor, Actor]
) -> None:
    asked = request(a_market)
    answers = at_once(
        *(lambda officer=officer: issue(a_market.ctx, officer, asked) for officer in two_officers)
    )
    [refused] = errors(answers)
    assert isinstance(refused, Conflict)
    with pytest.raises(Conflict):
        issue(a_market.ctx, two_officers[0], asked)
    assert a_market.rows("SELECT count(*) FROM compliance.notice") == [(1,)]


def an_opening(code: str, *members: str, accounts: tuple[str, ...] = ("compliance",)) -> Opening:
    people = tuple(PersonOpening(f"代表{n}", member_no=m) for n, m in enumerate(members))
    return Opening(code, f"单位{code}", "participant", accounts, people)


def test_holders_are_opened_all_or_none(a_market: Market) -> None:
    before = a_market.dump()
    for openings in (
        [an_opening("new"), an_opening("emitter")],
        [an_opening("new"), an_opening("new")],
        [an_opening("new", "1"), an_opening("newer", "1")],
        [an_opening("new", "21010400001")],
    ):
        with pytest.raises(Conflict):
            open_holders(a_market.ctx, None, openings)
        assert a_market.dump() == before
    for bad in (
        an_opening("bad", accounts=()),
        an_opening("bad", accounts=("trading",)),
        an_opening("bad", accounts=("no such type",)),
        Opening("bad", "不属于任何省份", "emitter", ("compliance",)),
        Opening("bad", "省份不存在", "emitter", ("compliance",), province_id=999_999),
        Opening("bad", "角色不存在", "king", ("compliance",)),
        Opening(
            "bad", "权限不存在", "participant", ("general",), (PersonOpening("甲", "", "all"),)
        ),
    ):
        with pytest.raises(Invalid):
            open_holders(a_market.ctx, None, [an_opening("new"), bad])
    assert a_market.dump() == before


def test_a_trading_account_is_linked_to_the_account_before_it(a_market: Market) -> None:
    accounts = ("compliance", "trading", "general", "trading")
    [opened] = open_holders(a_market.ctx, None, [an_opening("new", accounts=accounts)])
    found = a_market.rows(
        "SELECT a.type, b.type FROM identity.account a LEFT JOIN identity.account b"
        " ON b.id = a.linked_account_id WHERE a.holder_id = %(h)s ORDER BY a.id",
        h=opened.holder_id,
    )
    assert found == [
        ("compliance", None),
        ("trading", "compliance"),
        ("general", None),
        ("trading", "general"),
    ]


def test_a_thousand_holders_get_member_numbers_of_the_day_and_no_passwords(
    a_market: Market,
) -> None:
    people = (PersonOpening("甲"), PersonOpening("乙"))
    openings = [
        Opening(f"bulk{n}", f"单位{n}", "participant", ("compliance", "trading"), people)
        for n in range(1000)
    ]
    opened = open_holders(a_market.ctx, a_market.actor("registry"), openings)
    members = [member for one in opened for member in one.members]
    assert len(set(members)) == 2000
    assert all(len(m) == 11 and m.startswith("220301") for m in members)
    assert a_market.rows(
        "SELECT count(*) FROM identity.person WHERE password_hash IS NOT NULL"
    ) == [(0,)]
    assert holders_by_code(a_market.ctx, ["bulk7"])["bulk7"] == opened[7]
    assert a_market.rows(
        "SELECT count(*), count(DISTINCT number) FROM identity.account a JOIN identity.holder h"
        " ON h.id = a.holder_id WHERE h.code LIKE 'bulk%%'"
    ) == [(2000, 2000)]


def test_a_mandate_that_has_ended_or_not_begun_lets_nobody_act(a_market: Market) -> None:
    from datetime import timedelta

    from app.domain.clock import local_day
    from app.identity.mandates import actor_for

    [(person, mandate)] = a_market.rows(
        "SELECT m.person_id, m.id FROM identity.mandate m JOIN identity.person p"
        " ON p.id = m.person_id WHERE p.member_no = '21010400001'"
    )
    today = local_day(a_market.clock.now())
    a_market.change(
        "UPDATE identity.mandate SET valid_from = %(t)s, valid_to = %(t)s WHERE id = %(m)s",
        t=today,
        m=mandate,
    )
    with a_market.ctx.database.transaction() as tx:
        day = timedelta(days=1)
        assert actor_for(tx, person, mandate, today) is not None
        assert actor_for(tx, person, mandate, today - day) is None
        assert actor_for(tx, person, mandate, today + day) is None
