"""Our tree goes where SpiffWorkflow's own goes, in a fraction of the space."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workflow.stock import Stock
from tests.workflow.walks import VALUES, Walker, definition

# No time passes here: stock asks the machine's clock. Repeated tasks are left out, because stock
# cannot enter one twice and never sees a quorum; their own tests say what they do.
COMPARED = ["compliance", "reminders", "branches", "inner"]
FAR = {**VALUES, "deadline": "2999-12-31T00:00:00+00:00", "remind_at": "2999-12-01T00:00:00+00:00"}
BLANK = {"verdict": None, "external_named": None, "a": None, "b": None, "c": None}
MOVES = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 9), st.sampled_from(["yes", "no", "approve"])),
    max_size=16,
)


@pytest.mark.parametrize("process_id", COMPARED)
@settings(deadline=None, max_examples=40)
@given(moves=MOVES)
def test_the_same_tasks_open_as_in_stock_spiffworkflow(
    process_id: str, moves: list[tuple[int, int, str]]
) -> None:
    ours = Walker(definition(process_id), values=FAR)
    stock = Stock(ours.definition, {**BLANK, **FAR})
    for kind, choice, answer in moves:
        triggers = ours.run.open_triggers()
        if kind == 0 and triggers:
            name = triggers[choice % len(triggers)].name
            ours.trigger(name)
            stock.trigger(name)
        elif ours.open():
            task_id = ours.open()[choice % len(ours.open())]
            ours.complete(task_id, verdict=answer)
            stock.complete(task_id, {"verdict": answer})
        assert sorted(ours.open()) == stock.open()
        assert ours.run.ended == stock.ended


def returned(rounds: int) -> Walker:
    walker = Walker(definition("compliance"))
    for _ in range(rounds):
        walker.complete("fill_surrender")
        walker.complete("review_surrender", verdict="return")
    return walker


def test_a_state_does_not_grow_with_the_number_of_returns() -> None:
    fresh, worn = len(returned(0).run.dump()), len(returned(100).run.dump())
    assert worn <= 1.1 * fresh


def test_a_state_is_a_fortieth_of_stock() -> None:
    """Stock saves the parsed diagram with every instance; even without it ours is a fortieth."""
    ours = returned(1)
    stock = Stock(ours.definition, {**BLANK, **FAR})
    stock.complete("fill_surrender", {})
    stock.complete("review_surrender", {"verdict": "return"})
    assert stock.open() == ours.open()
    saved = json.loads(stock.dump())
    del saved["spec"], saved["subprocess_specs"]
    assert len(ours.run.dump()) <= len(json.dumps(saved)) / 40
