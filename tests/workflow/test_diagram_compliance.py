"""compliance.bpmn by task name and lane, saved and restored between all steps."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.workflow.walks import VALUES, Walker, definition

DEADLINE = datetime(2021, 12, 31, 15, 59, 59, tzinfo=UTC)
REMIND_AT = datetime(2021, 12, 21, tzinfo=UTC)


@pytest.fixture
def surrender() -> Walker:
    return Walker(definition("compliance"))


@pytest.fixture
def submitted(surrender: Walker) -> Walker:
    surrender.complete("fill_surrender")
    return surrender


def operators(walker: Walker) -> list[str]:
    return [name for name, _ in walker.asked]


def test_an_application_begins_with_the_emitters_draft(surrender: Walker) -> None:
    [task] = surrender.run.open_tasks()
    assert task.task.id == "fill_surrender"
    assert surrender.lanes() == ["emitter"]
    assert task.visit == 1
    assert task.due == DEADLINE
    assert task.task.label.zh == "填写履约申请"
    assert task.task.form == "surrender_application.json"
    assert surrender.asked == []


def test_submission_reserves_and_goes_to_the_province(submitted: Walker) -> None:
    assert submitted.open() == ["review_surrender"]
    assert submitted.lanes() == ["provincial_authority"]
    assert submitted.asked == [("ledger/reserve", {"type": "surrender"})]


def test_approval_posts_and_ends_as_surrendered(submitted: Walker) -> None:
    submitted.complete("review_surrender", verdict="approve")
    assert operators(submitted) == ["ledger/reserve", "ledger/post"]
    assert submitted.run.ended
    assert submitted.run.outcome == "surrendered"
    assert submitted.open() == []
    assert submitted.run.open_triggers() == []
    assert submitted.run.next_wake() is None


def test_return_voids_tells_the_emitter_and_reopens_the_draft(submitted: Walker) -> None:
    submitted.complete("review_surrender", verdict="return")
    assert operators(submitted) == ["ledger/reserve", "ledger/void", "notify"]
    assert submitted.asked[-1][1] == {"to": ["emitter"], "template": "surrender_returned"}
    [task] = submitted.run.open_tasks()
    assert (task.task.id, task.visit) == ("fill_surrender", 2)


def test_a_returned_application_can_be_resubmitted_and_approved(submitted: Walker) -> None:
    submitted.complete("review_surrender", verdict="return")
    submitted.complete("fill_surrender")
    assert submitted.run.open_tasks()[0].visit == 2
    submitted.complete("review_surrender", verdict="approve")
    assert operators(submitted)[-2:] == ["ledger/reserve", "ledger/post"]
    assert submitted.run.outcome == "surrendered"


def test_anything_but_approval_moves_no_units(submitted: Walker) -> None:
    submitted.complete("review_surrender", verdict="APPROVE")
    assert "ledger/post" not in operators(submitted)
    assert submitted.open() == ["fill_surrender"]


def test_only_the_emitter_may_withdraw_and_only_until_the_decision(submitted: Walker) -> None:
    [trigger] = submitted.run.open_triggers()
    assert trigger.name == "withdraw"
    assert trigger.attached_to == "review_surrender"
    assert submitted.definition.lanes[trigger.lane].key == "emitter"
    submitted.complete("review_surrender", verdict="approve")
    assert submitted.run.open_triggers() == []


def test_withdrawal_voids_and_returns_to_the_draft(submitted: Walker) -> None:
    submitted.trigger("withdraw")
    assert operators(submitted) == ["ledger/reserve", "ledger/void"]
    assert submitted.open() == ["fill_surrender"]
    assert [t.name for t in submitted.run.open_triggers()] == ["discard"]


def test_a_draft_can_be_discarded(surrender: Walker) -> None:
    surrender.trigger("discard")
    assert surrender.run.ended
    assert surrender.run.outcome == "discarded"
    assert surrender.asked == []


def test_a_returned_draft_can_be_discarded(submitted: Walker) -> None:
    submitted.complete("review_surrender", verdict="return")
    submitted.trigger("discard")
    assert submitted.run.outcome == "discarded"


def test_a_draft_is_reminded_of_once_before_the_deadline(surrender: Walker) -> None:
    assert surrender.run.next_wake() == REMIND_AT
    surrender.pass_time(timedelta(days=49))
    assert surrender.asked == []
    surrender.pass_time(timedelta(days=1))
    assert surrender.asked == [
        ("notify", {"to": ["emitter"], "template": "surrender_draft_reminder"})
    ]
    assert surrender.open() == ["fill_surrender"]
    assert surrender.run.next_wake() is None
    surrender.pass_time(timedelta(days=5))
    assert len(surrender.asked) == 1


def test_reviewer_and_emitter_are_reminded_of_an_open_review(submitted: Walker) -> None:
    submitted.pass_time(timedelta(days=51))
    assert submitted.asked[-1] == (
        "notify",
        {"to": ["provincial_authority", "emitter"], "template": "surrender_review_reminder"},
    )
    assert submitted.open() == ["review_surrender"]
    submitted.complete("review_surrender", verdict="approve")
    assert submitted.run.outcome == "surrendered"


def test_who_begins_after_the_reminders_day_gets_no_reminder() -> None:
    late = Walker(definition("compliance"), values={**VALUES, "remind_at": "2021-10-01T00:00:00Z"})
    late.complete("fill_surrender")
    late.pass_time(timedelta(days=90))
    assert operators(late) == ["ledger/reserve"]


def test_a_notice_without_a_reminder_has_none() -> None:
    plain = Walker(definition("compliance"), values={**VALUES, "remind_at": None})
    assert plain.run.next_wake() is None


def test_after_its_deadline_a_surrender_is_still_accepted(surrender: Walker) -> None:
    surrender.pass_time(timedelta(days=90))
    surrender.complete("fill_surrender")
    surrender.complete("review_surrender", verdict="approve")
    assert surrender.run.outcome == "surrendered"


def test_the_path_names_each_element_and_flow_in_order(submitted: Walker) -> None:
    submitted.complete("review_surrender", verdict="approve")
    assert [v.element_id for v in submitted.path] == [
        "start",
        "flow_start",
        "fill_surrender",
        "flow_submit",
        "reserve_units",
        "flow_reserved",
        "review_surrender",
        "flow_reviewed",
        "verdict_given",
        "flow_approve",
        "post_surrender",
        "flow_posted",
        "surrendered",
    ]
    assert {v.kind for v in submitted.path} == {"event", "flow", "task", "service", "gateway"}


def test_visits_are_still_counted_when_the_past_is_cut_off(submitted: Walker) -> None:
    for _ in range(20):
        submitted.complete("review_surrender", verdict="return")
        submitted.complete("fill_surrender")
    assert submitted.run.visits == {"fill_surrender": 21, "review_surrender": 21}
