"""Whatever stands around it, a state does not grow with the number of rounds."""

from collections.abc import Callable

import pytest

from tests.workflow.walks import Walker, definition


def with_timers(walker: Walker) -> None:
    """A round with a boundary timer armed, a side branch run to its end, and a withdrawal."""
    walker.complete("fill")
    walker.trigger("hint")
    walker.trigger("withdraw")


def with_repetition(walker: Walker) -> None:
    walker.complete("draft")
    walker.complete("vote", verdict_of_member="no")
    walker.complete("vote", verdict_of_member="no")


def with_a_join_waiting(walker: Walker) -> None:
    """Two branches have come to the join, and the third goes round in a loop."""
    if "prepare" in walker.open():
        walker.complete("prepare")
        walker.complete("do_b", verdict="yes")
        walker.complete("do_c", verdict="yes")
        walker.complete("do_c_again")
    walker.complete("do_a", verdict="no")


def with_a_subprocess_inside(walker: Walker) -> None:
    if "open_case" in walker.open():
        walker.complete("open_case")
    walker.complete("work")
    walker.complete("verify", verdict="no")


def with_a_subprocess_left_and_entered_again(walker: Walker) -> None:
    walker.complete("open_case")
    walker.complete("work")
    walker.trigger("stop")


def with_a_called_process_in_a_branch(walker: Walker) -> None:
    if "ask" in walker.open():
        walker.complete("ask")
    for _ in range(3):
        walker.complete("opine", verdict="yes")
    walker.complete("sum_up", verdict="no")


ROUNDS = [
    ("reminders", with_timers),
    ("committee", with_repetition),
    ("branches", with_a_join_waiting),
    ("inner", with_a_subprocess_inside),
    ("inner", with_a_subprocess_left_and_entered_again),
    ("caller", with_a_called_process_in_a_branch),
]


@pytest.mark.parametrize(
    ("process_id", "one_round"), ROUNDS, ids=lambda x: getattr(x, "__name__", x)
)
def test_a_state_does_not_grow_with_rounds(
    process_id: str, one_round: Callable[[Walker], None]
) -> None:
    walker = Walker(definition(process_id))
    one_round(walker)
    fresh = len(walker.run.dump())
    for _ in range(60):
        one_round(walker)
    assert len(walker.run.dump()) <= 1.06 * fresh


def test_a_join_still_fires_after_its_past_was_cut() -> None:
    walker = Walker(definition("branches"))
    for _ in range(10):
        with_a_join_waiting(walker)
    assert walker.open() == ["do_a"]
    walker.complete("do_a", verdict="yes")
    assert walker.open() == ["conclude"]


def test_an_ended_instance_keeps_its_outcome_and_values_only() -> None:
    walker = Walker(definition("compliance"))
    walker.complete("fill_surrender")
    walker.complete("review_surrender", verdict="approve")
    assert len(walker.run.dump()) < 300
    assert walker.run.outcome == "surrendered"
    assert walker.run.data["verdict"] == "approve"
