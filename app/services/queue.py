"""Tell the queue, after a commit, that something is due. The queue may be away: nothing is lost.

What is due lies in PostgreSQL; a job carries no data, is safe to run twice, and only makes the
worker look sooner than its next sweep would.
"""

import logging
import time

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

log = logging.getLogger(__name__)
NAME = "registry"
JOB = "app.jobs.due"
PAUSE = 0.5  # seconds: one job serves everything that was committed before it runs


class Bell:
    """Rings for the worker, at most twice a second and without ever failing a request."""

    def __init__(self, redis_url: str) -> None:
        self._redis = Redis.from_url(redis_url, socket_timeout=1, socket_connect_timeout=1)
        self._rung = 0.0

    def queue(self) -> Queue:
        """Return the registry's queue; its jobs are JSON, never pickles."""
        return Queue(NAME, connection=self._redis, serializer=JSONSerializer)

    def ring(self) -> None:
        """Enqueue a look at what is due, unless one was enqueued a moment ago."""
        now = time.monotonic()
        if now - self._rung < PAUSE:
            return
        self._rung = now
        try:
            self.queue().enqueue(JOB, result_ttl=60, failure_ttl=86_400)
        except RedisError as error:
            log.warning("the queue is away, the next sweep will do it: %s", error)
