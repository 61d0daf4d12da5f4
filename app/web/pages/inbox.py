"""The inbox: what waits for one's organisation; claim and release; messages (W2, ui 02)."""

import json
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.domain.errors import Conflict, NotFound
from app.domain.label import Label
from app.services import claims, inbox, messages
from app.services.bulk.select import MOST
from app.services.inbox import Filters
from app.services.to_do import BUCKETS
from app.web.addresses import address
from app.web.formats import label
from app.web.pages.inbox_rows import written
from app.web.pages.typed import one_of, search_text, whole_or_zero
from app.web.returning import way_back
from app.web.shell import messages_counted, todos_counted
from app.web.visitor import actor, context

pages = Blueprint("inbox", __name__, url_prefix="/inbox")
MOST_AT_ONCE = 100
LONGEST_STEP = 200


def filters_now() -> Filters:
    """Return the filters of the address; raises Invalid for a quantity that is none."""
    return Filters(
        step=request.args.get("step", "")[:LONGEST_STEP],
        search=search_text(),
        claimed=one_of("claimed", ("mine", "open", "deputy")),
        visit=one_of("visit", ("first", "again")),
        at_least=whole_or_zero("at_least", Label("数量", "Quantity")),
        due=one_of("due", tuple(BUCKETS)),
    )


def address_with(**changes: str | None) -> str:
    """Return this list's address with some filters changed; the page position starts anew."""
    kept = {k: v for k, v in request.args.items() if k != "cursor" and v} | changes
    chosen = urlencode({k: v for k, v in kept.items() if v})
    return address("inbox.index") + (f"?{chosen}" if chosen else "")


@pages.get("")
def index() -> str:
    """Show one page of what waits, with its filters."""
    ctx, who = context(), actor()
    filters = filters_now()
    found, notifications = inbox.desk(ctx, who, filters, request.args.get("cursor"))
    todos_counted(found.counts.to_do)
    if len(notifications) < messages.SHOWN:
        messages_counted(len(notifications))
    return render_template(
        "inbox/list.html" if request.headers.get("HX-Target") == "tasks" else "inbox/index.html",
        page=found,
        tasks=written(found.entries, who.person_id, named=not filters.step),
        filters=filters,
        buckets=BUCKETS,
        notifications=notifications,
        address_with=address_with,
        one_step="." in filters.step,
        most_in_bulk=MOST,
        all_in_bulk=_all_in_bulk(),
    )


def _all_in_bulk() -> str:
    """Return where all that match the filters of this address are prepared for one conclusion."""
    kept = {k: v for k, v in request.args.items() if k != "cursor" and v}
    return address("bulk.prepare") + "?" + urlencode(kept | {"all": "1"})


@pages.get("/next")
def next_task() -> Response:
    """Go to the task that is due first and that nobody else has claimed, else to the inbox."""
    waiting = inbox.page(context(), actor(), Filters(claimed="open")).entries
    if not waiting:
        return redirect(url_for(".index"))
    first = waiting[0]
    return redirect(url_for("applications.task", instance_id=first.instance_id, key=first.key))


@pages.post("/<int:task_id>/claim")
def claim(task_id: int) -> Response:
    """Take a task for oneself."""
    claims.claim(context(), actor(), task_id)
    return _row_or_back(task_id, _("已认领。"))


@pages.post("/<int:task_id>/release")
def release(task_id: int) -> Response:
    """Give a claimed task back."""
    claims.release(context(), actor(), task_id)
    return _row_or_back(task_id, _("已释放认领。"))


@pages.post("/claim")
def claim_many() -> Response:
    """Take the selected tasks; those that a colleague has are counted and left out."""
    wanted = [
        t for t in request.form.getlist("task") if t.isascii() and t.isdigit() and len(t) < 19
    ]
    taken, left_out = 0, set[Label]()
    for task in wanted[:MOST_AT_ONCE]:
        try:
            claims.claim(context(), actor(), int(task))
            taken += 1
        except (Conflict, NotFound) as refused:
            left_out.add(refused.message)
    for message in sorted(left_out, key=label):
        flash(label(message), "warn")
    flash(_("已认领 %(n)s 项。", n=taken), "ok" if taken else "warn")
    return redirect(way_back("inbox.index"))


@pages.post("/notifications/<int:notification_id>/read")
def read(notification_id: int) -> Response:
    """Put a message away; it stays in the history of its application."""
    messages.mark_read(context(), actor(), notification_id)
    return redirect(way_back("inbox.index"))


def _row_or_back(task_id: int, said: str) -> Response:
    """Return the row alone to htmx, or the page it was pressed on."""
    if request.headers.get("HX-Request"):
        entry = inbox.entry(context(), actor(), task_id)
        found = written([entry], actor().person_id, named=True)
        row = Response(found, mimetype="text/html")
        # Said to a screen reader by app/web/assets/said.js; a header is ASCII, so it is escaped.
        row.headers["HX-Trigger"] = json.dumps({"said": said})
        return row
    flash(said)
    return redirect(way_back("inbox.index"))
