"""custody_return.bpmn by task name and lane, saved and restored between all steps."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations

import pytest

from tests.workflow.walks import Walker, definition

PROCESSES = ("custody_application", "custody_link", "custody_return")
DRAFT = {"custody_application": "custody", "custody_link": "link", "custody_return": "return"}


class Return(Walker):
    """A walker whose reservation names recipients, as the operator does."""

    recipients: Sequence[int] = (2, 3, 4)

    def operate(self, name: str, parameters: dict[str, object]) -> dict[str, object] | None:
        super().operate(name, parameters)
        return {"recipients": list(self.recipients)} if name == "ledger/reserve" else None

    def review(self, holder: int, verdict: str) -> None:
        """Let one holder answer its own task."""
        [task] = [t for t in self.run.open_tasks() if t.item == holder]
        self.run.complete(task.key, {"verdict": verdict})
        self._rest()

    def asked_now(self) -> list[int]:
        return [t.item for t in self.run.open_tasks() if t.task.id == "review_return"]


@pytest.fixture(params=[True, False], ids=["saved", "kept"])
def returning(request: pytest.FixtureRequest) -> Return:
    walker = Return(definition("custody_return"), saves=request.param, values={})
    walker.complete("fill_return")
    return walker


@pytest.fixture
def deposit() -> Walker:
    walker = Walker(definition("custody_application"), values={})
    walker.complete("fill_custody")
    return walker


@pytest.fixture
def link() -> Walker:
    walker = Walker(definition("custody_link"), values={})
    walker.complete("fill_link")
    return walker


def operators(walker: Walker) -> list[str]:
    return [name for name, _ in walker.asked]


def told(walker: Walker) -> list[tuple[object, object]]:
    return [(p["to"], p["template"]) for name, p in walker.asked if name == "notify"]


def balanced(walker: Walker) -> bool:
    """Whether every reservation was released or posted."""
    names = operators(walker)
    return names.count("ledger/reserve") == names.count("ledger/void") + names.count("ledger/post")


@pytest.mark.parametrize("process", PROCESSES)
def test_each_process_of_the_file_begins_with_the_emitters_draft(process: str) -> None:
    walker = Walker(definition(process), values={})
    [task] = walker.run.open_tasks()
    assert walker.lanes() == ["emitter"]
    assert walker.definition.asks_content(task.task.id)
    assert walker.asked == []
    assert {t.name for t in walker.run.open_triggers()} == {"discard"}


def test_a_deposit_is_reserved_then_reviewed_by_management_then_posted(deposit: Walker) -> None:
    assert deposit.asked == [("ledger/reserve", {"type": "custody"})]
    assert (deposit.open(), deposit.lanes()) == (["review_custody"], ["management"])
    deposit.complete("review_custody", verdict="approve")
    assert operators(deposit)[1:] == ["ledger/post", "notify"]
    assert told(deposit) == [(["emitter"], "approved")]
    assert deposit.run.outcome == "in_custody"


def test_a_link_is_checked_then_reviewed_by_management_then_made(link: Walker) -> None:
    assert link.asked == [("custody/check_link", {})]
    assert (link.open(), link.lanes()) == (["review_link"], ["management"])
    link.complete("review_link", verdict="approve")
    assert operators(link)[1:] == ["custody/link", "notify"]
    assert link.run.outcome == "linked_holders"


@pytest.mark.parametrize(("process", "task"), [("custody_application", "review_custody"),
                                               ("custody_link", "review_link")])  # fmt: skip
@pytest.mark.parametrize("verdict", ["return", "APPROVE", ""])
def test_what_is_not_approved_goes_back_to_the_draft_and_may_come_again(
    process: str, task: str, verdict: str
) -> None:
    walker = Walker(definition(process), values={})
    draft = f"fill_{DRAFT[process]}"
    walker.complete(draft)
    walker.complete(task, verdict=verdict)
    assert walker.open() == [draft]
    assert told(walker)[-1] == (["emitter"], "returned")
    assert balanced(walker)
    walker.complete(draft)
    walker.complete(task, verdict="approve")
    assert walker.run.ended
    assert walker.run.outcome in {"in_custody", "linked_holders"}


@pytest.mark.parametrize(("process", "task"), [("custody_application", "review_custody"),
                                               ("custody_link", "review_link")])  # fmt: skip
def test_a_review_is_withdrawn_until_it_is_decided(process: str, task: str) -> None:
    walker = Walker(definition(process), values={})
    draft = f"fill_{DRAFT[process]}"
    walker.complete(draft)
    [trigger] = walker.run.open_triggers()
    assert (trigger.name, trigger.attached_to) == ("withdraw", task)
    assert walker.definition.lanes[trigger.lane].key == "emitter"
    walker.trigger("withdraw")
    assert walker.open() == [draft]
    assert balanced(walker)
    walker.trigger("discard")
    assert walker.run.outcome == f"{DRAFT[process]}_discarded"


@pytest.mark.parametrize("process", PROCESSES)
def test_a_draft_is_reminded_of_and_expires(process: str) -> None:
    walker = Walker(definition(process), values={})
    walker.pass_time(timedelta(days=83))
    assert told(walker) == [(["emitter"], "draft_expires_soon")]
    walker.pass_time(timedelta(days=7))
    assert told(walker)[-1] == (["emitter"], "expired")
    assert walker.run.outcome == f"{DRAFT[process]}_expired"


@pytest.mark.parametrize(("process", "task"), [("custody_application", "review_custody"),
                                               ("custody_link", "review_link")])  # fmt: skip
def test_managements_review_is_reminded_of_once_and_waits_however_long(
    process: str, task: str
) -> None:
    walker = Walker(definition(process), values={})
    walker.complete(f"fill_{DRAFT[process]}")
    walker.pass_time(timedelta(days=4))
    assert told(walker) == []
    walker.pass_time(timedelta(days=400))
    assert told(walker) == [(["management"], "review_reminder")]
    assert walker.open() == [task]


def test_all_recipients_are_asked_at_the_same_time_each_in_its_lane(returning: Return) -> None:
    assert returning.asked == [("ledger/reserve", {"type": "custody_return"})]
    assert returning.open() == ["review_return"] * 3
    assert returning.lanes() == ["recipient"] * 3
    assert returning.asked_now() == [2, 3, 4]
    lane = returning.definition.lane_of("review_return")
    assert (lane.party, lane.role) == ("item", "emitter")


@pytest.mark.parametrize("order", list(permutations((2, 3, 4))))
def test_when_all_agree_in_any_order_management_is_asked(
    returning: Return, order: tuple[int, ...]
) -> None:
    for place, holder in enumerate(order, start=1):
        assert "confirm_return" not in returning.open()
        returning.review(holder, "approve")
        assert len(returning.asked_now()) == 3 - place
    assert (returning.open(), returning.lanes()) == (["confirm_return"], ["management"])
    returning.complete("confirm_return", verdict="approve")
    assert operators(returning)[1:] == ["ledger/post", "notify"]
    assert returning.asked[-1][1]["also"] == [2, 3, 4]
    assert returning.run.outcome == "returned_units"
    assert returning.run.next_wake() is None


@pytest.mark.parametrize("order", list(permutations((2, 3, 4))))
@pytest.mark.parametrize("agreed", [0, 1, 2])
def test_any_refusal_calls_the_rest_off_and_everybody_reviews_anew(
    returning: Return, order: tuple[int, ...], agreed: int
) -> None:
    for holder in order[:agreed]:
        returning.review(holder, "approve")
    returning.review(order[agreed], "return")
    assert returning.open() == ["fill_return"]
    assert operators(returning)[1:] == ["ledger/void", "notify", "notify"]
    assert told(returning) == [(["recipient"], "review_cancelled"), (["emitter"], "returned")]
    returning.recipients = (3, 5)
    returning.complete("fill_return")
    assert returning.asked_now() == [3, 5]
    assert {t.visit for t in returning.run.open_tasks()} == {2}
    returning.review(3, "approve")
    returning.review(5, "approve")
    returning.complete("confirm_return", verdict="approve")
    assert returning.run.outcome == "returned_units"
    assert balanced(returning)


def test_managements_refusal_goes_back_too_and_everybody_reviews_anew(returning: Return) -> None:
    for holder in (2, 3, 4):
        returning.review(holder, "approve")
    returning.complete("confirm_return", verdict="return")
    assert returning.open() == ["fill_return"]
    assert told(returning)[-1] == (["emitter"], "returned")
    assert returning.asked[-2][1]["also"] == [2, 3, 4]
    returning.complete("fill_return")
    assert returning.asked_now() == [2, 3, 4]
    assert balanced(returning) is False
    returning.review(2, "return")
    assert balanced(returning)


@pytest.mark.parametrize("agreed", [0, 1, 2, 3])
def test_a_return_is_withdrawn_until_the_final_decision(returning: Return, agreed: int) -> None:
    for holder in (2, 3, 4)[:agreed]:
        returning.review(holder, "approve")
    [trigger] = returning.run.open_triggers()
    assert trigger.name == "withdraw"
    assert returning.definition.lanes[trigger.lane].key == "emitter"
    returning.trigger("withdraw")
    assert returning.open() == ["fill_return"]
    assert told(returning) == [(["recipient"], "withdrawn")]
    assert balanced(returning)
    returning.complete("fill_return")
    assert returning.asked_now() == [2, 3, 4]


def test_recipients_are_reminded_after_three_days_and_the_review_lapses_after_thirty(
    returning: Return,
) -> None:
    returning.review(2, "approve")
    returning.pass_time(timedelta(days=3))
    assert told(returning) == [(["recipient"], "review_reminder")]
    returning.pass_time(timedelta(days=26))
    assert returning.asked_now() == [3, 4]
    returning.pass_time(timedelta(days=1))
    assert returning.open() == ["fill_return"]
    assert told(returning)[-1] == (["emitter"], "review_lapsed")
    assert balanced(returning)
    returning.complete("fill_return")
    assert returning.asked_now() == [2, 3, 4]
    returning.pass_time(timedelta(days=2))
    assert len(told(returning)) == 2


def test_management_is_reminded_after_five_days_and_never_lapses(returning: Return) -> None:
    for holder in (2, 3, 4):
        returning.review(holder, "approve")
    returning.pass_time(timedelta(days=5))
    assert told(returning) == [(["management"], "review_reminder")]
    returning.pass_time(timedelta(days=400))
    assert returning.open() == ["confirm_return"]
    returning.complete("confirm_return", verdict="approve")
    assert returning.run.outcome == "returned_units"


def test_a_hundred_rounds_leave_no_trace_in_the_state(returning: Return) -> None:
    first = len(returning.run.dump())
    for _ in range(100):
        returning.review(3, "approve")
        returning.review(2, "return")
        returning.complete("fill_return")
    assert len(returning.run.dump()) < first + 40
    assert returning.asked_now() == [2, 3, 4]
