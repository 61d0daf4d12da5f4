"""ccer_pilot_surrender.bpmn by task name and lane, saved and restored between all steps (W21)."""

from datetime import timedelta

import pytest

from tests.workflow.walks import Walker, definition

RESERVE = ("ledger/reserve", {"type": "pilot_surrender"})
REJECTED = ("notify", {"to": ["enterprise"], "template": "returned"})


@pytest.fixture
def request_() -> Walker:
    return Walker(definition("ccer_pilot_surrender"), values={})


@pytest.fixture
def submitted(request_: Walker) -> Walker:
    request_.complete("fill_pilot_surrender")
    return request_


@pytest.fixture
def passed(submitted: Walker) -> Walker:
    submitted.complete("review_pilot_surrender", verdict="approve")
    return submitted


@pytest.fixture
def cancelled(passed: Walker) -> Walker:
    passed.complete("cancel_ccer", verdict="approve")
    return passed


@pytest.fixture
def exported(cancelled: Walker) -> Walker:
    cancelled.complete("export_surrender", export="SDDC-2022-0000001")
    return cancelled


def operators(walker: Walker) -> list[str]:
    return [name for name, _ in walker.asked]


def test_an_enterprise_with_a_general_account_begins(request_: Walker) -> None:
    [task] = request_.run.open_tasks()
    assert task.task.id == "fill_pilot_surrender"
    assert request_.lanes() == ["enterprise"]
    lane = request_.definition.lanes[task.task.lane]
    assert (lane.roles, lane.party) == (("emitter", "participant"), "applicant")
    assert request_.definition.number_prefix == "SD"
    assert request_.definition.subject == "pilot"
    assert request_.asked == []


def test_submission_reserves_and_goes_to_the_pilots_authority(submitted: Walker) -> None:
    assert submitted.open() == ["review_pilot_surrender"]
    assert submitted.lanes() == ["pilot_authority"]
    lane = submitted.definition.lane_of("review_pilot_surrender")
    assert (lane.role, lane.party) == ("provincial_authority", "subject.authority")
    assert submitted.asked == [RESERVE]


def test_what_the_pilot_passes_goes_to_the_national_authority_and_stays_held(
    passed: Walker,
) -> None:
    assert passed.open() == ["cancel_ccer"]
    lane = passed.definition.lane_of("cancel_ccer")
    assert (lane.role, lane.party) == ("national_authority", "any")
    assert passed.asked == [RESERVE]


def test_the_national_authority_cancels_and_the_pilot_exports(cancelled: Walker) -> None:
    assert operators(cancelled) == ["ledger/reserve", "ledger/post", "notify"]
    assert cancelled.asked[-1][1] == {
        "to": ["enterprise", "pilot_authority"],
        "template": "pilot_cancelled",
    }
    assert cancelled.open() == ["export_surrender"]
    assert cancelled.lanes() == ["pilot_authority"]


def test_an_export_is_checked_before_the_outcome_is_asked_for(exported: Walker) -> None:
    assert exported.asked[-1] == ("pilot/exported", {"number": "SDDC-2022-0000001"})
    assert exported.open() == ["record_outcome"]
    assert exported.lanes() == ["pilot_authority"]


@pytest.mark.parametrize("verdict", ["accepted", "not_accepted"])
def test_the_pilot_registrys_outcome_ends_it_and_is_told(exported: Walker, verdict: str) -> None:
    exported.complete("record_outcome", verdict=verdict)
    assert operators(exported)[-2:] == ["pilot/outcome", "notify"]
    assert exported.asked[-1][1] == {"to": ["enterprise"], "template": "pilot_outcome"}
    assert exported.run.ended
    assert exported.run.outcome == verdict
    assert exported.run.next_wake() is None


def test_what_the_pilot_rejects_is_released_and_goes_back_to_the_draft(submitted: Walker) -> None:
    submitted.complete("review_pilot_surrender", verdict="return")
    assert operators(submitted) == ["ledger/reserve", "ledger/void", "notify"]
    assert submitted.asked[-1] == REJECTED
    [task] = submitted.run.open_tasks()
    assert (task.task.id, task.visit) == ("fill_pilot_surrender", 2)


def test_what_the_nation_returns_is_released_and_goes_back_to_the_draft(passed: Walker) -> None:
    passed.complete("cancel_ccer", verdict="return")
    assert operators(passed) == ["ledger/reserve", "ledger/void", "notify"]
    assert passed.asked[-1] == REJECTED
    assert passed.open() == ["fill_pilot_surrender"]


@pytest.mark.parametrize("by", ["review_pilot_surrender", "cancel_ccer"])
def test_after_each_refusal_it_is_submitted_and_reviewed_anew(submitted: Walker, by: str) -> None:
    if by == "cancel_ccer":
        submitted.complete("review_pilot_surrender", verdict="approve")
    submitted.complete(by, verdict="return")
    submitted.complete("fill_pilot_surrender")
    submitted.complete("review_pilot_surrender", verdict="approve")
    submitted.complete("cancel_ccer", verdict="approve")
    submitted.complete("export_surrender", export="SDDC-2022-0000002")
    submitted.complete("record_outcome", verdict="accepted")
    assert submitted.run.outcome == "accepted"
    assert operators(submitted).count("ledger/reserve") == 2
    assert operators(submitted).count("ledger/post") == 1


@pytest.mark.parametrize("task", ["review_pilot_surrender", "cancel_ccer"])
def test_anything_but_approval_cancels_nothing(submitted: Walker, task: str) -> None:
    if task == "cancel_ccer":
        submitted.complete("review_pilot_surrender", verdict="approve")
    submitted.complete(task, verdict="APPROVE")
    assert "ledger/post" not in operators(submitted)
    assert submitted.open() == ["fill_pilot_surrender"]


@pytest.mark.parametrize("steps", [0, 1])
def test_the_enterprise_withdraws_until_the_ccer_are_cancelled(
    submitted: Walker, steps: int
) -> None:
    if steps:
        submitted.complete("review_pilot_surrender", verdict="approve")
    [trigger] = submitted.run.open_triggers()
    assert trigger.name == "withdraw"
    assert submitted.definition.lanes[trigger.lane].key == "enterprise"
    submitted.trigger("withdraw")
    assert operators(submitted) == ["ledger/reserve", "ledger/void"]
    assert submitted.open() == ["fill_pilot_surrender"]


def test_what_is_cancelled_can_neither_be_withdrawn_nor_discarded(cancelled: Walker) -> None:
    assert cancelled.run.open_triggers() == []
    cancelled.complete("export_surrender", export="SDDC-2022-0000001")
    assert cancelled.run.open_triggers() == []


def test_a_draft_is_discarded_also_after_a_rejection(submitted: Walker) -> None:
    submitted.complete("review_pilot_surrender", verdict="return")
    submitted.trigger("discard")
    assert submitted.run.outcome == "discarded"


def test_whoever_does_not_answer_is_reminded(request_: Walker) -> None:
    walk = request_
    told: list[tuple[str, list[str]]] = []

    def wait(days: int) -> None:
        walk.pass_time(timedelta(days=days))
        _, params = walk.asked[-1]
        told.append((str(params["template"]), params["to"]))  # type: ignore[arg-type]

    wait(10)
    walk.complete("fill_pilot_surrender")
    wait(5)
    walk.complete("review_pilot_surrender", verdict="approve")
    wait(5)
    walk.complete("cancel_ccer", verdict="approve")
    wait(5)
    walk.complete("export_surrender", export="SDDC-2022-0000001")
    wait(10)
    walk.complete("record_outcome", verdict="accepted")
    assert told == [
        ("draft_reminder", ["enterprise"]),
        ("review_reminder", ["pilot_authority"]),
        ("review_reminder", ["national_authority"]),
        ("task_reminder", ["pilot_authority"]),
        ("task_reminder", ["pilot_authority"]),
    ]


def test_reviews_may_be_decided_in_bulk() -> None:
    tasks = definition("ccer_pilot_surrender").tasks
    bulk = {i for i, task in tasks.items() if task.properties.get("bulk") == "true"}
    assert bulk == {"review_pilot_surrender", "cancel_ccer"}
