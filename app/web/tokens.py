"""我的 API 令牌: make one, see it once, list them, revoke."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.domain.errors import Invalid
from app.identity.tokens import SCOPES, scopes_open_to
from app.services import tokens as service
from app.web.visitor import context, who

pages = Blueprint("tokens", __name__)

PERIODS = (30, 90, 180, 365)  # days on offer


@pages.get("/account/tokens")
def show() -> str:
    """List the person's own tokens, with the form for a new one."""
    return _page()


@pages.post("/account/tokens")
def make() -> str | tuple[str, int]:
    """Make a token and show it on this answer, the only time."""
    person, given = who(), request.form
    days = given.get("days", "")
    try:
        token = service.make_token(
            context(),
            person.actor,
            person.session.mandate_id,
            given.get("name", ""),
            given.getlist("scopes"),
            int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0,
        )
    except Invalid as refusal:
        return _page(errors=refusal.fields), 422
    return _page(token=token)


@pages.post("/account/tokens/<int:token_id>/revoke")
def revoke(token_id: int) -> Response:
    """Revoke a token; it stops working at once."""
    service.revoke(context(), who().actor, token_id)
    flash(_("令牌已撤销，立即失效。"))
    return redirect(url_for("tokens.show"))


def _page(**more: object) -> str:
    ctx, actor = context(), who().actor
    return render_template(
        "tokens/show.html",
        tokens=service.my_tokens(ctx, actor),
        scopes=SCOPES,
        open_scopes=scopes_open_to(actor),
        periods=PERIODS,
        given=request.form,
        **{"errors": {}, "token": "", **more},
    )
