"""Repeated tasks, quorums, joins, subprocesses and timers, in the diagrams made for tests."""

from datetime import timedelta

import pytest

from app.workflow.run import MissingValue
from tests.workflow.walks import Walker, definition


@pytest.fixture
def committee() -> Walker:
    walker = Walker(definition("committee"))
    walker.complete("draft")
    return walker


def vote(walker: Walker, *answers: str) -> None:
    for answer in answers:
        walker.complete("vote", verdict_of_member=answer)


def test_a_repeated_task_is_open_once_for_each_item(committee: Walker) -> None:
    tasks = committee.run.open_tasks()
    assert [(t.task.id, t.item, t.visit) for t in tasks] == [
        ("vote", "ann", 1),
        ("vote", "bob", 1),
        ("vote", "cai", 1),
    ]


def test_a_quorum_ends_the_vote_at_once(committee: Walker) -> None:
    vote(committee, "yes", "yes")
    assert committee.open() == ["sign"]
    assert committee.run.data["votes"] == ["yes", "yes"]


def test_a_vote_goes_on_until_a_quorum(committee: Walker) -> None:
    vote(committee, "yes", "no")
    assert [t.item for t in committee.run.open_tasks()] == ["cai"]
    vote(committee, "no")
    assert committee.open() == ["draft"]


def test_a_repeated_task_can_be_entered_again_with_an_empty_list(committee: Walker) -> None:
    vote(committee, "no", "no")
    committee.complete("draft")
    assert [t.visit for t in committee.run.open_tasks()] == [2, 2, 2]
    vote(committee, "yes", "no", "yes")
    assert committee.run.data["votes"] == ["yes", "no", "yes"]
    committee.complete("sign", verdict="yes")
    assert committee.run.outcome == "adopted"


def test_a_withdrawal_closes_all_open_repetitions(committee: Walker) -> None:
    vote(committee, "yes")
    committee.trigger("withdraw")
    assert committee.open() == ["draft"]


def test_a_repeated_task_must_bring_what_it_collects(committee: Walker) -> None:
    with pytest.raises(MissingValue, match="verdict_of_member"):
        committee.run.complete(committee.run.open_tasks()[0].key, {})


def test_an_item_never_leaves_its_own_task(committee: Walker) -> None:
    vote(committee, "yes", "yes")
    assert "member" not in committee.run.data
    assert "verdict_of_member" not in committee.run.data


def test_a_timer_on_a_repeated_task_ends_the_wait(committee: Walker) -> None:
    vote(committee, "yes")
    committee.pass_time(timedelta(days=10))
    assert committee.run.outcome == "lapsed"


def test_a_join_waits_for_all_branches_and_keeps_what_each_changed() -> None:
    walker = Walker(definition("branches"))
    walker.complete("prepare")
    walker.complete("do_a", verdict="no")
    walker.complete("do_a", verdict="yes")
    walker.complete("do_b", verdict="maybe")
    walker.complete("do_c", verdict="later")
    assert walker.open() == ["do_c_again"]
    walker.complete("do_c_again")
    assert walker.open() == ["conclude"]
    values = walker.run.data
    assert (values["a"], values["b"], values["c"]) == ("yes", "maybe", "later")


def test_an_untouched_value_never_wins_over_a_changed_one() -> None:
    """Stock merges branches in order, so an old None of a later branch would win."""
    walker = Walker(definition("branches"))
    walker.complete("prepare")
    walker.complete("do_c", verdict="c")
    walker.complete("do_c_again")
    walker.complete("do_b", verdict="b")
    walker.complete("do_a", verdict="yes")
    values = walker.run.data
    assert (values["a"], values["b"], values["c"]) == ("yes", "b", "c")


def test_a_subprocess_is_left_by_a_timer_with_everything_in_it() -> None:
    walker = Walker(definition("inner"))
    walker.complete("open_case")
    walker.complete("work")
    walker.complete("verify", verdict="yes")
    assert walker.open() == ["file_away"]
    walker.pass_time(timedelta(days=5))
    assert "explain" in walker.open()
    assert "file_away" not in walker.open()


def test_a_side_branch_is_no_outcome() -> None:
    walker = Walker(definition("inner"))
    walker.complete("open_case")
    walker.pass_time(timedelta(days=2))
    walker.complete("work")
    walker.complete("verify", verdict="yes")
    walker.complete("file_away", verdict="yes")
    assert walker.open() == ["look_in"]
    assert not walker.run.ended
    walker.complete("look_in")
    assert walker.run.outcome == "closed"


def test_a_called_process_shares_lanes_forms_and_visits() -> None:
    walker = Walker(definition("caller"))
    walker.complete("ask")
    assert walker.open() == ["wait_for_it", "opine", "opine", "opine"]
    assert set(walker.lanes()) == {"asker", "reviewer"}
    for _ in range(3):
        walker.complete("opine", verdict="yes")
    walker.complete("sum_up", verdict="no")
    assert [t.visit for t in walker.run.open_tasks()] == [1, 2, 2, 2]


def test_an_intermediate_timer_waits() -> None:
    walker = Walker(definition("caller"))
    walker.complete("ask")
    walker.trigger("stop")
    walker.complete("wait_for_it")
    walker.complete("answer")
    assert walker.open() == []
    assert not walker.run.ended
    walker.pass_time(timedelta(days=1))
    assert walker.run.outcome == "answered"


def test_timers_due_at_once_fire_in_order_and_the_interrupting_one_ends_the_task() -> None:
    walker = Walker(definition("reminders"))
    walker.complete("fill")
    walker.pass_time(timedelta(days=365))
    assert walker.open() == ["chief_note", "late_check"]
    assert walker.passed("event")[-2:] == ["ask_chief", "overdue"]


def test_a_message_beside_an_open_task_leaves_it_open() -> None:
    walker = Walker(definition("reminders"))
    walker.complete("fill")
    walker.trigger("hint")
    assert walker.asked[-1] == ("note", {"what": "hint"})
    assert walker.open() == ["check"]
