"""An auditor's search of all applications and their histories, read-only (S37, ui 06)."""

from flask import Blueprint, render_template, request

from app.services import records
from app.web.pages.records import narrowed_now
from app.web.visitor import context, only

pages = Blueprint("history", __name__, url_prefix="/history")


@pages.get("")
def index() -> str:
    """Search applications by number, holder or member number."""
    who, narrowed = only("auditor"), narrowed_now()
    return render_template(
        "records/history.html",
        narrowed=narrowed,
        found=records.everything(context(), who, narrowed, request.args.get("cursor")),
    )
