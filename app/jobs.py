"""The queue: what the worker does after a commit, and the sweep that loses nothing.

Redis is told after a commit that something is due; if it is not told, or forgets, the next
sweep finds it in PostgreSQL. Jobs carry no data and are safe to run twice.
"""

import logging
import time
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from app.bootstrap import build
from app.config import settings_from
from app.services.context import Context
from app.services.sweep import sweep

log = logging.getLogger(__name__)
QUEUE = "registry"
PAUSE = 5  # seconds between sweeps when nothing is queued
_context: Context | None = None


def queue(redis_url: str) -> Queue:
    """Return the registry's queue; its jobs are JSON, never pickles."""
    return Queue(QUEUE, connection=Redis.from_url(redis_url), serializer=JSONSerializer)


def due() -> dict[str, Any]:
    """Do what is due; the job that web processes enqueue after a commit."""
    swept = sweep(_shared_context())
    return {"timers": swept.timers, "delivered": swept.delivered, "failed": swept.failed}


def tell(redis_url: str) -> None:
    """Tell the queue that something is due; a queue that is away is not an error."""
    try:
        queue(redis_url).enqueue("app.jobs.due", result_ttl=60, failure_ttl=86400)
    except RedisError as error:
        log.warning("the queue is away, the next sweep will do it: %s", error)


def work(*, burst: bool = False) -> None:
    """Run the worker: queued jobs as they come, a sweep at least every few seconds."""
    settings = settings_from()
    _shared_context()
    while True:
        try:
            worker = SimpleWorker(
                [QUEUE],
                connection=Redis.from_url(settings.redis_url),
                serializer=JSONSerializer,
            )
            worker.work(burst=True, logging_level="WARNING")
        except RedisError as error:
            log.warning("the queue is away: %s", error)
        due()
        if burst:
            return
        time.sleep(PAUSE)


def _shared_context() -> Context:
    """Return the one context of this worker process."""
    global _context  # noqa: PLW0603 - one per process, made when first needed
    if _context is None:
        _context = build(settings_from())
    return _context
