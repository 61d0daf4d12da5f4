"""Timers and the outbox: due once, by one worker, with or without a queue."""

import logging
from datetime import timedelta

import pytest

from app.identity.actor import Actor
from app.ledger.verify import verify
from app.services import outbox
from app.services import sweep as sweeping
from app.services.context import Context
from app.services.sweep import GIVE_UP, Swept, sweep
from app.services.withdraw import trigger
from tests import forked
from tests.services.market import (
    APPROVE,
    PE21,
    REMIND,
    RETURN,
    Market,
    lines,
)
from tests.services.test_races import at_once, errors


def told(market: Market) -> list[tuple[int, str]]:
    return market.rows("SELECT holder_id, template FROM workflow.notification ORDER BY id")


@pytest.mark.database
def test_a_draft_reminds_the_emitter_once_before_the_deadline(
    a_market: Market, an_emitter: Actor, a_notice: int
) -> None:
    instance = a_market.begin(an_emitter, a_notice, lines(**{PE21: 5}), submit=False)
    assert a_market.instance(instance)["wake_at"] == REMIND
    a_market.clock.set(REMIND - timedelta(seconds=1))
    assert sweep(a_market.ctx).timers == 0
    a_market.clock.set(REMIND)
    assert sweep(a_market.ctx).timers == 1
    assert told(a_market) == [(an_emitter.holder_id, "surrender_draft_reminder")]
    assert a_market.instance(instance)["wake_at"] is None
    for step in (timedelta(0), timedelta(days=8)):
        a_market.clock.advance(step)
        assert sweep(a_market.ctx).timers == 0
    assert len(told(a_market)) == 1
    assert a_market.rows("SELECT element_id FROM workflow.task") == [("fill_surrender",)]


@pytest.mark.database
def test_a_review_reminds_the_reviewer_and_the_emitter_once(
    a_market: Market, an_emitter: Actor, a_province: Actor, a_submitted_application: int
) -> None:
    a_market.clock.set(REMIND + timedelta(hours=3))
    assert sweep(a_market.ctx).timers == 1
    assert sweep(a_market.ctx).timers == 0
    assert told(a_market) == [
        (a_province.holder_id, "surrender_review_reminder"),
        (an_emitter.holder_id, "surrender_review_reminder"),
    ]
    [(number,)] = a_market.rows("SELECT number FROM workflow.instance")
    [(zh, en), _] = a_market.rows("SELECT text, text_en FROM workflow.notification ORDER BY id")
    assert number in zh
    assert number in en
    a_market.decide(a_province, a_submitted_application, APPROVE)
    assert a_market.held(a_market.account("registry", "surrender")) == 250


@pytest.mark.database
def test_a_reminder_keeps_the_open_task_its_claim_and_its_key(
    a_market: Market, a_submitted_application: int, a_province: Actor
) -> None:
    from app.services.claims import claim

    [(task, key)] = a_market.rows("SELECT id, key FROM workflow.task")
    claim(a_market.ctx, a_province, task)
    a_market.clock.set(REMIND)
    sweep(a_market.ctx)
    assert a_market.rows("SELECT id, key, claimed_by FROM workflow.task") == [
        (task, key, a_province.person_id)
    ]
    a_market.decide(a_province, a_submitted_application, APPROVE, key=key)


@pytest.mark.database
def test_who_has_answered_is_not_reminded(
    a_market: Market, a_province: Actor, a_submitted_application: int
) -> None:
    a_market.decide(a_province, a_submitted_application, APPROVE)
    a_market.clock.set(REMIND)
    assert sweep(a_market.ctx).timers == 0
    assert told(a_market) == []


@pytest.mark.database
def test_a_task_that_opens_after_the_reminder_is_not_reminded_of(
    a_market: Market, an_emitter: Actor, a_province: Actor, a_submitted_application: int
) -> None:
    a_market.clock.set(REMIND + timedelta(hours=1))
    a_market.decide(a_province, a_submitted_application, RETURN)
    a_market.decide(an_emitter, a_submitted_application, lines(**{PE21: 5}))
    trigger(a_market.ctx, an_emitter, a_submitted_application, "withdraw")
    assert sweep(a_market.ctx).timers == 0
    assert [template for _, template in told(a_market)] == ["surrender_returned"]


@pytest.mark.database
def test_a_timer_is_on_record_as_nobody_s(a_market: Market, a_submitted_application: int) -> None:
    a_market.clock.set(REMIND)
    sweep(a_market.ctx)
    assert a_market.rows(
        "SELECT kind, person_id, account_id, role, at FROM workflow.decision WHERE version = 2"
    ) == [("timer", None, None, "system", REMIND)]


def many_due(market: Market, count: int) -> list[int]:
    """Drafts of one notice, all due for their reminder, and an outbox line for each."""
    emitter, notice = market.actor("emitter"), market.notice()
    found = [market.begin(emitter, notice, lines(**{PE21: 5}), submit=False) for _ in range(count)]
    market.clock.set(REMIND)
    return found


@pytest.mark.database
def test_two_sweepers_at_once_do_each_item_once(
    a_market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered: list[str] = []

    def deliver(_ctx: Context, _kind: str, payload: str, _line: int) -> None:
        delivered.append(payload)

    monkeypatch.setattr(sweeping, "deliver", deliver)
    many_due(a_market, 12)
    answers = at_once(*[lambda: sweep(a_market.ctx)] * 3)
    assert errors(answers) == []
    sweep(a_market.ctx)
    assert sum(swept.timers for swept in answers) == 12
    assert len(told(a_market)) == 12
    assert (
        a_market.rows(
            "SELECT instance_id, count(*) FROM workflow.decision GROUP BY 1 HAVING count(*) > 1"
        )
        == []
    )
    assert len(delivered) == len(set(delivered)) == 12
    assert a_market.rows("SELECT count(*) FROM workflow.outbox WHERE done_at IS NULL") == [(0,)]


@pytest.mark.database
def test_an_instance_whose_timer_fails_is_stuck_and_blocks_nobody(
    a_market: Market, caplog: pytest.LogCaptureFixture
) -> None:
    first, second, third = many_due(a_market, 3)
    a_market.change("UPDATE workflow.instance SET state = 'broken' WHERE id = %(i)s", i=first)
    a_market.change(
        "UPDATE workflow.instance SET wake_at = %(w)s WHERE id = %(i)s",
        i=first,
        w=REMIND - timedelta(hours=1),
    )
    with caplog.at_level(logging.CRITICAL):
        swept = sweep(a_market.ctx)
    assert (swept.timers, swept.failed) == (2, 1)
    assert a_market.instance(first)["stuck"]
    assert [a_market.instance(i)["stuck"] for i in (second, third)] == ["", ""]
    assert sweep(a_market.ctx).failed == 0


@pytest.mark.database
def test_a_line_that_cannot_be_delivered_is_tried_again_later_and_then_left_to_an_operator(
    a_market: Market, a_submitted_application: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "DELIVERIES", {})
    tried = 0
    for _ in range(GIVE_UP + 3):
        swept = sweep(a_market.ctx)
        tried += swept.failed
        assert sweep(a_market.ctx) == Swept()
        a_market.clock.advance(timedelta(hours=1))
    assert tried == GIVE_UP
    [(attempts, error, done)] = a_market.rows(
        "SELECT attempts, error, done_at FROM workflow.outbox"
    )
    assert (attempts, done) == (GIVE_UP, None)
    assert "KeyError" in error


@pytest.mark.database
def test_without_a_queue_decisions_go_on_and_the_sweep_finds_them(
    a_market: Market, a_province: Actor, a_submitted_application: int
) -> None:
    """The market's REDIS_URL leads nowhere; every test here runs so."""
    a_market.decide(a_province, a_submitted_application, APPROVE)
    assert a_market.rows("SELECT count(*) FROM workflow.outbox WHERE done_at IS NULL") == [(2,)]
    assert sweep(a_market.ctx).delivered == 2
    assert a_market.rows("SELECT count(*) FROM workflow.outbox WHERE done_at IS NULL") == [(0,)]


@pytest.mark.database
def test_a_decision_rings_the_queue_and_the_worker_delivers(
    a_market: Market, redis_url: str, a_notice: int, an_emitter: Actor
) -> None:
    from redis import Redis
    from rq import Queue
    from rq.serializers import JSONSerializer

    from app.services.queue import JOB, NAME
    from tests.services.market import context

    ctx = context(a_market.database, a_market.clock, REDIS_URL=redis_url)
    ringing = Market(a_market.database, ctx, a_market.clock, a_market.holders)
    ringing.begin(an_emitter, a_notice, lines(**{PE21: 5}))
    with Redis.from_url(redis_url) as connection:
        jobs = Queue(NAME, connection=connection, serializer=JSONSerializer).jobs
    assert [job.func_name for job in jobs] == [JOB]
    ctx.database.dispose()
    ctx.bell._redis.close()


def _worker(market: Market, *, failpoint: str = "", command: str = "sweep") -> int:
    env = {
        "DATABASE_URL": market.database.app_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": "for the tests of the worker only, not secret",
        "REGISTRY_ENV": "test",
        "REGISTRY_FAILPOINT": failpoint,
    }
    return forked.run([command], env, 60).returncode


@pytest.mark.parametrize(
    "failpoint", ["timer_fired:2", "outbox_delivered:2", "before_commit:3", "after_commit:2"]
)
def test_a_worker_killed_in_the_middle_of_a_sweep_loses_nothing_and_repeats_nothing(
    a_market: Market, failpoint: str, an_emitter: Actor
) -> None:
    """The worker's own clock is today's, years after the reminders were due."""
    many_due(a_market, 4)
    a_market.begin(an_emitter, a_market.notice(year=2022), lines(**{PE21: 5}))
    a_market.begin(
        an_emitter, a_market.rows("SELECT min(id) FROM compliance.notice")[0][0], lines(**{PE21: 5})
    )
    assert _worker(a_market, failpoint=failpoint) == -9
    assert _worker(a_market) == 0
    assert (
        a_market.rows(
            "SELECT id, stuck FROM workflow.instance WHERE wake_at IS NOT NULL OR stuck <> ''"
        )
        == []
    )
    reminders = a_market.rows(
        "SELECT instance_id, template, count(*) FROM workflow.notification"
        " GROUP BY 1, 2 HAVING count(*) > 2 OR (count(*) > 1 AND template LIKE '%%draft%%')"
    )
    assert reminders == []
    assert len({i for (i,) in a_market.rows("SELECT instance_id FROM workflow.notification")}) >= 4
    assert a_market.rows("SELECT count(*) FROM workflow.outbox WHERE done_at IS NULL") == [(0,)]
    assert verify(a_market.ctx.database).ok


@pytest.mark.database
def test_nothing_is_stuck_because_the_database_was_away(
    a_market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session is cut while the step is under way."""
    import psycopg2

    [first] = many_due(a_market, 1)

    def cut(*_args: object) -> None:
        a_market.change(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    monkeypatch.setattr(sweeping, "reached", cut)
    with pytest.raises(psycopg2.Error):
        sweep(a_market.ctx)
    monkeypatch.undo()
    assert a_market.instance(first)["stuck"] == ""
    assert sweep(a_market.ctx).timers == 1
