"""/healthz for a load balancer, /metrics for Prometheus. Neither tells anything about a person."""

import os
import time

import psycopg2
import redis
import sqlalchemy.exc
from flask import Blueprint, Flask, Response, g, jsonify, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from app.web.metrics_of_lists import lists_of
from app.web.public import public
from app.web.visitor import context

pages = Blueprint("health", __name__)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REQUESTS = Counter("registry_requests_total", "Requests answered", ("method", "endpoint", "status"))
SECONDS = Histogram("registry_request_seconds", "Time to answer", ("endpoint",))
SIGN_INS = Counter("registry_sign_ins_total", "Attempts to sign in", ("outcome",))
FAULTS = Counter("registry_faults_total", "Faults shown to a user, with a fault number")


@pages.get("/healthz")
@public
def healthz() -> tuple[Response, int]:
    """Say whether the database and Redis answer; 503 when the database does not.

    Without Redis the registry goes on: rate limits count per process, jobs wait for the sweeper.
    """
    database, queue = _database_answers(), _redis_answers()
    state = "ok" if database and queue else "degraded" if database else "down"
    words = {True: "ok", False: "down"}
    return (
        jsonify(status=state, database=words[database], redis=words[queue]),
        200 if database else 503,
    )


def _database_answers() -> bool:
    try:
        with context().database.transaction() as tx:
            tx.one("SELECT 1")
    except (psycopg2.Error, sqlalchemy.exc.SQLAlchemyError):
        return False
    return True


def _redis_answers() -> bool:
    url = context().settings.redis_url
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=0.5) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


@pages.get("/metrics")
@public
def metrics() -> Response:
    """Return the counters; of all gunicorn processes where they share a folder."""
    registry: CollectorRegistry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    told = generate_latest(registry) + lists_of(context())
    return Response(told, content_type=CONTENT_TYPE_LATEST)


def measure(app: Flask) -> None:
    """Count and time every request under the name of its page, never under its address."""
    app.register_blueprint(pages)

    @app.before_request
    def _begin() -> None:
        g.measured_from = time.perf_counter()

    @app.after_request
    def _end(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        if endpoint != "static":
            # Anybody may send any word as a method; each would be a series of its own for ever.
            method = request.method if request.method in METHODS else "other"
            REQUESTS.labels(method, endpoint, str(response.status_code)).inc()
            SECONDS.labels(endpoint).observe(
                time.perf_counter() - g.get("measured_from", time.perf_counter())
            )
        return response
