"""Bundles: a new flow needs no Python, a new hash disturbs nobody, a bad one is refused whole."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.errors import Forbidden, NotFound, Refused
from app.identity.actor import Actor
from app.ledger.verify import verify
from app.services.applications import begin
from app.services.definitions import current_definition, definition_of
from app.services.deployments import deploy, deploy_files
from app.services.withdraw import trigger
from app.workflow.bundle import Bundle, read_bundles
from app.workflow.refusals import Refused as RefusedBundle
from tests.services.market import APPROVE, CCER, PE21, RETURN, Market, lines

pytestmark = pytest.mark.database
FLOWS = Path(__file__).parent / "flows"


def compliance(market: Market) -> Bundle:
    settings = market.ctx.settings
    found = read_bundles(settings.processes, settings.forms)
    return next(bundle for bundle in found if bundle.process_id == "compliance")


def changed(bundle: Bundle, name: str, old: str, new: str) -> Bundle:
    text = bundle.files[name].decode()
    assert old in text
    return replace(bundle, files=dict(bundle.files) | {name: text.replace(old, new).encode()})


def hashes(market: Market) -> list[str]:
    return [h for (h,) in market.rows("SELECT bundle_hash FROM workflow.deployment ORDER BY id")]


def current(market: Market) -> str:
    with market.ctx.database.transaction() as tx:
        return current_definition(tx, "compliance").hash


@pytest.fixture
def a_new_flow(a_market: Market) -> Market:
    deploy(a_market.ctx, read_bundles(FLOWS, FLOWS / "forms"), None)
    bring_units_to_the_owner(a_market)
    return a_market


def bring_units_to_the_owner(market: Market) -> None:
    """100 t of CCER in a general account of the project's owner."""
    from app.services.opening import Opening, PersonOpening

    opening = Opening(
        "trader",
        "交易参与人",
        "project_owner",
        ("general", "trading"),
        (
            PersonOpening("交易代表", member_no="60000000001"),
            PersonOpening("交易复核", member_no="60000000002"),
        ),
    )
    market.open(opening)
    emitter = market.account("emitter", "compliance")
    market.order(
        "emitter",
        "transfer_to_trading_account",
        emitter,
        40,
        market.account("emitter", "trading"),
        CCER,
    )
    delivery = market.account("exchange", "exchange_delivery")
    market.order(
        "emitter", "indirect_transfer", market.account("emitter", "trading"), 40, delivery, CCER
    )
    from app.services.orders import Order, OrderLine, execute

    line = OrderLine(CCER, 40, market.account("trader", "trading"))
    execute(
        market.ctx,
        market.actor("exchange"),
        Order("sale:2", "exchange_transfer_out", delivery, [line], "成交单 2"),
    )
    market.order(
        "trader",
        "transfer_from_trading_account",
        market.account("trader", "trading"),
        40,
        market.account("trader", "general"),
        CCER,
    )


def test_a_new_flow_on_an_existing_type_runs_from_draft_to_posted_units_without_python(
    a_new_flow: Market,
) -> None:
    holder, registrar = a_new_flow.actor("trader"), a_new_flow.actor("registry")
    started = begin(
        a_new_flow.ctx, holder, "voluntary_cancellation", None, lines(**{CCER: 50}), submit=False
    )
    instance = started.instance_id
    assert started.number.startswith("ZX-2022-")
    with pytest.raises(Refused) as refused:
        a_new_flow.decide(holder, instance, lines(**{CCER: 50}))
    assert [f.code for f in refused.value.findings] == ["2004"]

    a_new_flow.decide(holder, instance, lines(**{CCER: 30}))
    assert a_new_flow.held(holder.account_id, "registry_reserved", CCER) == 30
    with pytest.raises(NotFound):
        a_new_flow.decide(a_new_flow.actor("province"), instance, APPROVE)
    with pytest.raises(Forbidden):
        a_new_flow.decide(holder, instance, APPROVE)
    a_new_flow.decide(registrar, instance, RETURN)
    assert a_new_flow.held(holder.account_id, unit=CCER) == 40
    a_new_flow.decide(holder, instance, lines(**{CCER: 25}))
    a_new_flow.decide(registrar, instance, APPROVE)

    cancelled = a_new_flow.account("registry", "voluntary_cancellation")
    assert a_new_flow.held(cancelled, unit=CCER) == 25
    assert a_new_flow.held(holder.account_id, unit=CCER) == 15
    assert a_new_flow.instance(instance)["outcome"] == "cancelled"
    assert verify(a_new_flow.ctx.database).ok


def test_a_new_flow_leaves_the_others_as_they_are(
    a_new_flow: Market, an_emitter: Actor, a_province: Actor
) -> None:
    notice = a_new_flow.notice()
    instance = a_new_flow.begin(an_emitter, notice, lines(**{PE21: 10}))
    a_new_flow.decide(a_province, instance, APPROVE)
    with pytest.raises(Forbidden):
        begin(
            a_new_flow.ctx,
            an_emitter,
            "voluntary_cancellation",
            None,
            lines(**{PE21: 1}),
            submit=True,
        )


def test_an_unknown_process_is_not_found(a_market: Market, an_emitter: Actor) -> None:
    with pytest.raises(NotFound):
        begin(a_market.ctx, an_emitter, "no_such_process", None, {}, submit=False)


def test_a_changed_form_is_a_new_hash_for_new_instances_and_running_ones_keep_theirs(
    a_market: Market, an_emitter: Actor, a_province: Actor, a_notice: int
) -> None:
    first = current(a_market)
    running = a_market.begin(an_emitter, a_notice, lines(**{PE21: 10}), submit=False)
    bundle = changed(
        compliance(a_market),
        "forms/surrender_application.json",
        "请至少添加一个履约标的。",
        "请添加标的。",
    )
    [deployed] = deploy(a_market.ctx, [bundle], a_market.actor("registry").person_id)
    assert (deployed.new, deployed.hash == first) == (True, False)

    newer = a_market.begin(an_emitter, a_notice, lines(**{PE21: 20}))
    a_market.decide(an_emitter, running, lines(**{PE21: 10}))
    for instance in (running, newer):
        a_market.decide(a_province, instance, APPROVE)
    assert a_market.rows("SELECT id, bundle_hash FROM workflow.instance ORDER BY id") == [
        (running, first),
        (newer, deployed.hash),
    ]
    assert a_market.rows(
        "SELECT DISTINCT instance_id, bundle_hash FROM workflow.decision ORDER BY 1"
    ) == [(running, first), (newer, deployed.hash)]
    with a_market.ctx.database.transaction() as tx:
        old, new = (definition_of(tx, h).form_of("fill_surrender") for h in (first, deployed.hash))
    assert old.validate({})[1]["lines"].zh == "请至少添加一个履约标的。"
    assert new.validate({})[1]["lines"].zh == "请添加标的。"


def test_a_changed_diagram_or_lane_file_is_a_new_hash(a_market: Market) -> None:
    bundle = compliance(a_market)
    others = [
        changed(bundle, "compliance.bpmn", "审核履约申请", "审核清缴申请"),
        changed(bundle, "lanes.toml", "Provincial authority", "Authority of the province"),
    ]
    assert len({b.hash for b in (bundle, *others)}) == 3


def test_a_running_instance_moves_on_by_the_diagram_that_it_began_with(
    a_market: Market, an_emitter: Actor, a_submitted_application: int, a_notice: int
) -> None:
    """The newer diagram calls the withdrawal otherwise; the old instance does not know that."""
    bundle = changed(compliance(a_market), "compliance.bpmn", 'name="withdraw"', 'name="recall"')
    deploy(a_market.ctx, [bundle], None)
    newer = a_market.begin(an_emitter, a_notice, lines(**{PE21: 20}))
    trigger(a_market.ctx, an_emitter, a_submitted_application, "withdraw")
    trigger(a_market.ctx, an_emitter, newer, "recall")
    assert a_market.held(an_emitter.account_id) == 1000


def test_a_known_hash_deployed_again_does_not_undo_a_newer_one(a_market: Market) -> None:
    first = current(a_market)
    newer = changed(compliance(a_market), "compliance.bpmn", "审核履约申请", "审核清缴申请")
    deploy(a_market.ctx, [newer], None)
    before = hashes(a_market)
    assert [one.new for one in deploy_files(a_market.ctx)] == [False] * len(
        read_bundles(a_market.ctx.settings.processes, a_market.ctx.settings.forms)
    )
    assert hashes(a_market) == before
    assert current(a_market) == newer.hash != first


def test_a_bad_diagram_is_refused_with_its_elements_and_deploys_nothing(a_market: Market) -> None:
    good = changed(compliance(a_market), "compliance.bpmn", "审核履约申请", "审核清缴申请")
    bad = changed(compliance(a_market), "compliance.bpmn", 'id="ledger/post"', 'id="ledger/gift"')
    bad = changed(bad, "compliance.bpmn", "&quot;surrender&quot;", "&quot;no_such_type&quot;")
    bad = changed(bad, "compliance.bpmn", "surrender_review.json", "no_such_form.json")
    before = a_market.dump()
    with pytest.raises(RefusedBundle) as refused:
        deploy(a_market.ctx, [good, bad], None)
    found = {refusal.element_id for refusal in refused.value.refusals}
    assert {"post_surrender", "reserve_units", "review_surrender"} <= found
    assert all(r.reason.zh and r.reason.en for r in refused.value.refusals)
    assert a_market.dump() == before


def test_two_deployments_of_one_hash_at_once_deploy_it_once(a_market: Market) -> None:
    from tests.services.test_races import at_once

    newer = changed(compliance(a_market), "compliance.bpmn", "审核履约申请", "审核清缴申请")
    answers = at_once(*[lambda: deploy(a_market.ctx, [newer], None)] * 3)
    assert sorted(one.new for [one] in answers) == [False, False, True]
    assert hashes(a_market).count(newer.hash) == 1
