"""The first page: what a person of each role needs first (part H, ui 04)."""

from flask import Blueprint, render_template

from app.services import holdings, inbox, messages, progress, records
from app.services.inbox import Filters
from app.web.menu import HOLDERS, WORKERS
from app.web.visitor import actor, context

pages = Blueprint("overview", __name__)
FEW = 6


@pages.get("/home")
def index() -> str:
    """Show notices, to-dos, drafts and holdings, as far as the role has them."""
    ctx, who = context(), actor()
    waiting = inbox.page(ctx, who, Filters())
    return render_template(
        "overview/index.html",
        notices=progress.own_notices(ctx, who) if who.role == "emitter" else [],
        progress=progress.progress(ctx, who) if who.role == "provincial_authority" else None,
        waiting=waiting.entries[:FEW],
        counts=waiting.counts,
        works=waiting.counts.total > 0 or who.role in WORKERS,
        drafts=records.drafts(ctx, who, FEW),
        notifications=messages.unread(ctx, who, FEW),
        holdings=holdings.holding(ctx, who) if who.role in HOLDERS else None,
    )
