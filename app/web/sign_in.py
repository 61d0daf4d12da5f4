"""The sign-in page: member number, password, captcha; the certificate comes next (M4, F1, R23)."""

from functools import cache
from io import BytesIO
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.domain.errors import Conflict, Forbidden, RegistryError
from app.identity.sessions import Ended
from app.services import captcha
from app.services import sign_in as service
from app.services.entering import Entered
from app.services.sign_in import WrongCaptcha, WrongSignIn
from app.services.signing.proof import NotHalfway
from app.services.signing.refused import SignatureRefused
from app.web import certificate_step
from app.web.health import SIGN_INS
from app.web.limits import CAPTCHAS, PER_ADDRESS, PER_MEMBER, limiter, typed_member_no
from app.web.origin import origin
from app.web.public import public
from app.web.returning import local_path
from app.web.session import COOKIE, enter, forget
from app.web.visitor import context, visitor

pages = Blueprint("sign_in", __name__)


def _failed(_response: object) -> bool:
    return bool(g.get("sign_in_failed"))


@pages.get("/sign-in")
@public
@limiter.limit(CAPTCHAS)
def form() -> Response | str:
    """Show the form with a new captcha; who is signed in already goes on."""
    if visitor():
        return redirect(local_path(request.args.get("next", "")) or url_for("home.index"))
    ended = service.why_ended(context(), request.cookies.get(COOKIE, ""))
    page = _page(next_page=local_path(request.args.get("next", "")), ended=ended)
    # What a page asks for in the background is read by nobody: it says so again.
    seen = request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    return forget(page) if ended and seen else page


@pages.post("/sign-in")
@public
@limiter.limit(PER_ADDRESS)
@limiter.limit(PER_MEMBER, key_func=typed_member_no, deduct_when=_failed)
def submit() -> Response | tuple[str, int]:
    """Sign in; a refusal shows the form again with a new captcha and keeps the member number."""
    next_page = local_path(request.form.get("next", ""))
    try:
        outcome = service.sign_in(context(), request.form, request.remote_addr or "", origin())
    except (WrongCaptcha, WrongSignIn, SignatureRefused, Forbidden, Conflict, NotHalfway) as no:
        g.sign_in_failed = isinstance(no, WrongSignIn | SignatureRefused)
        SIGN_INS.labels(type(no).__name__).inc()
        return _page(
            refusal=no,
            member_no=request.form.get("member_no", "").strip(),
            next_page=next_page,
        ), 403 if isinstance(no, Forbidden) else 422
    if isinstance(outcome, Entered):
        return enter(outcome, next_page)
    chosen = service.medium(context(), request.form)
    return certificate_step.go_on(outcome.token, next_page, chosen)


@pages.post("/sign-in/captcha")
@public
@limiter.limit(CAPTCHAS)
def another() -> str:
    """Show another captcha: only its part to a script, else the form with what was typed."""
    if request.headers.get("HX-Request"):
        return render_template("sign_in/captcha.html", **_captcha())
    return _page(
        member_no=request.form.get("member_no", "").strip(),
        next_page=local_path(request.form.get("next", "")),
    )


@pages.get("/sign-in/captcha/<token>.png")
@public
@limiter.limit(CAPTCHAS)
def picture(token: str) -> Response:
    """Draw the captcha."""
    answer = captcha.answer_of(context(), token)
    drawn: BytesIO = _painter().generate(answer)
    return Response(drawn.getvalue(), content_type="image/png")


@pages.get("/sign-in/captcha/<token>.wav")
@public
@limiter.limit(CAPTCHAS)
def sound(token: str) -> Response:
    """Speak the captcha, digit by digit."""
    answer = captcha.answer_of(context(), token)
    return Response(bytes(_speaker().generate(answer)), content_type="audio/wav")


@cache
def _painter() -> Any:
    """Return what draws; loaded when the first captcha is asked for."""
    from captcha.image import ImageCaptcha

    return ImageCaptcha(width=132, height=44, font_sizes=(30, 33, 36))


@cache
def _speaker() -> Any:
    """Return what speaks; its voices are read once."""
    from captcha.audio import AudioCaptcha

    return AudioCaptcha()


def _captcha() -> dict[str, object]:
    ctx = context()
    if not ctx.settings.captcha:
        return {"captcha_id": ""}
    token, answer = captcha.new_captcha(ctx)
    # Only a demonstration shows the answer: its people are invented, its passwords public.
    shown = answer if ctx.settings.environment == "demo" else ""
    return {"captcha_id": token, "captcha_answer": shown}


def _page(
    refusal: RegistryError | None = None,
    member_no: str = "",
    next_page: str = "",
    ended: Ended | None = None,
) -> str:
    settings = context().settings
    return render_template(
        "sign_in/form.html",
        refusal=refusal,
        member_no=member_no,
        next_page=next_page,
        left=request.args.get("left"),
        late=request.args.get("late"),
        ended=ended,
        media=settings.signatures and settings.software_signer,
        medium=request.form.get("medium", service.SOFTWARE),
        signatures=settings.signatures,
        **_captcha(),
    )
