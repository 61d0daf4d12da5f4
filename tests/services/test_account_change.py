"""A change of account data: in force on approval only, checked twice, on record (M5, W3)."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import psycopg2
import pytest

from app.domain.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from app.identity.actor import Actor
from app.identity.details import details_of
from app.services import application as reading
from app.services.account_changes.comparison import rounds_of
from app.services.account_changes.current import current_data
from app.services.account_changes.proposal import proposal
from app.services.applications import begin
from app.services.attachments.upload import upload
from app.services.checked import checks
from app.services.opening import Opening, open_holders
from app.services.sweep import sweep
from app.services.withdraw import trigger
from tests.services.changing import DATA, FLOW, ask, credit_code, data_of, form, opened
from tests.services.market import APPROVE, PE21, RETURN, Market, _people, lines, superuser

pytestmark = pytest.mark.database

NEW = {"name": "甲省新能源有限公司", "legal_representative": "李新华"}


@pytest.fixture(autouse=True)
def _opened(a_market: Market) -> None:
    opened(a_market)


@pytest.fixture
def a_change(a_market: Market, an_emitter: Actor) -> int:
    """A new name and legal representative, waiting for the province's review."""
    return ask(a_market, an_emitter, **NEW)


@pytest.fixture
def a_bulk_opened(a_market: Market) -> Actor:
    """An emitter that was opened in bulk and has uploaded nothing."""
    opening = Opening(
        "bulk", "批量电力", "emitter", ("compliance", "trading"), _people(21010400051, "both"),
        province_id=a_market.holder("province"),
    )  # fmt: skip
    [found] = open_holders(a_market.ctx, None, [opening], bulk=True)
    a_market.holders["bulk"] = found
    opened(a_market, "bulk", credit_code=credit_code(5))
    return a_market.actor("bulk")


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [finding.code for finding in refused.value.findings]


def names(market: Market, holder: str = "emitter") -> list[str]:
    """The holder's name, and those of its accounts."""
    rows = market.rows(
        """SELECT name FROM identity.holder WHERE id = %(h)s
           UNION ALL SELECT name FROM identity.account WHERE holder_id = %(h)s""",
        h=market.holder(holder),
    )
    return [name for (name,) in rows]


def test_a_change_is_in_force_on_approval_and_not_before(
    a_market: Market, an_emitter: Actor, a_change: int, a_province: Actor
):
    before = data_of(a_market, an_emitter)
    assert before["legal_representative"] == "王建国"
    assert a_market.instance(a_change)["number"].startswith("XG-2022-")
    a_market.decide(a_province, a_change, APPROVE)
    assert data_of(a_market, an_emitter) == {**before, **NEW}
    assert names(a_market) == [NEW["name"]] * 3
    assert a_market.instance(a_change)["outcome"] == "changed"
    told = a_market.rows("SELECT holder_id, template FROM workflow.notification")
    assert told == [(an_emitter.holder_id, "approved")]


def test_a_returned_change_changes_nothing_and_may_be_handed_in_again(
    a_market: Market, an_emitter: Actor, a_change: int, a_province: Actor
):
    before = data_of(a_market, an_emitter)
    a_market.decide(a_province, a_change, RETURN)
    assert data_of(a_market, an_emitter) == before
    [(told, text)] = a_market.rows("SELECT holder_id, text FROM workflow.notification")
    assert told == an_emitter.holder_id
    assert RETURN["opinion"] in text
    a_market.decide(an_emitter, a_change, form(a_market, an_emitter, contact_person="林晓"))
    a_market.decide(a_province, a_change, APPROVE)
    assert data_of(a_market, an_emitter) == {**before, "contact_person": "林晓"}


def test_a_return_needs_an_opinion(a_market: Market, a_change: int, a_province: Actor):
    with pytest.raises(Invalid):
        a_market.decide(a_province, a_change, {"verdict": "return"})


def test_a_withdrawn_change_is_a_draft_again_and_can_be_discarded(
    a_market: Market, an_emitter: Actor, a_change: int, a_province: Actor
):
    key = a_market.key(a_change)
    trigger(a_market.ctx, an_emitter, a_change, "withdraw")
    with pytest.raises(Conflict):
        a_market.decide(a_province, a_change, APPROVE, key=key)
    trigger(a_market.ctx, an_emitter, a_change, "discard")
    assert a_market.instance(a_change)["outcome"] == "discarded"
    assert data_of(a_market, an_emitter)["legal_representative"] == "王建国"


def test_an_unanswered_review_is_reminded_of_and_a_forgotten_draft_ends(
    a_market: Market, an_emitter: Actor, a_change: int, a_province: Actor
):
    forgotten = ask(a_market, an_emitter, submit=False, contact_person="林晓")
    a_market.clock.advance(timedelta(days=5))
    sweep(a_market.ctx)
    a_market.clock.advance(timedelta(days=85))
    while sweep(a_market.ctx).timers:
        pass
    told = a_market.rows("SELECT holder_id, template FROM workflow.notification ORDER BY id")
    assert told[0] == (a_province.holder_id, "review_reminder")
    assert told[-1] == (an_emitter.holder_id, "expired")
    assert a_market.instance(forgotten)["outcome"] == "expired"
    assert a_market.instance(a_change)["status"] == "open"


def test_the_province_reviews_who_answers_to_it(a_market: Market, a_change: int):
    [row] = a_market.rows("SELECT holder_id, role, lane FROM workflow.task")
    assert row == (a_market.holder("province"), "provincial_authority", "account_reviewer")


@pytest.mark.parametrize("who", ["another_province", "an_emitter", "a_colleague"])
def test_nobody_else_may_review(
    request: pytest.FixtureRequest, a_market: Market, a_change: int, who: str
):
    with pytest.raises((Forbidden, NotFound)):
        a_market.decide(request.getfixturevalue(who), a_change, APPROVE)
    with pytest.raises((Forbidden, NotFound)):
        a_market.decide(a_market.actor("registry"), a_change, APPROVE)


def test_who_answers_to_no_province_is_reviewed_by_the_registry_operator(a_market: Market):
    opened(a_market, "owner", credit_code=credit_code(3))
    owner, registry = a_market.actor("owner"), a_market.actor("registry")
    change = ask(a_market, owner, contact_person="孟川")
    [row] = a_market.rows("SELECT holder_id, role FROM workflow.task")
    assert row == (registry.holder_id, "registry_operator")
    a_market.decide(registry, change, RETURN)
    a_market.decide(owner, change, form(a_market, owner, contact_person="孟小川"))
    a_market.decide(registry, change, APPROVE)
    assert data_of(a_market, owner)["contact_person"] == "孟小川"


@pytest.mark.parametrize("other", ["province", "registry", "national", "exchange"])
def test_whoever_has_no_account_opened_for_it_cannot_ask(a_market: Market, other: str):
    with pytest.raises(Forbidden):
        ask(a_market, a_market.actor(other), contact_person="某某")


def test_required_fields_are_complete_before_it_is_handed_in(a_market: Market, an_emitter: Actor):
    with pytest.raises(Invalid) as refused:
        ask(a_market, an_emitter, legal_representative="", contact_phone="电话")
    assert set(refused.value.fields) == {"legal_representative", "contact_phone"}
    ask(a_market, an_emitter, submit=False, legal_representative="")


def test_who_was_opened_in_bulk_uploads_the_opening_files_first(
    a_market: Market, a_bulk_opened: Actor
):
    with pytest.raises(Refused) as refused:
        ask(a_market, a_bulk_opened, contact_person="林晓")
    assert codes(refused) == ["4001"]
    assert refused.value.findings[0].facts["page"] == "opening_files"
    assert a_market.rows("SELECT 1 FROM workflow.instance") == []
    ask(a_market, a_bulk_opened, submit=False, contact_person="林晓")
    upload(a_market.ctx, a_bulk_opened, "执照.txt", "营业执照".encode(), "opening")
    ask(a_market, a_bulk_opened, contact_person="林晓")


def test_a_change_that_changes_nothing_is_refused(a_market: Market, an_emitter: Actor):
    with pytest.raises(Refused) as refused:
        ask(a_market, an_emitter)
    assert codes(refused) == ["4002"]


def test_a_mistyped_code_and_the_code_of_another_are_refused(a_market: Market, an_emitter: Actor):
    right = credit_code(2)
    wrong = right[:-1] + ("1" if right[-1] == "0" else "0")
    with pytest.raises(Refused) as refused:
        ask(a_market, an_emitter, credit_code=wrong)
    assert codes(refused) == ["4004"]
    opened(a_market, "neighbour", credit_code=right)
    with pytest.raises(Refused) as refused:
        ask(a_market, an_emitter, credit_code=right)
    assert codes(refused) == ["4005"]


def test_a_code_taken_during_the_review_is_found_at_approval(
    a_market: Market, an_emitter: Actor, a_province: Actor
):
    code = credit_code(2)
    change = ask(a_market, an_emitter, credit_code=code)
    opened(a_market, "neighbour", credit_code=code)
    with pytest.raises(Refused) as refused:
        a_market.decide(a_province, change, APPROVE)
    assert codes(refused) == ["4005"]


def test_what_another_change_set_meanwhile_is_found_at_approval(
    a_market: Market, an_emitter: Actor, a_change: int, a_province: Actor
):
    second = ask(a_market, an_emitter, contact_phone="13900000000")
    a_market.decide(a_province, a_change, APPROVE)
    with pytest.raises(Refused) as refused:
        a_market.decide(a_province, second, APPROVE)
    assert codes(refused) == ["4003", "4003"]
    assert [f.facts["field"] for f in refused.value.findings] == ["name", "legal_representative"]
    assert "李新华" in refused.value.findings[1].message.zh
    assert data_of(a_market, an_emitter)["contact_phone"] == DATA["contact_phone"]
    states = {c.code: c.state for c in checks(a_market.ctx, a_province, second)}
    assert (states["4001"], states["4003"]) == ("ok", "bad")
    a_market.decide(a_province, second, RETURN)
    found = reading.application(a_market.ctx, an_emitter, second)
    asked = found.definition.form_of("fill_change")
    again = proposal(a_market.ctx, an_emitter, an_emitter.account_id, asked, found.content)
    assert again is not None
    assert [label.zh for label in again.moved] == ["单位名称", "法定代表人"]
    a_market.decide(an_emitter, second, again.values)
    a_market.decide(a_province, second, APPROVE)
    after = data_of(a_market, an_emitter)
    assert (after["name"], after["contact_phone"]) == (NEW["name"], "13900000000")


def test_what_changed_since_the_page_was_opened_is_found_when_it_is_handed_in(
    a_market: Market, an_emitter: Actor, a_change: int, a_province: Actor
):
    stale = form(a_market, an_emitter, contact_phone="13900000000")
    a_market.decide(a_province, a_change, APPROVE)
    draft = ask(a_market, an_emitter, submit=False, contact_person="林晓")
    with pytest.raises(Refused) as refused:
        a_market.decide(an_emitter, draft, stale)
    assert set(codes(refused)) == {"4003"}


def test_two_approvals_at_once_put_only_one_into_force(
    a_market: Market, an_emitter: Actor, a_change: int, a_province: Actor
):
    """The database holds what was checked against what is so, whatever the services looked at."""
    second = ask(a_market, an_emitter, contact_phone="13900000000")
    a_market.decide(a_province, a_change, APPROVE)
    late = {
        "holder_id": an_emitter.holder_id,
        "applicant_account_id": an_emitter.account_id,
        "before": {**data_of(a_market, an_emitter), "legal_representative": "王建国"},
        "after": data_of(a_market, an_emitter),
        "instance_id": a_change,
        "decision_id": a_market.rows("SELECT max(id) FROM workflow.decision")[0][0],
        "at": a_market.clock.now().isoformat(),
    }
    with pytest.raises(psycopg2.Error) as refused:
        a_market.rows("SELECT identity.apply_change(%(r)s::jsonb)", r=json.dumps(late))
    assert refused.value.pgcode == "RG409"
    assert a_market.instance(second)["status"] == "open"


def test_the_two_person_rule_is_changed_by_application_and_only_where_two_can_act(
    a_market: Market, an_emitter: Actor, a_province: Actor
):
    change = ask(a_market, an_emitter, representatives="two")
    a_market.decide(a_province, change, APPROVE)
    assert data_of(a_market, an_emitter)["representatives"] == "two"
    rules = a_market.rows(
        "SELECT type, two_person FROM identity.account WHERE holder_id = %(h)s ORDER BY id",
        h=an_emitter.holder_id,
    )
    assert rules == [("compliance", True), ("trading", False)]
    opened(a_market, "exchange")
    lonely = Opening(
        "lonely", "独资电力", "emitter", ("compliance",), _people(21010400061, "both"),
        province_id=a_market.holder("province"),
    )  # fmt: skip
    a_market.open(lonely)
    opened(a_market, "lonely", credit_code=credit_code(6))
    with pytest.raises(Refused) as refused:
        ask(a_market, a_market.actor("lonely"), representatives="two")
    assert codes(refused) == ["4006"]


def test_old_and_new_stand_side_by_side_as_the_decision_has_them(
    a_market: Market, an_emitter: Actor, a_change: int, a_province: Actor
):
    a_market.decide(a_province, a_change, RETURN)
    a_market.decide(an_emitter, a_change, form(a_market, an_emitter, industry="steel"))
    a_market.decide(a_province, a_change, APPROVE)
    a_market.clock.advance(timedelta(days=3650))
    later = ask(a_market, an_emitter, legal_representative="赵后来")
    a_market.decide(a_province, later, APPROVE)
    for reader in (an_emitter, a_province):
        last, first = rounds_of(a_market.ctx, reading.application(a_market.ctx, reader, a_change))
        [industry] = last.changed
        assert (industry.before.zh, industry.after.zh) == ("发电", "钢铁")
        assert (industry.before.en, industry.after.en) == ("Power generation", "Iron and steel")
        assert [row.name for row in first.changed] == list(NEW)
        assert first.changed[1].before.zh == "王建国"
    with pytest.raises(NotFound):
        reading.application(a_market.ctx, a_market.actor("stranger"), a_change)


def test_an_application_of_another_kind_compares_nothing(
    a_market: Market, an_emitter: Actor, a_submitted_application: int
):
    found = reading.application(a_market.ctx, an_emitter, a_submitted_application)
    assert rounds_of(a_market.ctx, found) == []


def test_the_page_proposes_what_is_in_force(a_market: Market, an_emitter: Actor, a_change: int):
    asked = reading.application(a_market.ctx, an_emitter, a_change).definition.form_of(
        "fill_change"
    )
    found = proposal(a_market.ctx, an_emitter, an_emitter.account_id, asked, {})
    assert found is not None
    assert {k: v for k, v in found.values.items() if k != "seen"} == data_of(a_market, an_emitter)
    assert (found.files_missing, found.moved) == (False, ())


def test_a_holder_sees_its_data_and_every_version_of_them(
    a_market: Market, an_emitter: Actor, a_change: int, a_province: Actor
):
    a_market.decide(a_province, a_change, APPROVE)
    found = current_data(a_market.ctx, an_emitter)
    assert found is not None
    assert NEW["name"] in [said.zh for _, said in found.data]
    assert [(v.version, v.instance_id, v.person) for v in found.versions] == [
        (2, a_change, an_emitter.person_name),
        (1, None, ""),
    ]
    assert current_data(a_market.ctx, a_province) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE identity.holder_detail SET details = '{}'",
        "DELETE FROM identity.holder_detail",
        "TRUNCATE identity.holder_detail",
    ],
)
def test_a_version_on_record_is_never_changed_even_by_the_owner(a_market: Market, statement: str):
    with superuser(a_market.database) as cursor, pytest.raises(psycopg2.Error) as refused:
        cursor.execute(statement)
    assert refused.value.pgcode == "RG900"


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO identity.holder_detail (holder_id, version, details) VALUES (1, 9, '{}')",
        "UPDATE identity.holder SET name = '冒名'",
        "UPDATE identity.account SET two_person = false",
        "UPDATE identity.account SET name = '冒名'",
    ],
)
def test_the_application_changes_no_data_beside_the_function(a_market: Market, statement: str):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        a_market.rows(statement)


def test_no_data_change_without_another_partys_decision(
    a_market: Market, an_emitter: Actor, a_change: int
):
    """R21 in the database: the holder's own submission is no approval, nor is another's."""
    before = data_of(a_market, an_emitter)
    request = {
        "holder_id": an_emitter.holder_id,
        "applicant_account_id": an_emitter.account_id,
        "before": before,
        "after": {**before, "name": "自行改名"},
        "instance_id": a_change,
        "decision_id": a_market.rows("SELECT max(id) FROM workflow.decision")[0][0],
        "at": a_market.clock.now().isoformat(),
    }
    for forged in ({}, {"decision_id": 0}, {"instance_id": 0}):
        with pytest.raises(psycopg2.Error) as refused:
            a_market.rows(
                "SELECT identity.apply_change(%(r)s::jsonb)", r=json.dumps({**request, **forged})
            )
        assert refused.value.pgcode == "RG404"


@pytest.mark.parametrize("of_a_change", [True, False])
def test_an_approval_puts_nothing_into_force_that_was_not_asked_for(
    a_market: Market, an_emitter: Actor, a_province: Actor, of_a_change: bool
):
    """R21 in the database: an approved surrender renames nobody, nor does a returned change."""
    if of_a_change:
        instance = ask(a_market, an_emitter, contact_phone="13900000000")
        a_market.decide(a_province, instance, RETURN)
    else:
        notice = a_market.notice()
        instance = a_market.begin(an_emitter, notice, lines(**{PE21: 5}))
        a_market.decide(a_province, instance, APPROVE)
    before = data_of(a_market, an_emitter)
    request = {
        "holder_id": an_emitter.holder_id,
        "applicant_account_id": an_emitter.account_id,
        "before": before,
        "instance_id": instance,
        "decision_id": a_market.rows("SELECT max(id) FROM workflow.decision")[0][0],
        "at": a_market.clock.now().isoformat(),
    }
    without = {name: text for name, text in before.items() if name != "legal_representative"}
    for after in ({**before, "name": "冒名"}, without, {**before, "contact_phone": "13900000000"}):
        with pytest.raises(psycopg2.Error) as refused:
            a_market.rows(
                "SELECT identity.apply_change(%(r)s::jsonb)",
                r=json.dumps({**request, "after": after}),
            )
        assert refused.value.pgcode == "RG404"


def test_a_change_is_applied_once(
    a_market: Market, an_emitter: Actor, a_change: int, a_province: Actor
):
    a_market.decide(a_province, a_change, APPROVE)
    now = data_of(a_market, an_emitter)
    request = {
        "holder_id": an_emitter.holder_id,
        "applicant_account_id": an_emitter.account_id,
        "before": now,
        "after": now,
        "instance_id": a_change,
        "decision_id": a_market.rows("SELECT max(id) FROM workflow.decision")[0][0],
        "at": a_market.clock.now().isoformat(),
    }
    with pytest.raises(psycopg2.errors.UniqueViolation):
        a_market.rows("SELECT identity.apply_change(%(r)s::jsonb)", r=json.dumps(request))


def test_an_approval_is_an_event_of_the_history_with_its_document(
    a_market: Market, a_change: int, a_province: Actor
):
    a_market.decide(a_province, a_change, APPROVE)
    [(document,)] = a_market.rows(
        "SELECT document FROM workflow.decision WHERE instance_id = %(i)s AND verdict = 'approve'",
        i=a_change,
    )
    [effect] = json.loads(bytes(document))["effects"]
    assert effect["op"] == "account_change"
    assert effect["request"]["before"]["legal_representative"] == "王建国"
    assert effect["request"]["after"]["legal_representative"] == "李新华"
    tags = a_market.rows("SELECT tag FROM audit.event WHERE instance_id = %(i)s", i=a_change)
    assert (f"workflow:{FLOW}.review_change:approve",) in tags


def test_of_two_officers_who_approve_two_changes_at_once_one_is_told_what_changed(
    a_market: Market, an_emitter: Actor, a_change: int, two_officers: tuple[Actor, Actor]
):
    second = ask(a_market, an_emitter, contact_phone="13900000000")
    keys = {i: a_market.rows(KEY, i=i)[0][0] for i in (a_change, second)}
    gate = Barrier(2)

    def approve(pair: tuple[Actor, int]) -> list[str]:
        officer, instance = pair
        gate.wait()
        try:
            a_market.decide(officer, instance, APPROVE, key=keys[instance])
        except Refused as refused:
            return [finding.code for finding in refused.findings]
        return []

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(approve, zip(two_officers, (a_change, second), strict=True)))
    assert sorted(map(bool, found)) == [False, True]
    assert {code for codes in found for code in codes} == {"4003"}
    versions = a_market.rows("SELECT version FROM identity.holder_detail ORDER BY version")
    assert versions == [(1,), (2,)]


def test_a_change_approved_in_the_middle_of_anothers_approval_is_not_undone_by_it(
    a_market: Market,
    an_emitter: Actor,
    a_change: int,
    two_officers: tuple[Actor, Actor],
    monkeypatch: pytest.MonkeyPatch,
):
    second = ask(a_market, an_emitter, contact_phone="13900000000")
    key = a_market.rows(KEY, i=a_change)[0][0]
    others = iter([lambda: a_market.decide(two_officers[0], a_change, APPROVE, key=key)])

    def meanwhile(*of: Any) -> dict[str, str]:
        for approve in others:
            approve()
        return details_of(*of)

    monkeypatch.setattr("app.services.operators.account_changes.details_of", meanwhile)
    with pytest.raises(Refused) as refused:
        a_market.decide(two_officers[1], second, APPROVE)
    assert {finding.code for finding in refused.value.findings} == {"4003"}


KEY = "SELECT key FROM workflow.task WHERE instance_id = %(i)s"


def test_where_the_account_asks_for_two_one_fills_in_and_another_confirms(
    a_market: Market, an_emitter: Actor, a_colleague: Actor, a_province: Actor
):
    a_market.decide(a_province, ask(a_market, an_emitter, representatives="two"), APPROVE)
    first, other = a_market.actor("emitter"), a_market.actor("emitter", 1)
    asked = form(a_market, first, contact_person="林晓")
    with pytest.raises(Forbidden):
        begin(a_market.ctx, first, FLOW, None, asked, submit=True)
    change = begin(a_market.ctx, first, FLOW, None, asked, submit=False, ready=True).instance_id
    with pytest.raises(Conflict):
        a_market.decide(other, change, {**asked, "contact_person": "别人"})
    a_market.decide(other, change, asked)
    a_market.decide(a_province, change, APPROVE)
    assert data_of(a_market, first)["contact_person"] == "林晓"


def test_data_that_the_form_no_longer_asks_for_stay_as_they_were(
    a_market: Market, a_province: Actor
):
    opened(a_market, "neighbour", credit_code=credit_code(4), fax="0571-1")
    neighbour = a_market.actor("neighbour")
    a_market.decide(a_province, ask(a_market, neighbour, contact_person="林晓"), APPROVE)
    assert data_of(a_market, neighbour)["fax"] == "0571-1"
