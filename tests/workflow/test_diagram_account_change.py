"""account_change.bpmn by task name and lane, saved and restored between all steps (M5, M37, W3)."""

from datetime import timedelta

import pytest

from tests.workflow.walks import Walker, definition

CHECKED = ("account/check_change", {})


@pytest.fixture
def change() -> Walker:
    return Walker(definition("account_change"), values={})


@pytest.fixture
def submitted(change: Walker) -> Walker:
    change.complete("fill_change")
    return change


def operators(walker: Walker) -> list[str]:
    return [name for name, _ in walker.asked]


def told(walker: Walker) -> list[tuple[object, object]]:
    return [(p["to"], p["template"]) for name, p in walker.asked if name == "notify"]


def test_a_change_begins_with_the_holders_draft(change: Walker) -> None:
    [task] = change.run.open_tasks()
    assert (task.task.id, task.task.label.zh) == ("fill_change", "填写修改申请")
    assert change.lanes() == ["opened_holder"]
    assert task.task.form == "account_change_application.json"
    assert change.asked == []


def test_all_who_have_accounts_opened_for_them_may_begin(change: Walker) -> None:
    lane = change.definition.lane_of("fill_change")
    assert set(lane.roles) == {"emitter", "participant", "project_owner"}
    assert lane.party == "applicant"


def test_submission_is_checked_and_goes_to_the_reviewer(submitted: Walker) -> None:
    assert submitted.open() == ["review_change"]
    assert submitted.lanes() == ["account_reviewer"]
    assert submitted.asked == [CHECKED]


def test_who_reviews_is_said_by_the_lane_alone(submitted: Walker) -> None:
    lane = submitted.definition.lane_of("review_change")
    assert lane.party == "applicant.reviewer"
    assert lane.roles == ("provincial_authority", "registry_operator")


def test_approval_puts_the_change_into_force_and_tells_the_holder(submitted: Walker) -> None:
    submitted.complete("review_change", verdict="approve")
    assert operators(submitted)[1:] == ["account/change", "notify"]
    assert told(submitted) == [(["opened_holder"], "approved")]
    assert submitted.run.outcome == "changed"
    assert submitted.run.open_triggers() == []
    assert submitted.run.next_wake() is None


@pytest.mark.parametrize("verdict", ["return", "APPROVE", ""])
def test_whatever_is_no_approval_changes_nothing_and_goes_back(
    submitted: Walker, verdict: str
) -> None:
    submitted.complete("review_change", verdict=verdict)
    assert "account/change" not in operators(submitted)
    assert told(submitted) == [(["opened_holder"], "returned")]
    [task] = submitted.run.open_tasks()
    assert (task.task.id, task.visit) == ("fill_change", 2)


def test_a_returned_change_is_checked_again_and_can_be_approved(submitted: Walker) -> None:
    submitted.complete("review_change", verdict="return")
    submitted.complete("fill_change")
    assert submitted.run.open_tasks()[0].visit == 2
    submitted.complete("review_change", verdict="approve")
    assert operators(submitted).count("account/check_change") == 2
    assert operators(submitted).count("account/change") == 1
    assert submitted.run.outcome == "changed"


def test_only_the_holder_may_withdraw_and_only_until_the_decision(submitted: Walker) -> None:
    [trigger] = submitted.run.open_triggers()
    assert (trigger.name, trigger.attached_to) == ("withdraw", "review_change")
    assert submitted.definition.lanes[trigger.lane].key == "opened_holder"
    submitted.trigger("withdraw")
    assert submitted.open() == ["fill_change"]
    assert operators(submitted) == ["account/check_change"]


@pytest.mark.parametrize("way_back", ["withdraw", "return", None])
def test_a_draft_can_be_discarded_however_it_came_about(
    change: Walker, way_back: str | None
) -> None:
    if way_back:
        change.complete("fill_change")
    if way_back == "withdraw":
        change.trigger("withdraw")
    if way_back == "return":
        change.complete("review_change", verdict="return")
    change.trigger("discard")
    assert change.run.outcome == "discarded"
    assert "account/change" not in operators(change)


def test_an_unanswered_review_is_reminded_of_once_and_never_expires(submitted: Walker) -> None:
    submitted.pass_time(timedelta(days=4))
    assert told(submitted) == []
    submitted.pass_time(timedelta(days=1))
    assert told(submitted) == [(["account_reviewer"], "review_reminder")]
    submitted.pass_time(timedelta(days=400))
    assert len(told(submitted)) == 1
    assert submitted.open() == ["review_change"]
    submitted.complete("review_change", verdict="approve")
    assert submitted.run.outcome == "changed"


@pytest.mark.parametrize("returned", [False, True])
def test_a_draft_is_reminded_of_and_ends_after_ninety_days(change: Walker, returned: bool) -> None:
    if returned:
        change.complete("fill_change")
        change.pass_time(timedelta(days=3))
        change.complete("review_change", verdict="return")
    change.pass_time(timedelta(days=82))
    assert "draft_expires_soon" not in [template for _, template in told(change)]
    change.pass_time(timedelta(days=1))
    assert told(change)[-1] == (["opened_holder"], "draft_expires_soon")
    change.pass_time(timedelta(days=7))
    assert told(change)[-1] == (["opened_holder"], "expired")
    assert change.run.outcome == "expired"
