"""等待他方: one's own applications that somebody else has to act on (W2)."""

from urllib.parse import urlencode

from flask import Blueprint, render_template, request

from app.services import waiting
from app.services.waiting import BUCKETS, Filters
from app.web.addresses import address
from app.web.pages.typed import one_of, search_text
from app.web.visitor import actor, context

pages = Blueprint("waiting", __name__)
LONGEST_PROCESS = 100


@pages.get("/inbox/waiting")
def index() -> str:
    """Show one page of what waits for others, the longest waiting first."""
    filters = Filters(
        process=request.args.get("process", "")[:LONGEST_PROCESS],
        due=one_of("due", tuple(BUCKETS)),
        search=search_text(),
    )
    return render_template(
        "inbox/waiting.html",
        page=waiting.page(context(), actor(), filters, request.args.get("cursor")),
        filters=filters,
        buckets=BUCKETS,
        address_with=_address_with,
    )


def _address_with(**changes: str | None) -> str:
    kept = {k: v for k, v in request.args.items() if k != "cursor" and v} | changes
    chosen = urlencode({k: v for k, v in kept.items() if v})
    return address("waiting.index") + (f"?{chosen}" if chosen else "")
