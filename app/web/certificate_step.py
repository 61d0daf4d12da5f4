"""The second page of signing in: choose the certificate, sign with the USBKey (M4, R23, W2).

Between the two pages the browser keeps a token that opens this page and nothing else.
"""

from base64 import b64encode
from hashlib import sha256

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.domain.errors import Conflict, Forbidden, RegistryError
from app.services import sign_in as service
from app.services.entering import Entered
from app.services.signing import proof
from app.services.signing.proof import CodesNeeded, NotHalfway, Shown
from app.services.signing.refused import SignatureRefused
from app.web.health import SIGN_INS
from app.web.limits import CAPTCHAS, PER_ADDRESS, PER_MEMBER, limiter
from app.web.origin import origin
from app.web.public import public
from app.web.returning import local_path
from app.web.session import LONGEST_TOKEN, enter
from app.web.visitor import context

COOKIE = "registry_pending"
PATH = "/sign-in"

pages = Blueprint("certificate_step", __name__)


def go_on(token: str, next_page: str, medium: str) -> Response:
    """Send to this page after the password; nobody is signed in yet."""
    answer = redirect(url_for("certificate_step.form", next=next_page or None, medium=medium))
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(proof.HALFWAY.total_seconds()),
        secure=context().settings.cookie_secure,
        httponly=True,
        samesite="Strict",
        path=PATH,
    )
    return answer


@pages.get("/sign-in/certificate")
@public
@limiter.limit(CAPTCHAS)
def form() -> Response | str:
    """Show what is to be signed; who has not shown a password begins at the beginning."""
    try:
        return _page()
    except NotHalfway:
        return _begin_again()


def _failed(_response: object) -> bool:
    return bool(g.get("sign_in_failed"))


def _halfway() -> str:
    """Limit failures by what the browser keeps: each such token costs a password and a captcha."""
    return "halfway:" + sha256(_token().encode("utf-8", "replace")).hexdigest()


@pages.post("/sign-in/certificate")
@public
@limiter.limit(PER_ADDRESS)
@limiter.limit(PER_MEMBER, key_func=_halfway, deduct_when=_failed)
def prove() -> Response | tuple[str, int]:
    """Sign in with what was signed; a refusal says its number and shows the page again."""
    try:
        outcome = _proved()
    except NotHalfway:
        return _begin_again()
    except (CodesNeeded, SignatureRefused, Forbidden, Conflict) as no:
        g.sign_in_failed = isinstance(no, SignatureRefused)
        SIGN_INS.labels(type(no).__name__).inc()
        try:
            return _page(no), 403 if isinstance(no, Forbidden) else 422
        except NotHalfway:
            return _begin_again()
    response = enter(outcome, local_path(request.form.get("next", "")))
    response.delete_cookie(COOKIE, path=PATH)
    return response


def _proved() -> Entered:
    ctx, ip = context(), request.remote_addr or ""
    if service.medium(ctx, _medium()) == service.SOFTWARE:
        return proof.by_software(ctx, _token(), ip, origin(), request.form)
    return proof.prove(ctx, _token(), Shown.of(request.form), ip, origin())


def _medium() -> dict[str, str]:
    """Return the choice of the page before; without one it is the USBKey."""
    return {"medium": request.values.get("medium", service.USBKEY)}


def _token() -> str:
    token = request.cookies.get(COOKIE, "")
    return token if len(token) <= LONGEST_TOKEN else ""


def _begin_again() -> Response:
    answer = redirect(url_for("sign_in.form", late=1))
    answer.delete_cookie(COOKIE, path=PATH)
    return answer


def _page(refusal: RegistryError | None = None) -> str:
    ctx = context()
    asked = proof.asked(ctx, _token(), origin())
    software = service.medium(ctx, _medium()) == service.SOFTWARE
    return render_template(
        "sign_in/certificate.html",
        asked=asked,
        document=b64encode(asked.document).decode(),
        origin=origin(),
        refusal=refusal,
        codes=isinstance(refusal, CodesNeeded) or software or bool(request.form.get("reference")),
        software=software,
        next_page=local_path(request.values.get("next", "")),
        given=request.form,
    )
