"""The worker as it runs: rung by the queue, and without a queue by its own sweep."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.identity.actor import Actor
from ops.redis import Redis
from tests.postgres import ROOT
from tests.services.market import PE21, Market, context, lines
from tests.services.rehearsals import REGISTRY


@pytest.fixture
def a_redis(tmp_path: Path) -> Iterator[Redis]:
    """A Redis of this test alone: it will be stopped."""
    server = Redis(tmp_path / "redis")
    server.start()
    yield server
    server.stop()


@contextmanager
def a_worker(market: Market, redis_url: str, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": market.database.app_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "for the tests of the worker only, not secret",
        "REGISTRY_ENV": "test",
    }
    with log.open("ab") as file:
        worker = subprocess.Popen(
            [*REGISTRY, "worker"],
            env=env,
            cwd=ROOT,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        yield worker
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()


def undelivered(market: Market) -> int:
    [(count,)] = market.rows("SELECT count(*) FROM workflow.outbox WHERE done_at IS NULL")
    return int(count)


def soon(true: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.1)


def test_a_worker_that_was_killed_and_a_queue_that_is_away_lose_nothing(
    a_market: Market, an_emitter: Actor, a_redis: Redis, tmp_path: Path
) -> None:
    a_market.clock.set(datetime.now(UTC))
    ctx = context(a_market.database, a_market.clock, REDIS_URL=a_redis.url())
    ringing = Market(a_market.database, ctx, a_market.clock, a_market.holders)
    notice, log = a_market.notice(), tmp_path / "worker.log"
    form = lines(**{PE21: 5})

    with a_worker(a_market, a_redis.url(), log):
        ringing.begin(an_emitter, notice, form)
        soon(lambda: undelivered(a_market) == 0, log)
    ringing.begin(an_emitter, notice, form)
    assert undelivered(a_market) == 1

    with a_worker(a_market, a_redis.url(), log) as worker:
        soon(lambda: undelivered(a_market) == 0, log)
        a_redis.stop()
        ringing.begin(an_emitter, notice, form)
        soon(lambda: undelivered(a_market) == 0, log)
        assert worker.poll() is None
    assert a_market.rows("SELECT DISTINCT attempts FROM workflow.outbox") == [(0,)]
    ctx.database.dispose()
    ctx.bell._redis.close()
