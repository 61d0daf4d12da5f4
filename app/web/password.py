"""Change one's password (M6, F4), and set the first one with a one-time link (M2)."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.domain.errors import Invalid
from app.domain.label import Label
from app.services import passwords
from app.web.limits import ENROLMENTS, PER_MEMBER, limiter, signed_in_person
from app.web.public import public
from app.web.visitor import context, who

pages = Blueprint("password", __name__)


@pages.get("/password")
def change() -> str:
    """Show the form."""
    return _form({})


@pages.post("/password")
@limiter.limit(PER_MEMBER, key_func=signed_in_person)
def submit() -> Response | tuple[str, int]:
    """Replace the password; a stolen session may not try old passwords without end."""
    given = request.form
    try:
        passwords.change_password(
            context(),
            who().session,
            given.get("old_password", ""),
            given.get("new_password", ""),
            given.get("again", ""),
        )
    except Invalid as refusal:
        return _form(refusal.fields), 422
    flash(_("密码已修改。您在其他设备上的登录已退出。"))
    return redirect(url_for("account.show"))


def _form(errors: dict[str, Label]) -> str:
    return render_template("password/change.html", errors=errors)


@pages.get("/enrol/<token>")
@public
@limiter.limit(ENROLMENTS)
def enrolment(token: str) -> str:
    """Show the form of a one-time link; a used or expired one is not found."""
    return _enrolment(token, {})


@pages.post("/enrol/<token>")
@public
@limiter.limit(ENROLMENTS)
def enrol(token: str) -> Response | tuple[str, int]:
    """Set the password; the link is used up."""
    given = request.form
    try:
        passwords.enrol(context(), token, given.get("new_password", ""), given.get("again", ""))
    except Invalid as refusal:
        return _enrolment(token, refusal.fields), 422
    flash(_("密码已设置，请登录。"))
    return redirect(url_for("sign_in.form"))


def _enrolment(token: str, errors: dict[str, Label]) -> str:
    member_no, name = passwords.who_enrols(context(), token)
    return render_template(
        "password/enrol.html", errors=errors, token=token, member_no=member_no, name=name
    )
