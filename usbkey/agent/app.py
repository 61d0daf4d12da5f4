"""The agent's web application: what every request must satisfy before any page looks at it."""

import logging
from http import HTTPStatus

from flask import Flask, Response, g, jsonify, make_response, request
from werkzeug.exceptions import HTTPException

from usbkey.agent import api, window
from usbkey.agent.agent import Agent, join, present
from usbkey.agent.origins import require_this_machine
from usbkey.agent.problem import problem_of
from usbkey.agent.refusals import Refused
from usbkey.errors import UsbkeyError

MIB = 1024 * 1024
LARGEST_BODY = 16 * MIB  # 500 documents
LARGEST_FORM = 16 * 1024
DAY = "86400"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; form-action 'self'; "
    "connect-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)
API_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: browsers would then send "Origin: null" from the window's own form.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

log = logging.getLogger("usbkey.agent")


def application(agent: Agent) -> Flask:
    """Return the web application of an agent."""
    app = Flask("usbkey.agent", static_folder="static", template_folder="templates")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    join(app, agent)
    app.before_request(_admit)
    app.after_request(_strict)
    app.register_error_handler(Exception, _refuse)
    app.register_blueprint(api.pages)
    app.register_blueprint(window.pages)
    return app


def _admit() -> Response | None:
    """Check Host, origin and form of a request; answers the browser's preflight itself."""
    agent = present()
    require_this_machine(request.headers.get("Host"), agent.port)
    if not _asks_the_api():
        _admit_to_window(agent)
        return None
    g.origin = agent.origins.require(request.headers.get("Origin"))
    if request.method == "OPTIONS":
        return _preflight()
    if request.method == "POST" and request.headers.get("Content-Type") != "application/json":
        raise Refused("media_type")
    return None


def _admit_to_window(agent: Agent) -> None:
    """A window opens by navigation alone, and only its own page presses its buttons."""
    request.max_content_length = LARGEST_FORM
    if request.headers.get("Sec-Purpose") or request.headers.get("Purpose"):
        raise Refused("window")
    if request.method in {"GET", "HEAD"}:
        if request.endpoint != "static" and not _navigates():
            raise Refused("window")
        return
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if request.headers.get("Origin") not in _own(agent) or site != "same-origin":
        raise Refused("forged")


def _navigates() -> bool:
    """Whether the browser opens a window; browsers too old to say so are believed."""
    mode = request.headers.get("Sec-Fetch-Mode", "navigate")
    return mode == "navigate" and request.headers.get("Sec-Fetch-Dest", "document") == "document"


def _own(agent: Agent) -> set[str]:
    return {f"http://{request.host}"} & {agent.address, f"http://localhost:{agent.port}"}


def _asks_the_api() -> bool:
    return request.path == "/v1" or request.path.startswith("/v1/")


def _preflight() -> Response:
    answer = make_response("", HTTPStatus.NO_CONTENT)
    answer.headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE"
    answer.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
    answer.headers["Access-Control-Max-Age"] = DAY
    if request.headers.get("Access-Control-Request-Private-Network") == "true":
        answer.headers["Access-Control-Allow-Private-Network"] = "true"
    return answer


def _strict(answer: Response) -> Response:
    for name, value in HEADERS.items():
        answer.headers[name] = value
    answer.headers["Content-Security-Policy"] = API_POLICY if _asks_the_api() else PAGE_POLICY
    answer.headers["Vary"] = "Origin"
    if "origin" in g:
        answer.headers["Access-Control-Allow-Origin"] = g.origin
    return answer


def _refuse(error: Exception) -> Response:
    """Answer any error in words; a page for a window, JSON for a page of the registry."""
    if isinstance(error, HTTPException):
        code = {404: "not_found", 405: "not_found", 413: "too_large"}.get(error.code or 500, "body")
        error = Refused(code)
    elif not isinstance(error, Refused | UsbkeyError):
        log.error("fault", exc_info=error)
    if not _asks_the_api():
        return window.refused(error)
    problem = problem_of(error)
    answer = jsonify(error=problem.told())
    answer.status_code = problem.status
    return answer
