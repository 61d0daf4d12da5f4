"""The log of requests: one JSON line per request, with a request id and no personal data.

People appear by their id, never by name, number or address. Of an address only its pattern and
its numbers are written: a one-time link is a secret, and so may be what somebody mistyped.
"""

import re
import secrets
import time

import structlog
from flask import Flask, Response, g, request

from app.web.visitor import visitor

_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
log = structlog.get_logger("registry.web")


def log_requests(app: Flask) -> None:
    """Give every request an id (the caller's, if it sent a plain one) and write one line for it."""

    @app.before_request
    def _begin() -> None:
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if _GIVEN.fullmatch(given) else secrets.token_hex(8)
        g.began = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def _end(response: Response) -> Response:
        response.headers["X-Request-ID"] = g.get("request_id", "")
        if request.endpoint in {"static", "health.healthz", "health.metrics"}:
            return response
        found = visitor()
        log.info(
            "request",
            method=request.method,
            endpoint=request.endpoint,
            route=request.url_rule.rule if request.url_rule else None,
            ids={k: v for k, v in (request.view_args or {}).items() if isinstance(v, int)} or None,
            status=response.status_code,
            ms=round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
            person_id=found.actor.person_id if found else None,
            account_id=found.actor.account_id if found else None,
        )
        return response
