"""Structured logs: one JSON line per request, with a request id and no personal data.

People appear by their id, never by name, number or address; query strings and bodies not at all.
"""

import logging
import re
import secrets
import sys
import time
from typing import TextIO

import structlog
from flask import Flask, Response, g, request

from app.web.visitor import visitor

_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
log = structlog.get_logger("registry.web")


class StandardError(logging.StreamHandler[TextIO]):
    """Writes to the standard error of the moment, which a test or a server may replace."""

    @property
    def stream(self) -> TextIO:
        """Return the stream to write to now."""
        return sys.stderr

    @stream.setter
    def stream(self, _stream: TextIO) -> None:
        """Keep to standard error."""


def set_up_logs(level: str) -> None:
    """Write JSON lines to standard error; the libraries' own messages too."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.dict_tracebacks,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [h for h in root.handlers if not isinstance(h, StandardError)] + [handler]
    root.setLevel(level)


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
            path=request.path[:200],
            status=response.status_code,
            ms=round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
            person_id=found.actor.person_id if found else None,
            account_id=found.actor.account_id if found else None,
        )
        return response
