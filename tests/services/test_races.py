"""Many at once: nothing is exceeded, one wins, the other learns who (R5, R10)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from app.domain.errors import AlreadyDecided, Conflict, Invalid, RegistryError
from app.identity.actor import Actor
from app.ledger.verify import verify
from app.services.applications import begin
from app.services.decide import Request, decide
from app.services.sweep import sweep
from app.services.withdraw import trigger
from tests.services.market import (
    APPROVE,
    CCER,
    PE21,
    REMIND,
    RETURN,
    Market,
    lines,
    superuser,
)

pytestmark = pytest.mark.database


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Make all calls at the same moment; return their answers, or the errors they raised."""
    gate = Barrier(len(calls))

    def one(call: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return call()
        except RegistryError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def errors(answers: list[Any]) -> list[RegistryError]:
    return [answer for answer in answers if isinstance(answer, RegistryError)]


def numbered(error: RegistryError) -> bool:
    """Whether the refusal carries the numbers: as a check's finding, or as the ledger's facts."""
    if getattr(error, "findings", ()):
        return all(any(isinstance(v, int) for v in f.facts.values()) for f in error.findings)
    return {"requested"} <= set(error.facts) and bool({"left", "available"} & set(error.facts))


def test_submissions_at_once_never_exceed_the_obligation(
    a_market: Market, an_emitter: Actor, a_notice: int
) -> None:
    def submit() -> int:
        return a_market.begin(an_emitter, a_notice, lines(**{PE21: 90}))

    answers = at_once(*[submit] * 10)

    refused = errors(answers)
    assert len(refused) == 6
    assert all(isinstance(error, Invalid) and numbered(error) for error in refused)
    assert a_market.ceilings(a_notice)["obligation"] == (400, 360, 0)
    assert a_market.held(an_emitter.account_id, "registry_reserved") == 360
    assert a_market.rows("SELECT count(*) FROM workflow.instance") == [(4,)]
    assert verify(a_market.ctx.database).ok


def test_submissions_at_once_never_exceed_the_ccer_limit(
    a_market: Market, an_emitter: Actor, a_notice: int
) -> None:
    answers = at_once(
        *[lambda: a_market.begin(an_emitter, a_notice, lines(**{PE21: 10, CCER: 6}))] * 8
    )
    assert len(errors(answers)) == 5
    assert all(isinstance(error, Invalid) and numbered(error) for error in errors(answers))
    assert a_market.ceilings(a_notice) == {"obligation": (400, 48, 0), "ccer": (20, 18, 0)}


def test_of_two_submissions_for_the_same_units_one_is_refused_with_the_numbers(
    a_market: Market, an_emitter: Actor
) -> None:
    """Two notices of two years, so that only the units are scarce: 1,000 t for 700 t twice."""
    notices = [a_market.notice(obligation=700, year=year) for year in (2021, 2022)]

    answers = at_once(
        *(
            lambda notice=notice: a_market.begin(an_emitter, notice, lines(**{PE21: 700}))
            for notice in notices
        )
    )

    [refused] = errors(answers)
    assert isinstance(refused, Invalid)
    assert numbered(refused)
    assert "300" in refused.message.zh
    assert "700" in refused.message.en
    assert a_market.held(an_emitter.account_id) == 300
    assert a_market.held(an_emitter.account_id, "registry_reserved") == 700


def test_of_two_reviewers_at_once_one_wins_and_the_units_move_once(
    a_market: Market, a_submitted_application: int, two_officers: tuple[Actor, Actor]
) -> None:
    key = a_market.key(a_submitted_application)
    answers = at_once(
        *(
            lambda officer=officer: a_market.decide(
                officer, a_submitted_application, APPROVE, key=key
            )
            for officer in two_officers
        )
    )
    [refused] = errors(answers)
    assert isinstance(refused, AlreadyDecided)
    winner = two_officers[0 if answers[1] is refused else 1]
    assert refused.facts["name"] == winner.person_name
    assert refused.facts["at"] == a_market.clock.now()
    assert a_market.held(a_market.account("registry", "surrender")) == 250
    assert a_market.rows(
        "SELECT count(*) FROM workflow.decision WHERE element_id = 'review_surrender'"
    ) == [(1,)]
    assert verify(a_market.ctx.database).ok


@pytest.mark.parametrize("turn", range(4))
def test_approve_and_withdraw_at_once_end_in_one_of_the_two(
    a_market: Market, a_submitted_application: int, an_emitter: Actor, a_province: Actor, turn: int
) -> None:
    key = a_market.key(a_submitted_application)
    calls = [
        lambda: a_market.decide(a_province, a_submitted_application, APPROVE, key=key),
        lambda: trigger(a_market.ctx, an_emitter, a_submitted_application, "withdraw"),
    ]
    answers = at_once(*(reversed(calls) if turn % 2 else calls))

    [refused] = errors(answers)
    assert isinstance(refused, Conflict)
    surrendered = a_market.held(a_market.account("registry", "surrender"))
    assert (surrendered, a_market.held(an_emitter.account_id)) in {(250, 750), (0, 1000)}
    assert a_market.instance(a_submitted_application)["version"] == 2
    assert verify(a_market.ctx.database).ok


def test_approve_and_return_at_once_end_in_one_of_the_two(
    a_market: Market, a_submitted_application: int, two_officers: tuple[Actor, Actor]
) -> None:
    key = a_market.key(a_submitted_application)
    answers = at_once(
        lambda: a_market.decide(two_officers[0], a_submitted_application, APPROVE, key=key),
        lambda: a_market.decide(two_officers[1], a_submitted_application, RETURN, key=key),
    )
    [refused] = errors(answers)
    assert isinstance(refused, AlreadyDecided)
    kinds = a_market.rows(
        "SELECT kind FROM ledger.transfer_event WHERE kind <> 'reserved'"
        " AND decision_id IS NOT NULL"
    )
    assert len(kinds) == 1


def test_the_same_key_at_once_gives_both_the_same_decision(
    a_market: Market, a_submitted_application: int, a_province: Actor
) -> None:
    request = Request(a_submitted_application, a_market.key(a_submitted_application), APPROVE, "k")
    answers = at_once(*[lambda: decide(a_market.ctx, a_province, request)] * 4)
    assert errors(answers) == []
    assert len({answer.decision_id for answer in answers}) == 1
    assert sorted(answer.replayed for answer in answers) == [False, True, True, True]


def test_the_same_key_at_once_begins_one_application(
    a_market: Market, an_emitter: Actor, a_notice: int
) -> None:
    def submit() -> Any:
        return begin(
            a_market.ctx,
            an_emitter,
            "compliance",
            a_notice,
            lines(**{PE21: 50}),
            submit=True,
            idempotency_key="once",
        )

    answers = at_once(*[submit] * 4)
    assert errors(answers) == []
    assert len({answer.number for answer in answers}) == 1
    assert a_market.rows("SELECT count(*) FROM workflow.instance") == [(1,)]
    assert submit().number == answers[0].number


def test_a_key_of_one_application_begins_no_other(
    a_market: Market, an_emitter: Actor, a_colleague: Actor, a_notice: int
) -> None:
    def submit(actor: Actor, quantity: int) -> Any:
        return begin(
            a_market.ctx,
            actor,
            "compliance",
            a_notice,
            lines(**{PE21: quantity}),
            submit=True,
            idempotency_key="once",
        )

    submit(an_emitter, 50)
    before = a_market.dump()
    for actor, quantity in ((an_emitter, 51), (a_colleague, 50)):
        with pytest.raises(Conflict):
            submit(actor, quantity)
    assert a_market.dump() == before


def test_one_key_for_two_applications_at_once_decides_one_of_them(
    a_market: Market, an_emitter: Actor, a_province: Actor, a_notice: int
) -> None:
    both = [a_market.begin(an_emitter, a_notice, lines(**{PE21: n})) for n in (10, 20)]
    requests = [Request(i, a_market.key(i), APPROVE, "k") for i in both]
    answers = at_once(
        *(lambda request=request: decide(a_market.ctx, a_province, request) for request in requests)
    )
    [refused] = errors(answers)
    assert type(refused) is Conflict
    assert a_market.rows("SELECT count(*) FROM workflow.task") == [(1,)]


def test_a_reminder_that_fires_at_the_same_moment_stops_nobody(
    a_market: Market, a_submitted_application: int, a_province: Actor
) -> None:
    a_market.clock.set(REMIND + timedelta(minutes=1))
    key = a_market.key(a_submitted_application)
    answers = at_once(
        lambda: a_market.decide(a_province, a_submitted_application, APPROVE, key=key),
        lambda: sweep(a_market.ctx),
    )
    assert errors(answers) == []
    assert a_market.instance(a_submitted_application)["outcome"] == "surrendered"
    assert a_market.rows("SELECT stuck FROM workflow.instance") == [("",)]


def test_opposing_flows_of_many_emitters_do_not_deadlock(a_market: Market) -> None:
    """Submissions, approvals and returns of three emitters, all into one surrender account."""
    notices = {code: a_market.notice(code, 900) for code in ("emitter", "neighbour")}

    def year(code: str, officer: int) -> None:
        emitter, reviewer = a_market.actor(code), a_market.actor("province", officer)
        for turn in range(6):
            instance = a_market.begin(emitter, notices[code], lines(**{PE21: 20}))
            a_market.decide(reviewer, instance, RETURN)
            a_market.decide(emitter, instance, lines(**{PE21: 30 + turn}))
            a_market.decide(reviewer, instance, APPROVE)

    answers = at_once(*(lambda code=code, o=o: year(code, o) for code in notices for o in (0, 1)))
    assert answers == [None] * 4
    expected = 2 * 2 * sum(30 + turn for turn in range(6))
    assert a_market.held(a_market.account("registry", "surrender")) == expected
    assert verify(a_market.ctx.database).ok


def test_a_step_that_the_database_undid_for_a_deadlock_is_done_again(
    a_market: Market, a_province: Actor, a_submitted_application: int
) -> None:
    """Once: a sequence counts on, although the transaction that asked it is undone."""
    with superuser(a_market.database) as cursor:
        cursor.execute(
            """CREATE SEQUENCE public.tried;
            CREATE FUNCTION public.deadlock() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
            AS $$ BEGIN
                IF nextval('public.tried') = 1 THEN
                    RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01';
                END IF;
                RETURN NULL;
            END $$;
            CREATE TRIGGER deadlock AFTER INSERT ON workflow.decision
            FOR EACH ROW EXECUTE FUNCTION public.deadlock()"""
        )
    a_market.decide(a_province, a_submitted_application, APPROVE)
    assert a_market.instance(a_submitted_application)["outcome"] == "surrendered"
