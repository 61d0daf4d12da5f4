"""credential_change.bpmn by task name and lane, saved and restored between all steps (M2, R23)."""

from datetime import timedelta

import pytest

from tests.workflow.walks import Walker, definition

CHECKED = ("credentials/check", {})


@pytest.fixture
def change() -> Walker:
    return Walker(definition("credential_change"), values={})


@pytest.fixture
def submitted(change: Walker) -> Walker:
    change.complete("fill_credential")
    return change


def operators(walker: Walker) -> list[str]:
    return [name for name, _ in walker.asked]


def told(walker: Walker) -> list[tuple[object, object]]:
    return [(p["to"], p["template"]) for name, p in walker.asked if name == "notify"]


def test_a_change_begins_with_an_officers_draft(change: Walker) -> None:
    [task] = change.run.open_tasks()
    assert (task.task.id, task.task.label.zh) == ("fill_credential", "填写证书变更")
    assert change.lanes() == ["credential_officer"]
    assert task.task.form == "credential_change.json"
    assert change.asked == []


def test_both_lanes_are_the_registry_operators_and_not_the_same(change: Walker) -> None:
    first, other = map(change.definition.lane_of, ("fill_credential", "review_credential"))
    assert first.roles == other.roles == ("registry_operator",)
    assert (first.label.zh, other.label.zh) == ("经办", "复核")
    assert (first.party, other.party) == ("applicant", "any")


def test_submission_is_checked_and_goes_to_another_officer(submitted: Walker) -> None:
    assert submitted.open() == ["review_credential"]
    assert submitted.lanes() == ["credential_reviewer"]
    assert submitted.asked == [CHECKED]


def test_approval_puts_the_change_into_force_and_tells_the_officers(submitted: Walker) -> None:
    submitted.complete("review_credential", verdict="approve")
    assert operators(submitted)[1:] == ["credentials/apply", "notify"]
    assert told(submitted) == [(["credential_officer"], "approved")]
    assert submitted.run.outcome == "changed"
    assert submitted.run.open_triggers() == []
    assert submitted.run.next_wake() is None


@pytest.mark.parametrize("verdict", ["return", "APPROVE", ""])
def test_whatever_is_no_approval_changes_nothing_and_goes_back(
    submitted: Walker, verdict: str
) -> None:
    submitted.complete("review_credential", verdict=verdict)
    assert "credentials/apply" not in operators(submitted)
    assert told(submitted) == [(["credential_officer"], "returned")]
    [task] = submitted.run.open_tasks()
    assert (task.task.id, task.visit) == ("fill_credential", 2)


def test_a_returned_change_is_checked_again_and_can_be_approved(submitted: Walker) -> None:
    submitted.complete("review_credential", verdict="return")
    submitted.complete("fill_credential")
    assert submitted.run.open_tasks()[0].visit == 2
    submitted.complete("review_credential", verdict="approve")
    assert operators(submitted).count("credentials/check") == 2
    assert operators(submitted).count("credentials/apply") == 1
    assert submitted.run.outcome == "changed"


def test_only_the_lane_that_filled_it_in_may_withdraw_until_the_decision(
    submitted: Walker,
) -> None:
    [trigger] = submitted.run.open_triggers()
    assert (trigger.name, trigger.attached_to) == ("withdraw", "review_credential")
    assert submitted.definition.lanes[trigger.lane].key == "credential_officer"
    submitted.trigger("withdraw")
    assert submitted.open() == ["fill_credential"]
    assert operators(submitted) == ["credentials/check"]


@pytest.mark.parametrize("way_back", ["withdraw", "return", None])
def test_a_draft_can_be_discarded_however_it_came_about(
    change: Walker, way_back: str | None
) -> None:
    if way_back:
        change.complete("fill_credential")
    if way_back == "withdraw":
        change.trigger("withdraw")
    if way_back == "return":
        change.complete("review_credential", verdict="return")
    change.trigger("discard")
    assert change.run.outcome == "discarded"
    assert "credentials/apply" not in operators(change)


def test_an_unanswered_change_is_reminded_of_after_a_day_and_never_expires(
    submitted: Walker,
) -> None:
    submitted.pass_time(timedelta(hours=23))
    assert told(submitted) == []
    submitted.pass_time(timedelta(hours=1))
    assert told(submitted) == [(["credential_reviewer"], "review_reminder")]
    submitted.pass_time(timedelta(days=400))
    assert len(told(submitted)) == 1
    assert submitted.open() == ["review_credential"]
    submitted.complete("review_credential", verdict="approve")
    assert submitted.run.outcome == "changed"


@pytest.mark.parametrize("returned", [False, True])
def test_a_draft_is_reminded_of_and_ends_after_thirty_days(change: Walker, returned: bool) -> None:
    if returned:
        change.complete("fill_credential")
        change.pass_time(timedelta(days=3))
        change.complete("review_credential", verdict="return")
    change.pass_time(timedelta(days=22))
    assert "draft_expires_soon" not in [template for _, template in told(change)]
    change.pass_time(timedelta(days=1))
    assert told(change)[-1] == (["credential_officer"], "draft_expires_soon")
    change.pass_time(timedelta(days=7))
    assert told(change)[-1] == (["credential_officer"], "expired")
    assert change.run.outcome == "expired"
