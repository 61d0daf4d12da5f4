"""CCER for a pilot region through the services: every party, every refusal (S22, S26, R39, W21)."""

import json
from collections.abc import Iterator

import psycopg2
import pytest

from app.domain.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from app.services.application import application
from app.services.applications import begin
from app.services.checked import checks
from app.services.pilots.region import designate, regions
from app.services.withdraw import trigger
from tests.postgres import Database
from tests.services.market import APPROVE, TODAY, Market, market
from tests.services.pilot_market import (
    ACCEPTED,
    AWAY,
    HOME,
    NOT_ACCEPTED,
    PROCESS,
    REJECT,
    acting,
    cancel,
    export_all,
    form,
    general,
    give_base,
    open_pilots,
    pilot_id,
    submit,
)


@pytest.fixture
def made(database: Database) -> Iterator[Market]:
    with market(database, open_pilots) as opened:
        yield opened


def position(made: Market, name: str = "registry_available", unit: str = HOME) -> int:
    return made.held(made.account("enterprise", "general"), name, unit)


def cancelled(made: Market, unit: str = HOME) -> int:
    return made.held(made.account("national", "government_cancellation"), unit=unit)


def states(made: Market, who: str, instance: int) -> dict[str, str]:
    return {c.code: c.state for c in checks(made.ctx, made.actor(who), instance)}


def test_a_request_is_held_passed_cancelled_exported_and_its_outcome_recorded(made):
    instance = submit(made, **{HOME: 30})
    assert (position(made), position(made, "registry_reserved")) == (70, 30)
    made.decide(made.actor("pilot"), instance, APPROVE)
    assert position(made, "registry_reserved") == 30
    made.decide(made.actor("national"), instance, APPROVE)
    assert (position(made), position(made, "registry_reserved"), cancelled(made)) == (70, 0, 30)
    done = export_all(made, instance)
    assert done.left == ()
    made.decide(made.actor("pilot"), instance, ACCEPTED)
    row = made.instance(instance)
    assert (row["status"], row["outcome"]) == ("ended", "accepted")
    assert row["number"].startswith("SD-2022-")
    assert made.rows("SELECT accepted, reference, reason FROM pilots.outcome") == [
        (True, "BJ-2022-0007", "")
    ]


def test_one_officer_of_the_pilot_may_review_export_and_record(made):
    instance = submit(made, **{HOME: 5})
    officer = made.actor("pilot")
    made.decide(officer, instance, APPROVE)
    made.decide(made.actor("national"), instance, APPROVE)
    export_all(made, instance)
    made.decide(officer, instance, ACCEPTED)
    people = made.rows(
        "SELECT lane, count(DISTINCT person_id) FROM workflow.participant"
        " WHERE instance_id = %(i)s GROUP BY lane ORDER BY lane",
        i=instance,
    )
    assert people == [("enterprise", 1), ("national_authority", 1), ("pilot_authority", 1)]


def test_units_stay_cancelled_when_the_pilots_registry_does_not_accept(made):
    instance = submit(made, **{HOME: 30})
    cancel(made, instance)
    export_all(made, instance)
    made.decide(made.actor("pilot"), instance, NOT_ACCEPTED)
    assert made.instance(instance)["outcome"] == "not_accepted"
    assert (position(made), cancelled(made)) == (70, 30)
    assert made.rows("SELECT accepted, reason FROM pilots.outcome") == [(False, "单位已注销。")]


def test_an_outcome_that_is_not_accepted_needs_a_reason(made):
    instance = submit(made, **{HOME: 30})
    cancel(made, instance)
    export_all(made, instance)
    with pytest.raises(Invalid) as refused:
        made.decide(made.actor("pilot"), instance, {"verdict": "not_accepted", "reference": "BJ-1"})
    assert set(refused.value.fields) == {"opinion"}


@pytest.mark.parametrize("by", ["pilot", "national"])
def test_a_refusal_needs_an_opinion_releases_and_is_submitted_again(made, by):
    instance = submit(made, **{HOME: 30})
    if by == "national":
        made.decide(made.actor("pilot"), instance, APPROVE)
    with pytest.raises(Invalid) as refused:
        made.decide(made.actor(by), instance, {"verdict": "return"})
    assert set(refused.value.fields) == {"opinion"}
    made.decide(made.actor(by), instance, REJECT)
    assert (position(made), position(made, "registry_reserved")) == (100, 0)
    shown = application(made.ctx, general(made), instance)
    assert shown.opinions[0].opinion == REJECT["opinion"]
    assert next(n.text.zh for n in shown.notifications).endswith("请修改后重新提交。")
    made.decide(general(made), instance, form(**{HOME: 20}))
    cancel(made, instance)
    assert (position(made), cancelled(made)) == (80, 20)
    export_all(made, instance)  # no submission: what was changed is told as before
    [item] = application(made.ctx, general(made), instance).items
    assert (item.before, item.quantity) == (30, 20)


@pytest.mark.parametrize("passed", [False, True])
def test_the_enterprise_withdraws_until_the_ccer_are_cancelled(made, passed):
    instance = submit(made, **{HOME: 30})
    if passed:
        made.decide(made.actor("pilot"), instance, APPROVE)
    trigger(made.ctx, general(made), instance, "withdraw")
    assert position(made) == 100
    made.decide(general(made), instance, form(**{HOME: 10}))
    cancel(made, instance)
    with pytest.raises(Conflict):
        trigger(made.ctx, general(made), instance, "withdraw")
    assert cancelled(made) == 10


def test_a_draft_is_discarded(made):
    started = begin(
        made.ctx, general(made), PROCESS, pilot_id(made, "beijing"), form(**{HOME: 1}), submit=False
    )
    trigger(made.ctx, general(made), started.instance_id, "discard")
    assert made.instance(started.instance_id)["outcome"] == "discarded"


@pytest.mark.parametrize(("holder", "kind"), [("enterprise", "trading"), ("emitter", "compliance")])
def test_only_a_general_holding_account_surrenders_to_a_pilot(made, holder, kind):
    if kind == "trading":
        made.give_mandate(general(made).person_id, made.account(holder, kind))
    someone = acting(made, holder, kind)
    with pytest.raises(Forbidden, match="general holding account"):
        begin(
            made.ctx,
            someone,
            PROCESS,
            pilot_id(made, "beijing"),
            form(**{HOME: 1}),
            submit=False,
        )


def test_an_emitter_with_a_general_account_may_surrender_too(made):
    made.change(
        "UPDATE identity.holder SET role = 'emitter', province_id = %(p)s"
        " WHERE code = 'enterprise'",
        p=made.holder("province"),
    )
    instance = submit(made, **{HOME: 3})
    cancel(made, instance)
    assert cancelled(made) == 3


def test_allowances_do_not_go_this_way(made):
    with pytest.raises(Refused) as refused:
        submit(made, PE2021000025=1)
    assert "1003" in {f.code for f in refused.value.findings}


def test_another_pilots_authority_and_strangers_find_nothing(made):
    instance = submit(made, **{HOME: 30})
    for who in ("other_pilot", "province", "rival", "emitter"):
        with pytest.raises(NotFound):
            application(made.ctx, made.actor(who), instance)
        with pytest.raises(NotFound):
            made.decide(made.actor(who), instance, APPROVE)
    for who in ("pilot", "national"):
        assert application(made.ctx, made.actor(who), instance).number


def test_the_pilots_authority_cannot_cancel_and_the_nation_cannot_review(made):
    instance = submit(made, **{HOME: 30})
    with pytest.raises(Forbidden):
        made.decide(made.actor("national"), instance, APPROVE)
    made.decide(made.actor("pilot"), instance, APPROVE)
    with pytest.raises(Forbidden):
        made.decide(made.actor("pilot", 1), instance, APPROVE)


def test_only_the_national_authority_posts_it_in_the_ledger_too(made):
    instance = submit(made, **{HOME: 30})
    [(transfer,)] = made.rows(
        "SELECT id FROM ledger.transfer WHERE instance_id = %(i)s", i=instance
    )
    officer = made.actor("pilot")
    request = {
        "transfer_id": transfer,
        "person_id": officer.person_id,
        "account_id": officer.account_id,
        "role": officer.role,
        "decision_id": None,
        "at": TODAY.isoformat(),
    }
    with made.ctx.database.transaction() as tx, pytest.raises(psycopg2.Error) as refused:
        tx.one("SELECT ledger.post(%(r)s::jsonb)", {"r": json.dumps(request)})
    assert refused.value.pgcode.startswith("RL")


def test_without_a_base_the_reviewer_is_warned_and_not_refused(made):
    instance = submit(made, **{HOME: 30})
    found = {c.code: c for c in checks(made.ctx, made.actor("pilot"), instance)}
    assert found["3102"].state == "warn"
    assert "尚未上传" in found["3102"].compared.zh
    cancel(made, instance)
    assert cancelled(made) == 30


def test_with_a_base_the_numbers_are_shown_and_the_cap_holds_over_the_year(made):
    give_base(made, 1019)  # 5 % = 50.95, so 50 t
    first = submit(made, **{HOME: 30})
    found = {c.code: c for c in checks(made.ctx, made.actor("pilot"), first)}
    assert found["3102"].compared.zh == "0 + 0 + 30 = 30 ≤ 50（5 % × 1,019）"
    assert states(made, "pilot", first)["3103"] == "ok"
    with pytest.raises(Refused) as refused:
        submit(made, **{HOME: 21})
    [finding] = refused.value.findings
    assert (finding.code, finding.facts["left"], finding.facts["pending"]) == ("3102", 20, 30)
    cancel(made, first)
    with pytest.raises(Refused) as refused:
        submit(made, **{HOME: 21})
    assert refused.value.findings[0].facts["cancelled"] == 30
    second = submit(made, **{HOME: 20})
    cancel(made, second)
    assert cancelled(made) == 50


def test_the_cap_is_of_the_year_the_pilot_and_the_enterprise(made):
    give_base(made, 200)
    cancel(made, submit(made, **{HOME: 10}))
    with pytest.raises(Refused):
        submit(made, **{HOME: 1})
    submit(made, year="2020", **{HOME: 10})
    submit(made, pilot="shanghai", **{HOME: 10})
    submit(made, by="rival", **{HOME: 10})


def test_a_base_uploaded_later_is_compared_at_approval(made):
    instance = submit(made, **{HOME: 30})
    give_base(made, 100)
    assert states(made, "pilot", instance)["3102"] == "bad"
    made.decide(made.actor("pilot"), instance, APPROVE)
    with pytest.raises(Refused):
        made.decide(made.actor("national"), instance, APPROVE)
    give_base(made, 600)
    made.decide(made.actor("national"), instance, APPROVE)
    assert cancelled(made) == 30


def test_beijing_wants_half_from_its_own_projects(made):
    with pytest.raises(Refused) as refused:
        submit(made, **{HOME: 10, AWAY: 11})
    [finding] = refused.value.findings
    assert (finding.code, finding.facts["missing"]) == ("3103", 1)
    cancel(made, submit(made, **{HOME: 11, AWAY: 11}))
    with pytest.raises(Refused):
        submit(made, **{AWAY: 1})
    submit(made, **{HOME: 1, AWAY: 1})


def test_the_kinds_of_reductions_are_the_pilots(made):
    with pytest.raises(Refused) as refused:
        submit(made, pilot="shanghai", CCER2012001=1)
    [finding] = refused.value.findings
    assert finding.code == "3101"
    assert "产生年份" in finding.message.zh


def test_a_year_without_a_rule_is_refused(made):
    with pytest.raises(Refused) as refused:
        submit(made, year="2012", **{HOME: 1})
    assert {f.code for f in refused.value.findings} == {"3101"}


def test_a_rule_that_is_to_be_confirmed_warns_the_reviewer(made):
    designate(made.ctx, made.actor("national"), pilot_id(made, "hubei"), "pilot")
    instance = submit(made, pilot="hubei", **{HOME: 1})
    assert states(made, "pilot", instance)["3101"] == "warn"


def test_who_runs_a_pilot_is_named_by_the_national_authority(made):
    hubei = pilot_id(made, "hubei")
    with pytest.raises(Invalid, match="Nobody has been named"):
        submit(made, pilot="hubei", **{HOME: 1})
    for who in ("pilot", "registry", "enterprise"):
        with pytest.raises(Forbidden):
            designate(made.ctx, made.actor(who), hubei, "pilot")
    with pytest.raises(Invalid):
        designate(made.ctx, made.actor("national"), hubei, "enterprise")
    designate(made.ctx, made.actor("national"), hubei, "pilot")
    open_ = {r.pilot.code for r in regions(made.ctx) if r.open}
    assert open_ == {"beijing", "shanghai", "hubei"}


def test_who_began_to_run_an_application_brings_it_to_its_end(made):
    instance = submit(made, **{HOME: 5})
    designate(made.ctx, made.actor("national"), pilot_id(made, "beijing"), "other_pilot")
    cancel(made, instance)
    export_all(made, instance)
    made.decide(made.actor("pilot"), instance, ACCEPTED)
    assert made.instance(instance)["outcome"] == "accepted"
