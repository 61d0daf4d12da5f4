"""The seam's guards: what is not open cannot be done, what is not declared is not kept."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.clock import FixedClock
from app.workflow.codec import BadState
from app.workflow.engine import NotPlain, ScriptsRefused
from app.workflow.run import NotOpen, Run, Spoilt
from tests.workflow.walks import VALUES, Walker, definition


@pytest.fixture
def surrender() -> Walker:
    return Walker(definition("compliance"))


def test_a_completed_task_cannot_be_completed_again(surrender: Walker) -> None:
    [task] = surrender.run.open_tasks()
    surrender.complete("fill_surrender")
    with pytest.raises(NotOpen):
        surrender.run.complete(task.key, {})
    assert surrender.open() == ["review_surrender"]


def test_a_completed_task_cannot_be_completed_again_without_a_save() -> None:
    walker = Walker(definition("compliance"), saves=False)
    [task] = walker.run.open_tasks()
    walker.complete("fill_surrender")
    with pytest.raises(NotOpen):
        walker.run.complete(task.key, {})


@pytest.mark.parametrize("key", [0, 1, 2, 99, -1])
def test_nothing_but_an_open_task_can_be_completed(surrender: Walker, key: int) -> None:
    assert key not in [t.key for t in surrender.run.open_tasks()]
    with pytest.raises(NotOpen):
        surrender.run.complete(key, {})


def test_a_cancelled_task_cannot_be_completed(surrender: Walker) -> None:
    surrender.complete("fill_surrender")
    [task] = surrender.run.open_tasks()
    surrender.trigger("withdraw")
    with pytest.raises(NotOpen):
        surrender.run.complete(task.key, {"verdict": "approve"})


@pytest.mark.parametrize("name", ["withdraw", "reject", "", "remind_emitter"])
def test_only_a_message_that_is_waited_for_can_be_sent(surrender: Walker, name: str) -> None:
    with pytest.raises(NotOpen):
        surrender.run.trigger(name)


def test_a_key_is_stable_while_open_and_never_used_again(surrender: Walker) -> None:
    keys = []
    for _ in range(5):
        [task] = surrender.run.open_tasks()
        keys.append(task.key)
        surrender.pass_time(datetime(2021, 1, 2) - datetime(2021, 1, 1))  # noqa: DTZ001
        assert surrender.run.open_tasks()[0].key == task.key
        surrender.complete_key(task.key, {"verdict": "return"})
    assert len(set(keys)) == 5


def test_only_declared_values_are_kept(surrender: Walker) -> None:
    surrender.complete("fill_surrender", lines=[{"quantity": "5"}], typename="x", verdict="hm")
    assert set(surrender.run.data) == {"deadline", "remind_at", "verdict"}


def test_an_old_verdict_never_decides_anew() -> None:
    walker = Walker(definition("compliance"), values={**VALUES, "verdict": "approve"})
    walker.complete("fill_surrender")
    walker.complete("review_surrender")
    assert walker.run.data["verdict"] is None
    assert walker.open() == ["fill_surrender"]


def test_an_operator_can_only_set_declared_values() -> None:
    walker = Walker(definition("compliance"))
    walker.operate = lambda *_: {"verdict": "kept", "other": "dropped"}  # type: ignore[method-assign]
    walker.run = Run.restore(walker.definition, walker.run.dump(), walker.clock, walker.operate)
    walker.complete("fill_surrender")
    assert walker.run.data["verdict"] == "kept"
    assert "other" not in walker.run.data


@pytest.mark.parametrize(
    "value", [1.5, Decimal(1), datetime(2021, 1, 1, tzinfo=UTC), b"x", (1,), {1: 2}, 2**60, {1}]
)
def test_what_cannot_be_restored_exactly_is_refused(surrender: Walker, value: object) -> None:
    [task] = surrender.run.open_tasks()
    with pytest.raises(NotPlain):
        surrender.run.complete(task.key, {"verdict": value})
    assert surrender.open() == ["fill_surrender"]
    surrender.run.dump()


class Shortage(Exception):
    """Stands for a ledger that refuses."""


def test_an_operators_error_keeps_its_reason_and_nothing_can_be_saved(surrender: Walker) -> None:
    def refuse(*_: object) -> None:
        raise Shortage("12 吨")

    state = surrender.run.dump()
    run = Run.restore(surrender.definition, state, surrender.clock, refuse)
    [task] = run.open_tasks()
    with pytest.raises(Shortage, match="12 吨"):
        run.complete(task.key, {})
    with pytest.raises(Spoilt):
        run.dump()
    with pytest.raises(Spoilt):
        run.trigger("discard")
    again = Run.restore(surrender.definition, state, surrender.clock, surrender.operate)
    assert [t.key for t in again.open_tasks()] == [task.key]


def test_scripts_never_run(surrender: Walker) -> None:
    engine = surrender.run._tree.script_engine
    with pytest.raises(ScriptsRefused):
        engine.execute(surrender.run._tree.task_tree, "1 + 1")


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_changed_byte_is_refused(place: int, bit: int) -> None:
    walker = Walker(definition("compliance"))
    state = bytearray(walker.run.dump())
    state[place % len(state)] ^= 1 << bit
    with pytest.raises(BadState):
        Run.restore(walker.definition, bytes(state), walker.clock, walker.operate)


@pytest.mark.parametrize("state", [b"", b"\x01", b"\x02" + b"0" * 40, b"{}"])
def test_what_is_no_state_is_refused(state: bytes) -> None:
    with pytest.raises(BadState):
        Run.restore(definition("compliance"), state, FixedClock(), lambda *_: None)


def test_another_bundles_state_is_refused(surrender: Walker) -> None:
    other = definition("reminders")
    with pytest.raises(BadState):
        Run.restore(other, surrender.run.dump(), surrender.clock, surrender.operate)


def test_a_state_is_the_same_bytes_each_time_and_from_a_memoryview(surrender: Walker) -> None:
    state = surrender.run.dump()
    assert surrender.run.dump() == state
    view = memoryview(state)
    again = Run.restore(surrender.definition, view, surrender.clock, surrender.operate)
    assert again.dump() == state


def test_restored_lists_are_never_shared_between_tasks() -> None:
    walker = Walker(definition("committee"), values=VALUES)
    walker.complete("draft")
    trees = walker.run._tree.tasks.values()
    lists = [t.data["members"] for t in trees if "members" in t.data]
    open_lists = [id(t.data["members"]) for t in trees if t.task_spec.manual]
    assert len(lists) > 2
    assert len(set(open_lists)) == len(open_lists)
