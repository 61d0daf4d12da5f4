"""Twenty recipients review at the same moment from eight processes (R16): nothing is lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.synchronize import Barrier
from typing import Any

import pytest

from app.domain.clock import FixedClock, local_day
from app.domain.errors import RegistryError
from app.identity.mandates import actor_by_member_no
from app.ledger.verify import verify
from app.services.decide import Request, decide
from app.services.opening import Opening, PersonOpening
from tests.forked import FORKS
from tests.postgres import Database
from tests.services.custody import AGREED, APPROVE, REFUSED, Custody
from tests.services.market import TODAY, context, market

pytestmark = pytest.mark.database
RECIPIENTS, PROCESSES = 20, 8
Told = tuple[int, int, str, dict[str, str]]  # instance, key, member number, form


@pytest.fixture
def crowd(database: Database) -> Iterator[tuple[Custody, int]]:
    """A return of 10 t to each of twenty linked holders, waiting for all of them."""
    with market(database) as made:
        custody = Custody(made)
        codes = [f"R{n:02}" for n in range(RECIPIENTS)]
        made.open(*(_recipient(made.holder("province"), n, code) for n, code in enumerate(codes)))
        lot = custody.deposit(10 * RECIPIENTS)
        custody.link(*codes)
        yield custody, custody.give_back(*((lot.id, code, 10) for code in codes))
        assert verify(made.ctx.database).ok


def _recipient(province: int, n: int, code: str) -> Opening:
    person = PersonOpening(f"代表{n}", f"Person {n}", "both", f"2201040{n:04}")
    return Opening(
        code, f"接收单位{n}", "emitter", ("compliance",), (person,), province_id=province
    )


def _review(database: Database, gate: Barrier, told: list[Told], answers: Any) -> None:
    """One process: its recipients, a thread each, decide at the moment that all are ready."""
    ctx = context(database, FixedClock(TODAY))

    def one(what: Told) -> str:
        instance, key, member, form = what
        with ctx.database.transaction() as tx:
            actor = actor_by_member_no(tx, member, local_day(TODAY))
        assert actor is not None
        gate.wait(30)
        try:
            decide(ctx, actor, Request(instance, key, form))
        except RegistryError as error:
            return type(error).__name__
        return "decided"

    with ThreadPoolExecutor(len(told)) as pool:
        answers.put(list(pool.map(one, told)))
    ctx.database.dispose()


def at_once(database: Database, told: list[Told]) -> list[str]:
    """Let all decide at the same moment from eight processes; return what each was answered."""
    here = Database(database.name, database.owner_url, database.app_url, database.superuser_url)
    gate, answers = FORKS.Barrier(len(told)), FORKS.Queue()
    shares = [told[n::PROCESSES] for n in range(PROCESSES)]
    running = [FORKS.Process(target=_review, args=(here, gate, share, answers)) for share in shares]
    for process in running:
        process.start()
    given = [answer for _ in running for answer in answers.get(timeout=60)]
    for process in running:
        process.join(30)
    return given


def tasks(custody: Custody, instance: int) -> list[tuple[int, str]]:
    """The open reviews: key, and the member number of who may decide."""
    return custody.market.rows(
        """SELECT t.key, p.member_no FROM workflow.task t
           JOIN identity.account a ON a.holder_id = t.holder_id AND a.type = 'compliance'
           JOIN identity.mandate m ON m.account_id = a.id JOIN identity.person p ON
               p.id = m.person_id
           WHERE t.instance_id = %(i)s AND t.element_id = 'review_return' ORDER BY t.key""",
        i=instance,
    )


def test_every_decision_is_recorded_and_the_flow_goes_on_once(
    crowd: tuple[Custody, int], database: Database
) -> None:
    custody, instance = crowd
    told = [(instance, key, member, AGREED) for key, member in tasks(custody, instance)]
    assert len(told) == RECIPIENTS
    assert at_once(database, told) == ["decided"] * RECIPIENTS
    assert custody.market.rows(
        """SELECT count(*), count(DISTINCT holder_id), count(DISTINCT version)
           FROM workflow.decision WHERE instance_id = %(i)s AND element_id = 'review_return'""",
        i=instance,
    ) == [(RECIPIENTS, RECIPIENTS, RECIPIENTS)]
    assert custody.open(instance) == [("registry", "confirm_return")]
    assert custody.market.rows(
        """SELECT count(*) FROM audit.event WHERE instance_id = %(i)s
           AND path LIKE '%%return_flow_agreed%%'""",
        i=instance,
    ) == [(1,)]
    custody.decide(custody.registry, instance, APPROVE)
    assert custody.lots()[0].returned == 10 * RECIPIENTS


def test_of_agreements_and_one_refusal_at_once_the_refusal_ends_the_round(
    crowd: tuple[Custody, int], database: Database
) -> None:
    custody, instance = crowd
    told = [(instance, key, member, AGREED) for key, member in tasks(custody, instance)]
    told[7] = (*told[7][:3], REFUSED)
    answers = at_once(database, told)
    assert set(answers) <= {"decided", "AlreadyDecided"}
    assert custody.open(instance) == [("emitter", "fill_return")]
    [(recorded, refusals)] = custody.market.rows(
        """SELECT count(*), count(*) FILTER (WHERE verdict = 'return') FROM workflow.decision
           WHERE instance_id = %(i)s AND element_id = 'review_return'""",
        i=instance,
    )
    assert (recorded, refusals) == (answers.count("decided"), 1)
    assert custody.lots()[0].remaining == 10 * RECIPIENTS
