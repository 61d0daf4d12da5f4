"""同事留言: what colleagues tell one another about an application; nobody else reads it."""

import secrets
from dataclasses import dataclass

from flask import Blueprint, Flask, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.domain.errors import Invalid
from app.services.claims import may_take_over
from app.services.comments import Comment, comments, say
from app.web.formats import label
from app.web.returning import local_path
from app.web.visitor import actor, context

pages = Blueprint("comments", __name__)


@dataclass(frozen=True, slots=True)
class Talk:
    """What a page shows beside an application; ``once`` is the key of the next comment."""

    comments: list[Comment]
    may_write: bool
    once: str


@pages.post("/applications/<int:instance_id>/comments")
def write(instance_id: int) -> Response:
    """Write a comment and go back to the page it was written on."""
    given = request.form.get("once", "")
    once = f"page:{actor().person_id}:{given}" if given.isalnum() and len(given) < 65 else None
    try:
        say(context(), actor(), instance_id, request.form.get("comment", ""), once)
    except Invalid as refused:
        flash(label(refused.message), "warn")
    else:
        flash(_("留言已保存，仅本单位同事可见。"))
    back = local_path(request.form.get("next", ""))
    return redirect(back or url_for("applications.show", instance_id=instance_id))


def offer_talk(app: Flask) -> None:
    """Let the pages of an application ask for what colleagues wrote, and who may take over."""
    app.jinja_env.globals["talk_about"] = _talk
    app.jinja_env.globals["may_take_over"] = lambda who: may_take_over(context(), actor(), who)


def _talk(instance_id: int) -> Talk | None:
    """Return the talk beside an application; None for who belongs to no party of it."""
    found = comments(context(), actor(), instance_id)
    if found is None:
        return None
    return Talk(found, actor().rights != "read", secrets.token_hex(16))
