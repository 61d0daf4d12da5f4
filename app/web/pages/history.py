"""An auditor's search of all applications and their histories, read-only (S37, ui 06)."""

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from app.domain.label import Label
from app.services import records
from app.web.pages.records import file_of, narrowed_now, shown
from app.web.visitor import context, only

pages = Blueprint("history", __name__, url_prefix="/history")
TITLE = Label("流程历史", "Process history")


@pages.get("")
def index() -> str:
    """Search applications by number, holder or member number."""
    who, narrowed = only("auditor"), narrowed_now()
    found = records.listed(
        context(), who, None, narrowed, request.args.get("sort", ""), request.args.get("cursor")
    )
    return render_template("records/history.html", **shown(found, None, narrowed, "history.export"))


@pages.get("/file.<form>")
def export(form: str) -> Response:
    """Return all that was found as a file."""
    only("auditor")
    return file_of(None, TITLE, form)
