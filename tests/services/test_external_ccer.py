"""Reductions of another registry through the services (G17, G18, R10, M13-M15, G28)."""

from datetime import timedelta
from typing import Any

import pytest

from app.domain.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from app.identity.actor import Actor
from app.ledger.effects import By, Order, Reverse
from app.ledger.posting import execute
from app.services.application import application
from app.services.applications import begin
from app.services.checked import checks
from app.services.eligible import choices
from app.services.sweep import sweep
from app.services.verify import verify
from app.services.withdraw import trigger
from tests.services.external import cancelled, claim, claim_form, marked
from tests.services.market import APPROVE, CCER, PE21, RETURN, Market, lines

pytestmark = pytest.mark.database


@pytest.fixture
def registry(a_market: Market) -> Actor:
    return a_market.actor("registry")


@pytest.fixture
def a_claim(a_market: Market, an_emitter: Actor) -> int:
    """30 t, waiting for the registry's confirmation."""
    return claim(a_market, an_emitter)


@pytest.fixture
def external(a_market: Market, an_emitter: Actor) -> str:
    """30 t marked in the emitter's compliance account."""
    return marked(a_market, an_emitter)


@pytest.fixture
def a_surrender(a_market: Market, an_emitter: Actor, a_notice: int, external: str) -> int:
    """100 t of allowances and 12 t of another registry's reductions, waiting for the province."""
    return a_market.begin(an_emitter, a_notice, lines(**{PE21: 100, external: 12}))


@pytest.fixture
def an_approved_surrender(a_market: Market, a_province: Actor, a_surrender: int) -> int:
    """The same, approved by the province: the registry records the cancellation there."""
    a_market.decide(a_province, a_surrender, APPROVE)
    return a_surrender


def task(market: Market, instance: int) -> list[tuple[str, str]]:
    sql = "SELECT element_id, role FROM workflow.task WHERE instance_id = %(i)s"
    return market.rows(sql, i=instance)


def own(market: Market, unit: str, position: str = "registry_available") -> int:
    return market.held(market.account("emitter", "compliance"), position, unit)


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [finding.code for finding in refused.value.findings]


def release(market: Market, emitter: Actor, code: str, tonnes: int) -> int:
    form = {**lines(**{code: tonnes}), "reason": "本年度不再使用。"}
    return begin(market.ctx, emitter, "external_release", None, form, submit=True).instance_id


# ---- the claim


def test_a_confirmed_claim_is_marked_in_the_compliance_account(
    a_market: Market, an_emitter: Actor, registry: Actor, a_claim: int
):
    assert task(a_market, a_claim) == [("review_claim", "registry_operator")]
    code = a_market.instance(a_claim)["number"]
    assert own(a_market, code) == 0
    a_market.decide(registry, a_claim, APPROVE)
    found = a_market.instance(a_claim)
    assert (found["status"], found["outcome"], found["quantity"]) == ("ended", "marked", 30)
    assert own(a_market, code) == 30
    [row] = a_market.rows(
        """SELECT i.unit_type, i.name, i.region, i.vintage, i.covered_source, c.registry,
                  c.quantity, r.prefix, r.digits, lower(r.numbers), upper(r.numbers)
           FROM ledger.instrument i JOIN ledger.external_claim c ON c.instrument_id = i.id
           JOIN ledger.external_range r ON r.instrument_id = i.id WHERE i.code = %(c)s""",
        c=code,
    )
    assert row == ("external_ccer", "某光伏发电项目", "青海", 2020, False, "ccer_registry", 30,
                   "CCER-2020-", 6, 1, 31)  # fmt: skip
    assert verify(a_market.ctx).ok


def test_a_claim_needs_the_proof_of_the_freeze(a_market: Market, an_emitter: Actor):
    with pytest.raises(Invalid) as refused:
        claim(a_market, an_emitter, proof=[])
    assert "proof" in refused.value.fields


def test_a_claims_numbers_are_as_many_as_its_tonnes(a_market: Market, an_emitter: Actor):
    with pytest.raises(Refused) as refused:
        claim(a_market, an_emitter, serials="CCER-2020-000001~CCER-2020-000029")
    assert codes(refused) == ["3202"]


def test_numbers_that_cannot_be_read_are_named(a_market: Market, an_emitter: Actor):
    with pytest.raises(Invalid) as refused:
        claim(a_market, an_emitter, serials="三十个")
    assert "serials" in refused.value.fields


def test_nothing_is_claimed_twice(a_market: Market, an_emitter: Actor, external: str):
    with pytest.raises(Refused) as refused:
        claim(a_market, an_emitter, 2, serials="CCER-2020-000030~CCER-2020-000031")
    assert codes(refused) == ["3203"]
    assert external in str(refused.value.findings[0].message.zh)
    neighbour = a_market.actor("neighbour")
    with pytest.raises(Refused):
        claim(a_market, neighbour, 1, serials="CCER-2020-000001")
    claim(a_market, neighbour, 1, serials="CCER-2020-000031")


def test_of_two_claims_on_the_same_numbers_one_is_confirmed(
    a_market: Market, an_emitter: Actor, registry: Actor
):
    first, second = claim(a_market, an_emitter), claim(a_market, an_emitter, 10)
    a_market.decide(registry, first, APPROVE)
    with pytest.raises(Refused) as refused:
        a_market.decide(registry, second, APPROVE)
    assert codes(refused) == ["3203"]
    assert task(a_market, second) == [("review_claim", "registry_operator")]


def test_a_claim_is_returned_with_an_opinion_and_resubmitted(
    a_market: Market, an_emitter: Actor, registry: Actor, a_claim: int
):
    with pytest.raises(Invalid):
        a_market.decide(registry, a_claim, {"verdict": "return"})
    a_market.decide(registry, a_claim, {"verdict": "return", "opinion": "证明与编号不符。"})
    assert task(a_market, a_claim) == [("fill_claim", "emitter")]
    [(told,)] = a_market.rows(
        "SELECT text FROM workflow.notification WHERE instance_id = %(i)s", i=a_claim
    )
    assert "证明与编号不符" in told
    a_market.decide(an_emitter, a_claim, claim_form(a_market, an_emitter, 20))
    a_market.decide(registry, a_claim, APPROVE)
    assert own(a_market, a_market.instance(a_claim)["number"]) == 20


def test_a_claim_is_withdrawn_and_discarded(a_market: Market, an_emitter: Actor, a_claim: int):
    trigger(a_market.ctx, an_emitter, a_claim, "withdraw")
    assert task(a_market, a_claim) == [("fill_claim", "emitter")]
    trigger(a_market.ctx, an_emitter, a_claim, "discard")
    assert a_market.instance(a_claim)["outcome"] == "claim_discarded"


def test_a_claim_draft_ends_by_itself_and_a_review_reminds(
    a_market: Market, an_emitter: Actor, a_claim: int
):
    a_market.clock.advance(timedelta(days=6))
    sweep(a_market.ctx)
    [(told,)] = a_market.rows(
        "SELECT template FROM workflow.notification WHERE instance_id = %(i)s", i=a_claim
    )
    assert told == "review_reminder"
    trigger(a_market.ctx, an_emitter, a_claim, "withdraw")
    a_market.clock.advance(timedelta(days=91))
    sweep(a_market.ctx)
    assert a_market.instance(a_claim)["outcome"] == "claim_expired"


def test_only_the_registry_confirms_and_only_parties_see_a_claim(
    a_market: Market, an_emitter: Actor, a_province: Actor, a_claim: int
):
    with pytest.raises((Forbidden, NotFound)):
        a_market.decide(a_province, a_claim, APPROVE)
    with pytest.raises(Forbidden):
        a_market.decide(an_emitter, a_claim, APPROVE)
    with pytest.raises(NotFound):
        application(a_market.ctx, a_market.actor("neighbour"), a_claim)


def test_the_reviewer_sees_the_claims_checks(a_market: Market, registry: Actor, a_claim: int):
    states = {check.code: check.state for check in checks(a_market.ctx, registry, a_claim)}
    assert states == {"1002": "ok", "2002": "ok", "3201": "ok", "3202": "ok", "3203": "warn"}


# ---- surrender


def test_external_reductions_count_with_ccer_under_the_notices_limit(
    a_market: Market, an_emitter: Actor, a_notice: int, external: str
):
    with pytest.raises(Refused) as refused:  # 5 % of 400 t are 20 t
        a_market.begin(an_emitter, a_notice, lines(**{CCER: 9, external: 12}))
    assert codes(refused) == ["3003"]
    instance = a_market.begin(an_emitter, a_notice, lines(**{CCER: 8, external: 12}))
    assert a_market.ceilings(a_notice) == {"obligation": (400, 20, 0), "ccer": (20, 20, 0)}
    assert a_market.instance(instance)["ccer_quantity"] == 20


def test_a_covered_source_is_out_of_scope(a_market: Market, an_emitter: Actor, a_notice: int):
    code = marked(a_market, an_emitter, covered_source="yes")
    found = {c.instrument.code: c for c in choices(a_market.ctx, an_emitter, a_notice)}
    assert not found[code].eligible
    with pytest.raises(Refused) as refused:
        a_market.begin(an_emitter, a_notice, lines(**{code: 1}))
    assert codes(refused) == ["3002"]


def test_they_are_posted_once_the_other_registry_cancelled(
    a_market: Market, registry: Actor, an_approved_surrender: int, a_notice: int, external: str
):
    assert task(a_market, an_approved_surrender) == [("settle_external", "registry_operator")]
    assert own(a_market, external, "registry_reserved") == 12
    assert a_market.ceilings(a_notice)["obligation"] == (400, 112, 0)
    a_market.decide(registry, an_approved_surrender, cancelled(a_market, registry))
    assert a_market.instance(an_approved_surrender)["outcome"] == "surrendered"
    assert a_market.ceilings(a_notice) == {"obligation": (400, 0, 112), "ccer": (20, 0, 12)}
    offset = a_market.account("registry", "ccer_offset")
    assert a_market.held(offset, unit=external) == 12
    assert own(a_market, external) == 18
    [row] = a_market.rows(
        """SELECT x.reference, d.role, d.verdict FROM ledger.external_cancellation x
           JOIN workflow.decision d ON d.id = x.approval_id"""
    )
    assert row == ("CCER-ZX-2022-018", "provincial_authority", "approve")
    assert verify(a_market.ctx).ok


def test_the_cancellation_needs_its_number_and_its_proof(
    a_market: Market, registry: Actor, an_approved_surrender: int
):
    with pytest.raises(Invalid) as refused:
        a_market.decide(registry, an_approved_surrender, {"verdict": "cancelled"})
    assert set(refused.value.fields) == {"reference", "proof"}


def test_the_registry_returns_what_the_other_one_could_not_cancel(
    a_market: Market,
    an_emitter: Actor,
    registry: Actor,
    a_province: Actor,
    an_approved_surrender: int,
    a_notice: int,
    external: str,
):
    a_market.decide(registry, an_approved_surrender, RETURN)
    assert task(a_market, an_approved_surrender) == [("fill_surrender", "emitter")]
    assert a_market.ceilings(a_notice)["obligation"] == (400, 0, 0)
    assert own(a_market, external) == 30
    a_market.decide(an_emitter, an_approved_surrender, lines(**{PE21: 100}))
    a_market.decide(a_province, an_approved_surrender, APPROVE)  # without them: nobody else asked
    assert a_market.instance(an_approved_surrender)["outcome"] == "surrendered"
    assert verify(a_market.ctx).ok


def test_after_a_return_they_may_be_named_again(
    a_market: Market,
    an_emitter: Actor,
    registry: Actor,
    a_province: Actor,
    a_surrender: int,
    external: str,
):
    a_market.decide(a_province, a_surrender, RETURN)
    a_market.decide(an_emitter, a_surrender, lines(**{PE21: 50, external: 20}))
    a_market.decide(a_province, a_surrender, APPROVE)
    a_market.decide(registry, a_surrender, cancelled(a_market, registry))
    assert own(a_market, external) == 10


def test_the_emitter_withdraws_until_the_province_approved(
    a_market: Market, an_emitter: Actor, a_province: Actor, a_surrender: int, external: str
):
    trigger(a_market.ctx, an_emitter, a_surrender, "withdraw")
    assert own(a_market, external) == 30
    a_market.decide(an_emitter, a_surrender, lines(**{external: 5}))
    a_market.decide(a_province, a_surrender, APPROVE)
    with pytest.raises((Conflict, Forbidden)):
        trigger(a_market.ctx, an_emitter, a_surrender, "withdraw")


def test_the_registry_is_reminded_after_five_days(a_market: Market, an_approved_surrender: int):
    a_market.clock.advance(timedelta(days=6))
    sweep(a_market.ctx)
    told = a_market.rows(
        """SELECT n.template, h.role FROM workflow.notification n
           JOIN identity.holder h ON h.id = n.holder_id
           WHERE n.instance_id = %(i)s AND n.template = 'task_reminder'""",
        i=an_approved_surrender,
    )
    assert told == [("task_reminder", "registry_operator")]


def test_a_surrender_without_them_is_none_of_the_registrys_business(
    a_market: Market, registry: Actor, a_province: Actor, a_submitted_application: int
):
    a_market.decide(a_province, a_submitted_application, APPROVE)
    assert a_market.instance(a_submitted_application)["outcome"] == "surrendered"
    with pytest.raises(NotFound):
        application(a_market.ctx, registry, a_submitted_application)
    [(lanes,)] = a_market.rows(
        "SELECT array_agg(lane ORDER BY lane) FROM workflow.party WHERE instance_id = %(i)s",
        i=a_submitted_application,
    )
    assert lanes == ["emitter", "provincial_authority"]


def test_once_asked_the_registry_sees_the_surrender(
    a_market: Market, registry: Actor, a_province: Actor, a_surrender: int
):
    with pytest.raises(NotFound):
        application(a_market.ctx, registry, a_surrender)
    a_market.decide(a_province, a_surrender, APPROVE)
    assert application(a_market.ctx, registry, a_surrender).ccer_quantity == 12


def test_a_reversed_surrender_leaves_them_marked_again(
    a_market: Market, registry: Actor, an_approved_surrender: int, external: str
):
    a_market.decide(registry, an_approved_surrender, cancelled(a_market, registry))
    [(transfer,)] = a_market.rows(
        "SELECT id FROM ledger.transfer WHERE instance_id = %(i)s", i=an_approved_surrender
    )
    proposer, approver = a_market.actor("province"), a_market.actor("registry")
    by = By(proposer.person_id, proposer.account_id, proposer.role, a_market.clock.now())
    order = Order(proposer.person_id, "撤销令 1", approver.person_id)
    with a_market.ctx.database.transaction() as tx:
        execute(tx, Reverse("reversal", "surrender_reversal", transfer, order, by))
    assert own(a_market, external) == 30
    assert verify(a_market.ctx).ok


# ---- nothing else


@pytest.mark.parametrize("flow", ["voluntary_cancel", "custody_application"])
def test_they_are_neither_cancelled_nor_put_in_custody(
    a_market: Market, an_emitter: Actor, external: str, flow: str
):
    form: dict[str, Any] = {**lines(**{external: 1}), "reason": "试试看。", "custody_type": "split"}
    with pytest.raises(Refused) as refused:
        begin(a_market.ctx, an_emitter, flow, None, form, submit=True)
    assert "1003" in codes(refused)


def test_they_are_not_transferred(a_market: Market, external: str):
    source, to = a_market.account("emitter", "compliance"), a_market.account("emitter", "trading")
    with pytest.raises(Refused) as refused:
        a_market.order("emitter", "transfer_to_trading_account", source, 1, to, external)
    assert "1003" in codes(refused)


def test_nobody_orders_more_of_them(a_market: Market, external: str):
    source = a_market.account("national", "issuance_source")
    to = a_market.account("emitter", "compliance")
    with pytest.raises((Refused, Invalid)):
        a_market.order("registry", "external_mark", source, 5, to, external)
    assert own(a_market, external) == 30


# ---- release


def test_what_is_not_used_is_released_and_may_be_claimed_anew(
    a_market: Market, an_emitter: Actor, registry: Actor, external: str
):
    instance = release(a_market, an_emitter, external, 10)
    assert own(a_market, external, "registry_reserved") == 10
    a_market.decide(registry, instance, APPROVE)
    assert a_market.instance(instance)["outcome"] == "released"
    assert own(a_market, external) == 20
    released = a_market.account("registry", "external_release")
    assert a_market.held(released, unit=external) == 10
    again = marked(a_market, an_emitter, 10)  # the first ten numbers
    assert own(a_market, again) == 10
    with pytest.raises(Refused):
        claim(a_market, an_emitter, 1, serials="CCER-2020-000011")
    assert verify(a_market.ctx).ok


def test_a_release_is_returned_or_withdrawn_and_the_units_are_marked_again(
    a_market: Market, an_emitter: Actor, registry: Actor, external: str
):
    instance = release(a_market, an_emitter, external, 10)
    a_market.decide(registry, instance, {"verdict": "return", "opinion": "对方尚未解冻。"})
    assert own(a_market, external) == 30
    form = {**lines(**{external: 4}), "reason": "本年度不再使用。"}
    a_market.decide(an_emitter, instance, form)
    trigger(a_market.ctx, an_emitter, instance, "withdraw")
    assert own(a_market, external) == 30
    a_market.decide(an_emitter, instance, form)
    a_market.decide(registry, instance, APPROVE)
    assert own(a_market, external) == 26


def test_only_marked_reductions_are_released(a_market: Market, an_emitter: Actor):
    with pytest.raises(Refused) as refused:
        release(a_market, an_emitter, CCER, 1)
    assert "1003" in codes(refused)
