"""The worker: what is queued as it comes, and a sweep every few seconds that loses nothing."""

import logging
import threading
import time
from dataclasses import asdict
from typing import Any

import psycopg2
import sqlalchemy.exc
from redis import Redis
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from app.bootstrap import build
from app.config import settings_from
from app.services.context import Context
from app.services.queue import NAME
from app.services.signing.fetching import refresh
from app.services.sweep import sweep

log = logging.getLogger(__name__)
PAUSE = 5  # seconds between sweeps
LISTS_EVERY = 600  # seconds between looks at the lists of revoked certificates
_context: Context | None = None
_one_at_a_time = threading.Lock()


def due() -> dict[str, Any]:
    """Do what is due; the job that web processes enqueue after a commit."""
    with _one_at_a_time:
        swept = sweep(shared_context())
    return asdict(swept)


def work(*, burst: bool = False) -> None:
    """Run the worker; with ``burst``, do what is due and stop.

    The sweep has a thread of its own, so that it goes on while Redis is away.
    """
    context = shared_context()
    if burst:
        due()
        refresh(context)
        return
    threading.Thread(target=_sweep_for_ever, name="sweep", daemon=True).start()
    threading.Thread(target=_refresh_for_ever, name="lists", daemon=True).start()
    while True:
        try:
            connection = Redis.from_url(context.settings.redis_url)
            worker = SimpleWorker([NAME], connection=connection, serializer=JSONSerializer)
            worker.work(logging_level="WARNING")
        except RedisError as error:
            log.warning("the queue is away: %s", error)
            time.sleep(PAUSE)
        else:
            return  # asked to stop


def _sweep_for_ever() -> None:
    while True:
        time.sleep(PAUSE)
        try:
            due()
        except psycopg2.Error as error:
            log.warning("the database is away: %s", error)


def _refresh_for_ever() -> None:
    """Get lists of revoked certificates before ours run out; a slow authority holds up nothing."""
    while True:
        try:
            refresh(shared_context())
        except (psycopg2.Error, sqlalchemy.exc.SQLAlchemyError) as error:
            log.warning("the lists of revoked certificates were not looked at: %s", error)
        time.sleep(LISTS_EVERY)


def shared_context() -> Context:
    """Return the one context of this worker process."""
    global _context  # noqa: PLW0603 - one per process, made when first needed
    if _context is None:
        _context = build(settings_from())
    return _context
