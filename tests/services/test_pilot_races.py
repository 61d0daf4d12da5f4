"""Several surrenders of one enterprise to one pilot: the cap holds, whoever comes first (G18)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.domain.errors import Conflict, Refused, RegistryError
from app.services.decide import Request, decide
from app.services.pilots.exporting import Done, export
from tests.postgres import Database
from tests.services.market import APPROVE, Market, context, market
from tests.services.pilot_market import HOME, REJECT, cancel, give_base, open_pilots, submit

pytestmark = pytest.mark.database


@pytest.fixture
def made(database: Database) -> Iterator[Market]:
    with market(database, open_pilots) as opened:
        yield opened


def cancelled(made: Market) -> int:
    return made.held(made.account("national", "government_cancellation"), unit=HOME)


def test_two_that_each_fit_are_both_refused_until_one_gives_way(made):
    first, second = submit(made, **{HOME: 30}), submit(made, **{HOME: 30})
    give_base(made, 1000)  # 50 t
    for instance in (first, second):
        made.decide(made.actor("pilot"), instance, APPROVE)
    for instance in (first, second):
        with pytest.raises(Refused):
            made.decide(made.actor("national"), instance, APPROVE)
    made.decide(made.actor("national"), first, REJECT)
    made.decide(made.actor("national"), second, APPROVE)
    assert cancelled(made) == 30


def test_two_cancelled_at_the_same_moment_never_pass_the_cap_together(made):
    instances = [submit(made, **{HOME: 30}) for _ in range(2)]
    give_base(made, 1000)
    for instance in instances:
        made.decide(made.actor("pilot"), instance, APPROVE)
    keys = [made.key(instance) for instance in instances]
    nation, ready = made.actor("national"), Barrier(2)

    def post(place: int) -> str:
        ctx = context(made.database, made.clock)
        ready.wait()
        try:
            decide(ctx, nation, Request(instances[place], keys[place], APPROVE))
        except Refused as refused:
            return refused.findings[0].code
        finally:
            ctx.database.dispose()
        return "posted"

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(post, range(2))) == ["3102", "3102"]
    assert cancelled(made) == 0


def test_two_officers_who_export_the_same_at_once_make_one_export(made):
    instances = [submit(made, **{HOME: 5}) for _ in range(3)]
    for instance in instances:
        cancel(made, instance)
    officers, ready = [made.actor("pilot"), made.actor("pilot", 1)], Barrier(2)

    def hand_over(place: int) -> Done | RegistryError:
        ctx = context(made.database, made.clock)
        ready.wait()
        try:
            return export(ctx, officers[place], instances)
        except Conflict as refused:
            return refused
        finally:
            ctx.database.dispose()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(hand_over, range(2)))
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "Done"]
    assert made.rows("SELECT count(*) FROM pilots.export") == [(1,)]
    assert made.rows("SELECT count(*) FROM pilots.export_item") == [(3,)]
