"""Every error a user can meet, mapped to HTTP once: a page in the look of the registry, or JSON.

A page says what happened, whether data changed, and what to do next. A fault has a number that
stands in the log too.
"""

import secrets
from dataclasses import dataclass, field

import psycopg2
import sqlalchemy.exc
import structlog
from flask import Flask, Response, jsonify, render_template, request
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.sansio.response import Response as WsgiResponse

from app.certificates.fonts import FontMissing
from app.domain.errors import Conflict, Forbidden, Invalid, NotFound, RegistryError
from app.domain.label import Label
from app.web.error_texts import EXPIRED, FAULT, NOT_SHOWN, SENTENCES, TITLES, UNREADABLE
from app.web.health import FAULTS
from app.web.limits import seconds_to_wait
from app.web.machines import for_machines

log = structlog.get_logger("registry.web")

STATUS: tuple[tuple[type[RegistryError], int], ...] = (
    (NotFound, 404),
    (Forbidden, 403),
    (Conflict, 409),
    (Invalid, 422),
    (FontMissing, 503),
    (RegistryError, 400),
)


@dataclass(frozen=True)
class Answer:
    """What an error says, before it becomes a page or JSON."""

    status: int
    sentence: Label
    code: str = ""
    title: Label | None = None
    fault: str = ""
    findings: tuple[object, ...] = ()
    fields: dict[str, Label] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


def answer_errors(app: Flask) -> None:
    """Register the handlers; the most special one wins."""
    app.register_error_handler(RegistryError, _registry)
    app.register_error_handler(CSRFError, lambda _: respond(Answer(400, EXPIRED, "expired")))
    app.register_error_handler(RateLimitExceeded, lambda _: _too_many())
    app.register_error_handler(HTTPException, _http)
    for away in (
        psycopg2.OperationalError,
        psycopg2.InterfaceError,
        sqlalchemy.exc.OperationalError,
    ):
        app.register_error_handler(away, _unavailable)
    for unreadable in (psycopg2.DataError, sqlalchemy.exc.DataError):
        app.register_error_handler(unreadable, _unreadable)
    app.register_error_handler(Exception, _fault)


def status_of(error: RegistryError) -> int:
    """Return the HTTP status of an error of the registry."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


def respond(answer: Answer) -> Response:
    """Return the answer as JSON to a machine, as a page to a person."""
    response = jsonify(_json(answer)) if wants_json() else Response(_page(answer))
    response.status_code = answer.status
    response.headers.extend(answer.headers)
    return response


def wants_json() -> bool:
    """Return whether the asker is a machine."""
    return for_machines(request.path)


def _registry(error: RegistryError) -> Response:
    findings = getattr(error, "findings", ())
    fields = getattr(error, "fields", {})
    return respond(
        Answer(
            status_of(error),
            error.message,
            type(error).__name__,
            findings=tuple(findings),
            fields=dict(fields),
            facts=error.facts,
        )
    )


def _http(error: HTTPException) -> Response | WsgiResponse:
    status = error.code or 500
    if status >= 500:
        return _fault(error)
    if status < 400:
        return error.get_response()
    headers = {}
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        headers["Allow"] = ", ".join(sorted(allowed))
    return respond(Answer(status, SENTENCES.get(status, SENTENCES[400]), headers=headers))


def _too_many() -> Response:
    wait = seconds_to_wait()
    minutes = -(-wait // 60)
    sentence = Label(
        f"尝试次数太多，请在 {minutes} 分钟后再试。",
        f"Too many attempts; try again in {minutes} minute{'s' if minutes > 1 else ''}.",
    )
    return respond(Answer(429, sentence, "TooMany", headers={"Retry-After": str(wait)}))


def _unreadable(error: Exception) -> Response:
    log.warning("value out of range", exc_info=error)
    return respond(Answer(400, UNREADABLE))


def _unavailable(error: Exception) -> Response:
    return _faulty(error, 503, {"Retry-After": "10"})


def _fault(error: Exception) -> Response:
    return _faulty(error, 500, {})


def _faulty(error: Exception, status: int, headers: dict[str, str]) -> Response:
    """Log the error under a number that the user can tell the helpdesk."""
    digits = secrets.token_hex(4).upper()
    number = f"{digits[:4]}-{digits[4:]}"
    FAULTS.inc()
    log.error("fault", fault=number, endpoint=request.endpoint, exc_info=error)
    return respond(Answer(status, FAULT, "Fault", fault=number, headers=headers))


def _json(answer: Answer) -> dict[str, object]:
    body: dict[str, object] = {
        "status": answer.status,
        "code": answer.code or str(answer.status),
        "message": {"zh": answer.sentence.zh, "en": answer.sentence.en},
    }
    if answer.fault:
        body["fault"] = answer.fault
    if answer.findings:
        body["findings"] = [f.as_json() for f in answer.findings]  # type: ignore[attr-defined]
    if answer.fields:
        body["fields"] = {k: {"zh": v.zh, "en": v.en} for k, v in answer.fields.items()}
    return body


def _page(answer: Answer) -> str:
    return render_template(
        "errors/part.html" if request.headers.get("HX-Request") else "errors/page.html",
        answer=answer,
        title=answer.title or _title(answer.status),
    )


def _title(status: int) -> Label:
    """Return what happened; an address that was only read did not submit anything."""
    if status == 422 and request.method == "GET":
        return NOT_SHOWN
    return TITLES.get(status, TITLES[400])
