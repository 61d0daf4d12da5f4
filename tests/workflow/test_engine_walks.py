"""An instance saved, pruned and restored at every step equals one that never is."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.workflow.definition import Definition
from tests.workflow.walks import Walker, real_definitions, test_definitions

DEFINITIONS = [*real_definitions(), *test_definitions()]
ANSWERS = ["yes", "no", "approve", "return"]

# A move is drawn before it is known what is open: two numbers choose among what there is.
MOVES = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 30), st.sampled_from(ANSWERS)), max_size=25
)


def moved(walker: Walker, move: tuple[int, int, str]) -> None:
    kind, choice, answer = move
    tasks, triggers = walker.run.open_tasks(), walker.run.open_triggers()
    if kind == 0:
        walker.pass_time(timedelta(days=choice))
    elif kind == 1 and triggers:
        walker.trigger(triggers[choice % len(triggers)].name)
    elif tasks:
        task = tasks[choice % len(tasks)]
        walker.complete_key(task.key, {"verdict": answer, "verdict_of_member": answer, "evil": 1})


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda d: d.process_id)
@settings(deadline=None, max_examples=150)
@given(moves=MOVES)
def test_saving_and_restoring_at_every_step_changes_nothing(
    definition: Definition, moves: list[tuple[int, int, str]]
) -> None:
    saved, kept = Walker(definition, saves=True), Walker(definition, saves=False)
    assert saved.view() == kept.view()
    for move in moves:
        moved(saved, move)
        moved(kept, move)
        assert saved.view() == kept.view()
        assert "evil" not in saved.run.data


def test_threads_share_a_definition() -> None:
    """Nothing in a definition changes while instances run."""

    def walk(seed: int) -> dict[str, object]:
        rnd = random.Random(seed)  # noqa: S311  the same walk each time
        walker = Walker(DEFINITIONS[seed % len(DEFINITIONS)])
        for _ in range(25):
            moved(walker, (rnd.randrange(10), rnd.randrange(9), rnd.choice(ANSWERS)))
        return walker.view()

    alone = [walk(seed) for seed in range(60)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(walk, range(60))) == alone
