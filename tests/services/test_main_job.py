"""A surrender from draft to posted units, by every path of the diagram (M13-M16, M35, R5-R10)."""

import json
from datetime import timedelta

import pytest

from app.domain.errors import AlreadyDecided, Conflict, Forbidden, Invalid, NotFound
from app.identity.actor import Actor
from app.ledger.verify import verify
from app.services.drafts import draft_of, save
from app.services.withdraw import trigger
from tests.services.market import (
    APPROVE,
    CCER,
    DEADLINE,
    PE21,
    RETURN,
    Market,
    lines,
)

pytestmark = pytest.mark.database


def test_an_approved_surrender_moves_allowances_and_ccer_into_their_own_accounts(
    a_market: Market, an_emitter: Actor, a_province: Actor, a_notice: int
) -> None:
    instance = a_market.begin(an_emitter, a_notice, lines(**{PE21: 250, CCER: 20}))
    own = a_market.account("emitter", "compliance")
    assert a_market.held(own) == 750
    assert a_market.held(own, "registry_reserved") == 250
    assert a_market.held(own, "registry_reserved", CCER) == 20
    assert a_market.ceilings(a_notice) == {"obligation": (400, 270, 0), "ccer": (20, 20, 0)}

    a_market.decide(a_province, instance, APPROVE)

    assert a_market.held(a_market.account("registry", "surrender")) == 250
    offset = a_market.account("registry", "ccer_offset")
    assert a_market.held(offset, unit=CCER) == 20
    assert a_market.held(own, "registry_reserved") == 0
    assert a_market.ceilings(a_notice) == {"obligation": (400, 0, 270), "ccer": (20, 0, 20)}
    ended = a_market.instance(instance)
    assert (ended["status"], ended["outcome"]) == ("ended", "surrendered")
    assert (ended["quantity"], ended["ccer_quantity"], ended["late"]) == (270, 20, False)
    assert ended["ended_at"] == a_market.clock.now()
    assert a_market.rows("SELECT FROM workflow.task") == []
    assert verify(a_market.ctx.database).ok


def test_a_draft_is_saved_any_number_of_times_and_is_not_checked_against_limits(
    a_market: Market, an_emitter: Actor, a_notice: int
) -> None:
    instance = a_market.begin(an_emitter, a_notice, lines(**{PE21: 9999}), submit=False)
    for quantity in (1, 999_999, 7):
        a_market.clock.advance(timedelta(minutes=5))
        key = a_market.key(instance)
        save(a_market.ctx, an_emitter, instance, key, lines(**{PE21: quantity}))

    with a_market.ctx.database.transaction() as tx:
        draft = draft_of(tx, instance, "fill_surrender", a_market.holder("emitter"))
    assert draft == lines(**{PE21: 7})
    assert a_market.rows("SELECT person_id, account_id, saved_at FROM workflow.draft") == [
        (an_emitter.person_id, an_emitter.account_id, a_market.clock.now())
    ]
    assert a_market.held(an_emitter.account_id, "registry_reserved") == 0
    assert a_market.rows("SELECT FROM workflow.decision") == []


def test_submitting_uses_up_the_draft(a_market: Market, an_emitter: Actor, a_notice: int) -> None:
    instance = a_market.begin(an_emitter, a_notice, lines(**{PE21: 5}), submit=False)
    a_market.decide(an_emitter, instance, lines(**{PE21: 250}))
    assert a_market.rows("SELECT FROM workflow.draft") == []
    assert a_market.instance(instance)["quantity"] == 250


def test_a_refused_first_submission_starts_nothing(
    a_market: Market, an_emitter: Actor, a_notice: int
) -> None:
    before = a_market.dump()
    with pytest.raises(Invalid):
        a_market.begin(an_emitter, a_notice, lines(**{PE21: 401}))
    assert a_market.dump() == before


def test_a_return_needs_an_opinion(
    a_market: Market, a_province: Actor, a_submitted_application: int
) -> None:
    before = a_market.dump()
    for form in ({"verdict": "return"}, {"verdict": "return", "opinion": "  "}):
        with pytest.raises(Invalid) as refused:
            a_market.decide(a_province, a_submitted_application, form)
        assert list(refused.value.fields) == ["opinion"]
    assert a_market.dump() == before


def test_a_returned_application_releases_its_units_and_is_edited_and_submitted_again(
    a_market: Market,
    an_emitter: Actor,
    a_province: Actor,
    a_submitted_application: int,
    a_notice: int,
) -> None:
    a_market.decide(a_province, a_submitted_application, RETURN)

    assert a_market.held(an_emitter.account_id) == 1000
    assert a_market.ceilings(a_notice)["obligation"] == (400, 0, 0)
    [(lane, holder, visit)] = a_market.rows("SELECT lane, holder_id, visit FROM workflow.task")
    assert (lane, holder, visit) == ("emitter", an_emitter.holder_id, 2)
    told = a_market.rows("SELECT holder_id, template FROM workflow.notification")
    assert told == [(an_emitter.holder_id, "surrender_returned")]
    [(opinion,)] = a_market.rows("SELECT opinion FROM workflow.decision WHERE verdict = 'return'")
    assert opinion == RETURN["opinion"]
    assert a_market.instance(a_submitted_application)["content"] == json.dumps(
        lines(**{PE21: 250}), ensure_ascii=False
    )

    a_market.decide(an_emitter, a_submitted_application, lines(**{PE21: 300}))
    a_market.decide(a_province, a_submitted_application, APPROVE)
    assert a_market.held(a_market.account("registry", "surrender")) == 300
    events = a_market.rows(
        "SELECT kind FROM ledger.transfer_event WHERE transfer_id IN"
        " (SELECT id FROM ledger.transfer WHERE type = 'surrender') ORDER BY id"
    )
    assert [kind for (kind,) in events] == ["reserved", "voided", "reserved", "posted"]
    assert verify(a_market.ctx.database).ok


def test_a_withdrawn_application_releases_its_units_and_goes_back_to_the_draft(
    a_market: Market, an_emitter: Actor, a_province: Actor, a_submitted_application: int
) -> None:
    reviewed = a_market.key(a_submitted_application)
    trigger(a_market.ctx, an_emitter, a_submitted_application, "withdraw")

    assert a_market.held(an_emitter.account_id) == 1000
    assert a_market.rows("SELECT lane FROM workflow.task") == [("emitter",)]
    with pytest.raises(AlreadyDecided):
        a_market.decide(a_province, a_submitted_application, APPROVE, key=reviewed)

    a_market.decide(an_emitter, a_submitted_application, lines(**{PE21: 10}))
    a_market.decide(a_province, a_submitted_application, APPROVE)
    assert a_market.held(a_market.account("registry", "surrender")) == 10


def test_each_withdrawal_is_on_record_with_the_visit_that_it_ended(
    a_market: Market, an_emitter: Actor, a_submitted_application: int
) -> None:
    for _ in range(2):
        trigger(a_market.ctx, an_emitter, a_submitted_application, "withdraw")
        a_market.decide(an_emitter, a_submitted_application, lines(**{PE21: 10}))
    assert a_market.rows(
        "SELECT element_id, visit, verdict FROM workflow.decision WHERE kind = 'trigger'"
        " ORDER BY id"
    ) == [("withdraw", 1, "withdraw"), ("withdraw", 2, "withdraw")]


def test_nothing_is_withdrawn_after_the_decision(
    a_market: Market, an_emitter: Actor, a_province: Actor, a_submitted_application: int
) -> None:
    a_market.decide(a_province, a_submitted_application, APPROVE)
    before = a_market.dump()
    with pytest.raises(Conflict):
        trigger(a_market.ctx, an_emitter, a_submitted_application, "withdraw")
    assert a_market.dump() == before


def test_a_reviewer_cannot_withdraw_and_a_stranger_does_not_learn_that_it_exists(
    a_market: Market, a_province: Actor, another_province: Actor, a_submitted_application: int
) -> None:
    with pytest.raises(Forbidden):
        trigger(a_market.ctx, a_province, a_submitted_application, "withdraw")
    for stranger in (another_province, a_market.actor("neighbour"), a_market.actor("stranger")):
        with pytest.raises(NotFound):
            trigger(a_market.ctx, stranger, a_submitted_application, "withdraw")
        with pytest.raises(NotFound):
            a_market.decide(stranger, a_submitted_application, APPROVE)


def test_a_discarded_draft_ends_and_moves_nothing(
    a_market: Market, an_emitter: Actor, a_notice: int
) -> None:
    instance = a_market.begin(an_emitter, a_notice, lines(**{PE21: 5}), submit=False)
    trigger(a_market.ctx, an_emitter, instance, "discard")
    ended = a_market.instance(instance)
    assert (ended["status"], ended["outcome"], ended["wake_at"]) == ("ended", "discarded", None)
    for table in ("task", "draft"):
        assert a_market.rows(f"SELECT FROM workflow.{table}") == []
    with pytest.raises(Conflict):
        trigger(a_market.ctx, an_emitter, instance, "discard")


def test_a_submitted_application_is_not_discarded(
    a_market: Market, an_emitter: Actor, a_submitted_application: int
) -> None:
    with pytest.raises(Conflict):
        trigger(a_market.ctx, an_emitter, a_submitted_application, "discard")
    with pytest.raises(Conflict):
        trigger(a_market.ctx, an_emitter, a_submitted_application, "no such event")


def test_after_its_deadline_a_surrender_is_accepted_and_marked_late(
    a_market: Market, an_emitter: Actor, a_province: Actor, a_notice: int
) -> None:
    a_market.clock.set(DEADLINE)
    on_time = a_market.begin(an_emitter, a_notice, lines(**{PE21: 100}))
    a_market.clock.advance(timedelta(seconds=1))
    late = a_market.begin(an_emitter, a_notice, lines(**{PE21: 50}))
    assert not a_market.instance(on_time)["late"]
    assert a_market.instance(late)["late"]

    a_market.decide(a_province, late, APPROVE)
    a_market.decide(a_province, on_time, APPROVE)
    assert a_market.instance(late)["late"]
    assert not a_market.instance(on_time)["late"]


def test_a_surrender_sent_in_on_time_and_sent_in_again_after_the_deadline_is_late(
    a_market: Market, an_emitter: Actor, a_province: Actor, a_submitted_application: int
) -> None:
    a_market.clock.set(DEADLINE + timedelta(days=1))
    a_market.decide(a_province, a_submitted_application, RETURN)
    a_market.decide(an_emitter, a_submitted_application, lines(**{PE21: 250}))
    assert a_market.instance(a_submitted_application)["late"]


def test_a_notice_takes_several_applications_up_to_its_obligation(
    a_market: Market, an_emitter: Actor, a_province: Actor, a_notice: int
) -> None:
    for quantity in (150, 150, 100):
        instance = a_market.begin(an_emitter, a_notice, lines(**{PE21: quantity}))
        a_market.decide(a_province, instance, APPROVE)
    assert a_market.ceilings(a_notice)["obligation"] == (400, 0, 400)
    with pytest.raises(Invalid) as refused:
        a_market.begin(an_emitter, a_notice, lines(**{PE21: 1}))
    assert [f.code for f in refused.value.findings] == ["3001"]


def test_a_notice_of_somebody_else_is_not_found(a_market: Market, a_notice: int) -> None:
    for holder in ("neighbour", "stranger"):
        with pytest.raises(NotFound):
            a_market.begin(a_market.actor(holder), a_notice, lines(**{PE21: 1}))
    with pytest.raises((NotFound, Forbidden)):
        a_market.begin(a_market.actor("province"), a_notice, lines(**{PE21: 1}))


def test_every_draft_decision_and_transfer_stores_person_account_and_role(
    a_market: Market, an_emitter: Actor, a_colleague: Actor, a_province: Actor, a_notice: int
) -> None:
    instance = a_market.begin(an_emitter, a_notice, lines(**{PE21: 5}), submit=False)
    a_market.decide(a_colleague, instance, lines(**{PE21: 6}))
    a_market.decide(a_province, instance, APPROVE)

    submitted = (a_colleague.person_id, a_colleague.account_id, "emitter")
    approved = (a_province.person_id, a_province.account_id, "provincial_authority")
    who = "person_id, account_id, role"
    started = (an_emitter.person_id, an_emitter.account_id, "emitter")
    assert a_market.rows(f"SELECT {who} FROM workflow.decision ORDER BY id") == [
        submitted,
        approved,
    ]
    assert a_market.rows(f"SELECT {who} FROM ledger.transfer WHERE type = 'surrender'") == [
        submitted
    ]
    assert a_market.rows(
        f"""SELECT e.{who.replace(", ", ", e.")}, d.verdict FROM ledger.transfer_event e
            JOIN workflow.decision d ON d.id = e.decision_id ORDER BY e.id"""
    ) == [(*submitted, ""), (*approved, "approve")]
    events = f"SELECT {who}, tag FROM audit.event WHERE instance_id = %(i)s ORDER BY id"
    assert a_market.rows(events, i=instance) == [
        (*started, "workflow:compliance:start"),
        (*submitted, "workflow:compliance.fill_surrender:complete"),
        (*approved, "workflow:compliance.review_surrender:approve"),
    ]


def test_a_decision_keeps_what_was_decided_on_under_its_leaf(
    a_market: Market, a_province: Actor, a_submitted_application: int
) -> None:
    import hashlib

    a_market.decide(a_province, a_submitted_application, APPROVE | {"opinion": "同意。"})
    for document, leaf in a_market.rows("SELECT document, leaf FROM workflow.decision"):
        assert hashlib.sha256(b"\0" + bytes(document)).digest() == bytes(leaf)
    [(stored,)] = a_market.rows("SELECT document FROM workflow.decision WHERE verdict = 'approve'")
    document = json.loads(bytes(stored))
    assert document["content"] == lines(**{PE21: 250})
    assert document["verdict"] == "approve"
    assert document["opinion"] == "同意。"
    assert document["bundle"] == a_market.instance(a_submitted_application)["bundle_hash"]
    assert document["person"] == a_province.person_hash
    text = bytes(stored).decode()
    assert a_province.person_name not in text
    assert a_market.holders["province"].members[0] not in text


def test_the_same_key_gives_the_first_answer_and_another_content_under_it_is_a_conflict(
    a_market: Market, a_province: Actor, a_submitted_application: int
) -> None:
    key = a_market.key(a_submitted_application)
    first = a_market.decide(
        a_province, a_submitted_application, APPROVE, key=key, idempotency_key="k"
    )
    again = a_market.decide(
        a_province, a_submitted_application, APPROVE, key=key, idempotency_key="k"
    )
    assert (again.decision_id, again.replayed, first.replayed) == (first.decision_id, True, False)
    before = a_market.dump()
    with pytest.raises(Conflict):
        a_market.decide(a_province, a_submitted_application, RETURN, key=key, idempotency_key="k")
    with pytest.raises(Conflict):
        a_market.decide(
            a_market.actor("province", 1),
            a_submitted_application,
            APPROVE,
            key=key,
            idempotency_key="k",
        )
    assert a_market.dump() == before
