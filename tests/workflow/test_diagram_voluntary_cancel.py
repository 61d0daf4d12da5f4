"""voluntary_cancel.bpmn by task name and lane, saved and restored between all steps."""

from datetime import timedelta

import pytest

from tests.workflow.walks import Walker, definition

RESERVED = ("ledger/reserve", {"type": "voluntary_cancellation"})


@pytest.fixture
def cancellation() -> Walker:
    return Walker(definition("voluntary_cancel"), values={})


@pytest.fixture
def submitted(cancellation: Walker) -> Walker:
    cancellation.complete("fill_cancellation")
    return cancellation


def operators(walker: Walker) -> list[str]:
    return [name for name, _ in walker.asked]


def told(walker: Walker) -> list[tuple[object, object]]:
    return [(p["to"], p["template"]) for name, p in walker.asked if name == "notify"]


def test_a_cancellation_begins_with_the_holders_draft(cancellation: Walker) -> None:
    [task] = cancellation.run.open_tasks()
    assert task.task.id == "fill_cancellation"
    assert cancellation.lanes() == ["holder"]
    assert task.task.label.zh == "填写注销申请"
    assert task.task.form == "cancellation_application.json"
    assert task.due is None
    assert cancellation.asked == []


def test_emitters_and_participants_may_begin(cancellation: Walker) -> None:
    [task] = cancellation.run.open_tasks()
    lane = cancellation.definition.lanes[task.task.lane]
    assert set(lane.roles) == {"emitter", "participant"}
    assert lane.party == "applicant"


def test_submission_reserves_and_goes_to_management(submitted: Walker) -> None:
    assert submitted.open() == ["review_cancellation"]
    assert submitted.lanes() == ["management"]
    assert submitted.asked == [RESERVED]
    [task] = submitted.run.open_tasks()
    assert submitted.definition.lanes[task.task.lane].role == "registry_operator"


def test_approval_posts_certifies_and_tells_the_holder(submitted: Walker) -> None:
    submitted.complete("review_cancellation", verdict="approve")
    assert operators(submitted)[1:] == ["ledger/post", "certificate/issue", "notify"]
    assert told(submitted) == [(["holder"], "certificate_issued")]
    assert submitted.run.ended
    assert submitted.run.outcome == "cancelled"
    assert submitted.run.open_triggers() == []
    assert submitted.run.next_wake() is None


def test_return_voids_tells_the_holder_and_reopens_the_draft(submitted: Walker) -> None:
    submitted.complete("review_cancellation", verdict="return")
    assert operators(submitted)[1:] == ["ledger/void", "notify"]
    assert told(submitted) == [(["holder"], "returned")]
    [task] = submitted.run.open_tasks()
    assert (task.task.id, task.visit) == ("fill_cancellation", 2)


def test_a_returned_cancellation_can_be_submitted_again_and_approved(submitted: Walker) -> None:
    submitted.complete("review_cancellation", verdict="return")
    submitted.complete("fill_cancellation")
    assert submitted.run.open_tasks()[0].visit == 2
    submitted.complete("review_cancellation", verdict="approve")
    assert operators(submitted).count("ledger/reserve") == 2
    assert operators(submitted).count("certificate/issue") == 1
    assert submitted.run.outcome == "cancelled"


def test_a_review_that_says_neither_approves_nothing(submitted: Walker) -> None:
    submitted.complete("review_cancellation", verdict="APPROVE")
    assert "ledger/post" not in operators(submitted)
    assert submitted.open() == ["fill_cancellation"]


def test_only_the_holder_may_withdraw_and_only_until_the_decision(submitted: Walker) -> None:
    [trigger] = submitted.run.open_triggers()
    assert trigger.name == "withdraw"
    assert trigger.attached_to == "review_cancellation"
    assert submitted.definition.lanes[trigger.lane].key == "holder"
    submitted.complete("review_cancellation", verdict="approve")
    assert submitted.run.open_triggers() == []


def test_withdrawal_voids_and_returns_to_the_draft(submitted: Walker) -> None:
    submitted.trigger("withdraw")
    assert operators(submitted) == ["ledger/reserve", "ledger/void"]
    assert submitted.open() == ["fill_cancellation"]
    assert [t.name for t in submitted.run.open_triggers()] == ["discard"]


@pytest.mark.parametrize("way_back", ["withdraw", "return", None])
def test_a_draft_can_be_discarded_however_it_came_about(
    cancellation: Walker, way_back: str | None
) -> None:
    if way_back:
        cancellation.complete("fill_cancellation")
    if way_back == "withdraw":
        cancellation.trigger("withdraw")
    if way_back == "return":
        cancellation.complete("review_cancellation", verdict="return")
    cancellation.trigger("discard")
    assert cancellation.run.ended
    assert cancellation.run.outcome == "discarded"
    assert operators(cancellation).count("ledger/reserve") == operators(cancellation).count(
        "ledger/void"
    )


def test_an_unanswered_review_is_reminded_of_once_after_five_days(submitted: Walker) -> None:
    submitted.pass_time(timedelta(days=4))
    assert told(submitted) == []
    submitted.pass_time(timedelta(days=1))
    assert told(submitted) == [(["management"], "review_reminder")]
    submitted.pass_time(timedelta(days=30))
    assert len(told(submitted)) == 1
    assert submitted.open() == ["review_cancellation"]
    submitted.complete("review_cancellation", verdict="approve")
    assert submitted.run.outcome == "cancelled"


def test_a_review_waits_however_long_and_never_expires(submitted: Walker) -> None:
    submitted.pass_time(timedelta(days=400))
    assert submitted.open() == ["review_cancellation"]
    assert submitted.run.next_wake() is None


def test_each_review_has_its_own_reminder(submitted: Walker) -> None:
    submitted.pass_time(timedelta(days=3))
    submitted.complete("review_cancellation", verdict="return")
    submitted.complete("fill_cancellation")
    submitted.pass_time(timedelta(days=4))
    assert "review_reminder" not in [template for _, template in told(submitted)]
    submitted.pass_time(timedelta(days=1))
    assert told(submitted)[-1] == (["management"], "review_reminder")


def test_a_draft_that_is_not_submitted_is_reminded_of_and_ends_after_ninety_days(
    cancellation: Walker,
) -> None:
    cancellation.pass_time(timedelta(days=82))
    assert cancellation.asked == []
    cancellation.pass_time(timedelta(days=1))
    assert told(cancellation) == [(["holder"], "draft_expires_soon")]
    assert cancellation.open() == ["fill_cancellation"]
    cancellation.pass_time(timedelta(days=7))
    assert told(cancellation)[-1] == (["holder"], "expired")
    assert cancellation.run.ended
    assert cancellation.run.outcome == "expired"
    assert "ledger/reserve" not in operators(cancellation)


def test_a_returned_draft_has_ninety_days_of_its_own(submitted: Walker) -> None:
    submitted.pass_time(timedelta(days=60))
    submitted.complete("review_cancellation", verdict="return")
    submitted.pass_time(timedelta(days=89))
    assert submitted.open() == ["fill_cancellation"]
    submitted.pass_time(timedelta(days=1))
    assert submitted.run.outcome == "expired"
