"""消息: what the organisation was told inside the registry, read and unread (G31)."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.services import messages
from app.web.pages.typed import one_of
from app.web.visitor import actor, context

pages = Blueprint("messages", __name__, url_prefix="/messages")


@pages.get("")
def index() -> str:
    """List the messages, the newest first."""
    only_unread = one_of("show", ("unread",)) == "unread"
    found = messages.page(context(), actor(), request.args.get("cursor"), only_unread=only_unread)
    return render_template("messages/index.html", found=found, only_unread=only_unread)


@pages.post("/<int:message_id>/read")
def read(message_id: int) -> Response:
    """Put one message away."""
    messages.mark_read(context(), actor(), message_id)
    return redirect(url_for(".index"))


@pages.post("/read")
def read_all() -> Response:
    """Put away what was shown; what has come meanwhile stays unread."""
    newest = request.form.get("newest", "")
    known = int(newest) if newest.isascii() and newest.isdigit() and len(newest) < 19 else 0
    count = messages.mark_all_read(context(), actor(), known)
    flash(_("已将 %(n)s 条消息标为已读。", n=count))
    return redirect(url_for(".index"))
