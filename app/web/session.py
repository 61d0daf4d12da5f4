"""The session cookie: who a request comes from, leaving, and acting for another account."""

from flask import Blueprint, Flask, current_app, flash, g, redirect, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.domain.errors import NotFound
from app.identity.sessions import ABSOLUTE
from app.services import sign_in as service
from app.services.entering import Entered
from app.web.health import SIGN_INS
from app.web.machines import for_machines
from app.web.public import is_public
from app.web.returning import this_page
from app.web.visitor import Visitor, context, security_of, who

COOKIE = "registry_session"
LONGEST_TOKEN = 200

pages = Blueprint("session", __name__)


def require_sign_in(app: Flask) -> None:
    """Load the visitor before every request; what is not public needs one."""

    @app.before_request
    def _load() -> Response | None:
        if request.endpoint == "static" or for_machines(request.path):
            return None
        g.visitor = _visitor()
        if g.visitor or is_public(current_app, request.endpoint):
            return None
        return _to_sign_in()

    app.register_blueprint(pages)


def _visitor() -> Visitor | None:
    token = request.cookies.get(COOKIE, "")
    if not 0 < len(token) <= LONGEST_TOKEN:
        return None
    ctx = context()
    found = service.signed_in(ctx, token)
    return Visitor(found, security_of(found, ctx.clock.now())) if found else None


def _to_sign_in() -> Response:
    """Send to the sign-in page, and back afterwards; a part of a page sends the whole page."""
    target = url_for("sign_in.form", next=this_page() or None)
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": url_for("sign_in.form")})
    return redirect(target)


def forget(page: str) -> Response:
    """Answer with a page, and let the browser forget a session that is over."""
    response = Response(page, content_type="text/html; charset=utf-8")
    response.delete_cookie(COOKIE, path="/")
    return response


def remember(response: Response, token: str) -> Response:
    """Put a new session into the browser; what the browser held before is forgotten."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(ABSOLUTE.total_seconds()),
        secure=context().settings.cookie_secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response


def enter(outcome: Entered, next_page: str) -> Response:
    """Begin the session in the browser, and say so where it ended another."""
    SIGN_INS.labels("SignedIn").inc()
    response = remember(redirect(next_page or url_for("home.index")), outcome.token)
    if outcome.ended_other:
        flash(_("每个会员编号同时只能在一处登录，您在另一处的登录已结束。"), "warn")
    return response


@pages.post("/sign-out")
def sign_out() -> Response:
    """End the session on the server and in the browser."""
    service.sign_out(context(), who().session)
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    response = redirect(url_for("sign_in.form", left=1))
    response.delete_cookie(COOKIE, path="/")
    return response


@pages.get("/session/keep")
def keep() -> Response:
    """Answer that the session is alive; asking kept it so."""
    return Response(status=204)


@pages.post("/session/act-for")
def act_for() -> Response:
    """Act for another account; the next page is the home of that role."""
    given = request.form.get("mandate", "")
    if not given.isascii() or not given.isdigit() or len(given) > 18:
        raise NotFound
    service.act_for(context(), who().session, int(given))
    flash(_("已切换账户。"))
    return redirect(url_for("home.index"))
