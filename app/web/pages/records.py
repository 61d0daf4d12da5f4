"""Submitted applications: an emitter's records (F18), and those an authority has part in."""

from flask import Blueprint, render_template, request

from app.services import records
from app.services.records import Narrowed
from app.web.pages.typed import one_of, search_text
from app.web.visitor import actor, context

pages = Blueprint("records", __name__, url_prefix="/records")
APPLICANTS = frozenset({"emitter", "participant", "project_owner"})


def narrowed_now() -> Narrowed:
    """Return what the address narrows the list to."""
    return Narrowed(search_text(), one_of("status", ("open", "ended")))


@pages.get("")
def index() -> str:
    """List one page of applications, newest first; drafts stand above an applicant's own."""
    ctx, who, narrowed = context(), actor(), narrowed_now()
    own = who.role in APPLICANTS
    listed = records.own if own else records.overseen
    return render_template(
        "records/index.html",
        own=own,
        narrowed=narrowed,
        found=listed(ctx, who, narrowed, request.args.get("cursor")),
        drafts=records.drafts(ctx, who) if own else [],
    )
