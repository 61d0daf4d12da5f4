"""Who may act: rights of a mandate, claims, and that nobody acts on both sides (M6, G21)."""

from dataclasses import replace

import pytest

from app.domain.errors import AlreadyDecided, Conflict, Forbidden, Invalid, NotFound
from app.identity.actor import Actor
from app.services.claims import claim, release
from app.services.drafts import save
from app.services.withdraw import trigger
from tests.services.market import APPROVE, PE21, RETURN, Market, lines

pytestmark = pytest.mark.database

INITIATE, CONFIRM, READ = 2, 3, 4  # places of the emitter's people
OFFICER_INITIATE, OFFICER_READ = 2, 3


@pytest.fixture
def a_draft(a_market: Market, an_emitter: Actor, a_notice: int) -> int:
    return a_market.begin(an_emitter, a_notice, lines(**{PE21: 100}), submit=False)


def both_sides(market: Market) -> tuple[Actor, Actor]:
    """One person who holds a mandate of the emitter and one of its province."""
    person = market.actor("emitter", 1)
    market.give_mandate(person.person_id, market.account("province", "provincial_total"))
    member = market.holders["emitter"].members[1]
    return person, market.actor("province", member_no=member)


def test_who_submitted_for_the_emitter_does_not_review_for_the_province(
    a_market: Market, a_notice: int, a_province: Actor
) -> None:
    for_emitter, for_province = both_sides(a_market)
    instance = a_market.begin(for_emitter, a_notice, lines(**{PE21: 100}))
    before = a_market.dump()
    for answer in (APPROVE, RETURN):
        with pytest.raises(Forbidden):
            a_market.decide(for_province, instance, answer)
    assert a_market.dump() == before
    a_market.decide(a_province, instance, APPROVE)


def test_who_only_saved_the_draft_does_not_review_it_either(
    a_market: Market, a_draft: int, an_emitter: Actor
) -> None:
    for_emitter, for_province = both_sides(a_market)
    save(a_market.ctx, for_emitter, a_draft, a_market.key(a_draft), lines(**{PE21: 50}))
    a_market.decide(an_emitter, a_draft, lines(**{PE21: 50}))
    before = a_market.dump()
    with pytest.raises(Forbidden):
        a_market.decide(for_province, a_draft, APPROVE)
    with pytest.raises(Forbidden):
        save(a_market.ctx, for_province, a_draft, a_market.key(a_draft), {"opinion": "好"})
    assert a_market.dump() == before


def test_who_withdrew_for_the_emitter_does_not_review_the_next_submission(
    a_market: Market, a_submitted_application: int, an_emitter: Actor
) -> None:
    for_emitter, for_province = both_sides(a_market)
    trigger(a_market.ctx, for_emitter, a_submitted_application, "withdraw")
    a_market.decide(an_emitter, a_submitted_application, lines(**{PE21: 50}))
    with pytest.raises(Forbidden):
        a_market.decide(for_province, a_submitted_application, APPROVE)


def test_who_returned_it_for_the_province_does_not_submit_it_for_the_emitter(
    a_market: Market, a_submitted_application: int
) -> None:
    for_emitter, for_province = both_sides(a_market)
    a_market.decide(for_province, a_submitted_application, RETURN)
    before = a_market.dump()
    with pytest.raises(Forbidden):
        a_market.decide(for_emitter, a_submitted_application, lines(**{PE21: 50}))
    with pytest.raises(Forbidden):
        save(
            a_market.ctx,
            for_emitter,
            a_submitted_application,
            a_market.key(a_submitted_application),
            lines(**{PE21: 50}),
        )
    assert a_market.dump() == before


def test_a_person_of_both_sides_may_review_an_instance_in_which_they_have_not_acted(
    a_market: Market, a_submitted_application: int
) -> None:
    _, for_province = both_sides(a_market)
    a_market.decide(for_province, a_submitted_application, APPROVE)


def test_an_emitter_does_not_review_its_own_application(
    a_market: Market, a_submitted_application: int, an_emitter: Actor, a_colleague: Actor
) -> None:
    before = a_market.dump()
    for actor in (an_emitter, a_colleague):
        with pytest.raises(Forbidden):
            a_market.decide(actor, a_submitted_application, APPROVE)
    assert a_market.dump() == before


def test_initiate_only_rights_draft_but_do_not_submit(
    a_market: Market, a_draft: int, a_notice: int
) -> None:
    initiator = a_market.actor("emitter", INITIATE)
    save(a_market.ctx, initiator, a_draft, a_market.key(a_draft), lines(**{PE21: 60}))
    before = a_market.dump()
    with pytest.raises(Forbidden):
        a_market.decide(initiator, a_draft, lines(**{PE21: 60}))
    with pytest.raises(Forbidden):
        a_market.begin(initiator, a_notice, lines(**{PE21: 60}))
    with pytest.raises(Forbidden):
        trigger(a_market.ctx, initiator, a_draft, "discard")
    assert a_market.dump() == before
    a_market.decide(a_market.actor("emitter", CONFIRM), a_draft, lines(**{PE21: 60}))


def test_initiate_only_rights_do_not_review_or_withdraw(
    a_market: Market, a_submitted_application: int
) -> None:
    before = a_market.dump()
    with pytest.raises(Forbidden):
        a_market.decide(
            a_market.actor("province", OFFICER_INITIATE), a_submitted_application, APPROVE
        )
    with pytest.raises(Forbidden):
        trigger(
            a_market.ctx, a_market.actor("emitter", INITIATE), a_submitted_application, "withdraw"
        )
    assert a_market.dump() == before


def test_read_only_rights_change_nothing(
    a_market: Market, a_draft: int, a_notice: int, an_emitter: Actor
) -> None:
    reader = a_market.actor("emitter", READ)
    key = a_market.key(a_draft)
    [(task,)] = a_market.rows("SELECT id FROM workflow.task")
    before = a_market.dump()
    for attempt in (
        lambda: a_market.begin(reader, a_notice, lines(**{PE21: 1}), submit=False),
        lambda: a_market.begin(reader, a_notice, lines(**{PE21: 1})),
        lambda: save(a_market.ctx, reader, a_draft, key, lines(**{PE21: 1})),
        lambda: a_market.decide(reader, a_draft, lines(**{PE21: 1})),
        lambda: trigger(a_market.ctx, reader, a_draft, "discard"),
        lambda: claim(a_market.ctx, reader, task),
    ):
        with pytest.raises(Forbidden):
            attempt()
    assert a_market.dump() == before
    a_market.decide(an_emitter, a_draft, lines(**{PE21: 1}))
    with pytest.raises(Forbidden):
        a_market.decide(a_market.actor("province", OFFICER_READ), a_draft, APPROVE)


def test_another_province_finds_nothing(
    a_market: Market, a_submitted_application: int, another_province: Actor
) -> None:
    with pytest.raises(NotFound):
        a_market.decide(another_province, a_submitted_application, APPROVE)
    with pytest.raises(NotFound):
        save(
            a_market.ctx,
            another_province,
            a_submitted_application,
            a_market.key(a_submitted_application),
            {},
        )


def test_the_same_holder_in_another_role_does_not_review(
    a_market: Market, a_submitted_application: int, a_province: Actor
) -> None:
    with pytest.raises(Forbidden):
        a_market.decide(replace(a_province, role="auditor"), a_submitted_application, APPROVE)


def test_a_claimed_task_is_decided_only_by_who_claimed_it_until_released(
    a_market: Market, a_submitted_application: int, two_officers: tuple[Actor, Actor]
) -> None:
    first, second = two_officers
    [(task,)] = a_market.rows("SELECT id FROM workflow.task")
    claim(a_market.ctx, first, task)
    claim(a_market.ctx, first, task)
    with pytest.raises(Conflict) as refused:
        claim(a_market.ctx, second, task)
    assert refused.value.facts == {"name": first.person_name}
    with pytest.raises(Conflict):
        a_market.decide(second, a_submitted_application, APPROVE)
    with pytest.raises(NotFound):
        release(a_market.ctx, second, task)

    release(a_market.ctx, first, task)
    claim(a_market.ctx, second, task)
    a_market.decide(second, a_submitted_application, APPROVE)


def test_a_task_is_claimed_by_its_own_organisation_only(
    a_market: Market, a_submitted_application: int, an_emitter: Actor, another_province: Actor
) -> None:
    [(task,)] = a_market.rows("SELECT id FROM workflow.task")
    for actor in (an_emitter, another_province, a_market.actor("neighbour")):
        with pytest.raises(NotFound):
            claim(a_market.ctx, actor, task)
        with pytest.raises(NotFound):
            release(a_market.ctx, actor, task)


def test_the_claim_of_somebody_who_has_left_is_taken_over(
    a_market: Market, a_submitted_application: int, two_officers: tuple[Actor, Actor]
) -> None:
    gone, stays = two_officers
    [(task,)] = a_market.rows("SELECT id FROM workflow.task")
    claim(a_market.ctx, gone, task)
    a_market.change(
        "UPDATE identity.mandate SET valid_to = '2022-02-28' WHERE person_id = %(p)s",
        p=gone.person_id,
    )
    claim(a_market.ctx, stays, task)
    a_market.decide(stays, a_submitted_application, APPROVE)


def test_a_claim_decides_nothing(
    a_market: Market, a_submitted_application: int, a_province: Actor
) -> None:
    [(task,)] = a_market.rows("SELECT id FROM workflow.task")
    claim(a_market.ctx, a_province, task)
    assert a_market.rows("SELECT count(*) FROM workflow.decision") == [(1,)]
    assert a_market.instance(a_submitted_application)["version"] == 1


def test_a_task_that_was_decided_says_who_was_first_and_when(
    a_market: Market, a_submitted_application: int, two_officers: tuple[Actor, Actor]
) -> None:
    first, second = two_officers
    key = a_market.key(a_submitted_application)
    a_market.decide(first, a_submitted_application, APPROVE)
    before = a_market.dump()
    with pytest.raises(AlreadyDecided) as refused:
        a_market.decide(second, a_submitted_application, RETURN, key=key)
    assert refused.value.facts["name"] == first.person_name
    assert refused.value.facts["at"] == a_market.clock.now()
    assert refused.value.facts["verdict"] == "approve"
    assert a_market.dump() == before


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"lines": []},
        {"lines": "250"},
        {"lines": [{"instrument": PE21}]},
        {"lines": [{"instrument": PE21, "quantity": "0"}]},
        {"lines": [{"instrument": PE21, "quantity": "-5"}]},
        {"lines": [{"instrument": PE21, "quantity": "1.5"}]},
        {"lines": [{"instrument": PE21, "quantity": "1e3"}]},
        {"lines": [{"instrument": PE21, "quantity": "١٢"}]},
        {"lines": [{"instrument": PE21, "quantity": 250}]},
        {"lines": [{"instrument": PE21, "quantity": "9" * 40}]},
        {"lines": [{"instrument": PE21, "quantity": "1"}, {"instrument": PE21, "quantity": "1"}]},
        {"lines": [{"instrument": ["x"], "quantity": {"a": 1}}]},
        {"lines": [None, 7, "x"]},
        {"lines": [{"instrument": PE21, "quantity": "1"}] * 300},
        {"lines": [{"instrument": PE21, "quantity": "1"}], "note": "x" * 501},
    ],
)
def test_a_form_that_does_not_fit_is_refused_by_field_and_changes_nothing(
    a_market: Market, an_emitter: Actor, a_draft: int, form: dict
) -> None:
    before = a_market.dump()
    with pytest.raises(Invalid) as refused:
        a_market.decide(an_emitter, a_draft, form)
    assert refused.value.fields
    assert a_market.dump() == before


def test_values_that_the_form_does_not_declare_are_dropped(
    a_market: Market, an_emitter: Actor, a_province: Actor, a_draft: int
) -> None:
    form = lines(**{PE21: 100}) | {"verdict": "approve", "deadline": "2099-01-01", "__class__": 1}
    form["lines"][0]["to_account"] = str(a_market.account("neighbour", "compliance"))
    a_market.decide(an_emitter, a_draft, form)
    assert a_market.rows("SELECT lane FROM workflow.task") == [("provincial_authority",)]
    [(content,)] = a_market.rows("SELECT content FROM workflow.instance")
    assert "to_account" not in content
    assert "2099" not in content
