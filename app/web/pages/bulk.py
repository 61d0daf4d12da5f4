"""批量审核: many reviews of one kind with one conclusion, its progress and its report (ui 02)."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.domain.errors import Invalid
from app.domain.label import Label
from app.services.bulk import job as jobs
from app.services.bulk.job import Item
from app.services.bulk.select import MOST, Selection, prepare
from app.services.bulk.signing import Handed, documents_of
from app.web.formats import label, when
from app.web.limits import documents_asked_for
from app.web.pages.documents import answer
from app.web.pages.filled import Filled
from app.web.pages.inbox import filters_now
from app.web.pages.sheets import Cell, Table, sheet
from app.web.pages.typed import values_of
from app.web.returning import way_back
from app.web.signs import session, signatures
from app.web.visitor import actor, context

pages = Blueprint("bulk", __name__, url_prefix="/inbox/bulk")

OUTCOMES = {
    "waiting": Label("等待办理", "Waiting"),
    "decided": Label("已办理", "Decided"),
    "failed": Label("未办理", "Not decided"),
    "stopped": Label("已停止", "Stopped"),
}


@pages.get("")
def index() -> str:
    """Show one's own newest bulk reviews."""
    return render_template("bulk/index.html", jobs=jobs.jobs(context(), actor()))


@pages.post("/prepare", endpoint="prepare")
def choose() -> str | Response:
    """Show the chosen tasks once more, with their checks, and ask for the conclusion."""
    try:
        wanted = filters_now() if request.args.get("all") else None
        selection = prepare(context(), actor(), _chosen(), wanted)
    except Invalid as refused:
        flash(label(refused.message), "warn")
        return redirect(way_back("inbox.index"))
    return _page(selection, Filled(selection.form))


@pages.post("")
def begin() -> Response | tuple[str, int]:
    """Put the chosen tasks on the list to be decided, and show how that goes."""
    ctx, who, chosen = context(), actor(), _chosen()
    try:
        selection = prepare(ctx, who, chosen)
    except Invalid as refused:
        return _pressed_again(refused)
    filled = Filled(selection.form)
    filled.read(values_of(selection.form))
    try:
        handed = Handed(signatures(), session())
        number = jobs.start(ctx, who, chosen, filled.checked(strict=True), _once(), handed)
    except Invalid as refused:
        filled.refuse(refused)
        return _page(selection, filled), 422
    return redirect(url_for(".show", job_id=number))


@pages.post("/documents")
@documents_asked_for
def documents() -> Response:
    """Return a document to be signed for each of the chosen tasks, with the conclusion typed."""
    ctx, who, chosen = context(), actor(), _chosen()
    selection = prepare(ctx, who, chosen)
    filled = Filled(selection.form)
    filled.read(values_of(selection.form))
    form = filled.checked(strict=True)
    return answer(documents_of(ctx, who, chosen, form, session()))


@pages.get("/<int:job_id>")
def show(job_id: int) -> str | Response:
    """Show how far a bulk review has come; the page asks again by itself until it is done.

    Then it is loaded anew as a whole: the numbers in its header are others now.
    """
    ctx, who = context(), actor()
    found = jobs.job(ctx, who, job_id)
    part = request.headers.get("HX-Target") == "job"
    if part and found.finished:
        return Response(status=204, headers={"HX-Refresh": "true"})
    return render_template(
        "bulk/progress.html" if part else "bulk/job.html",
        job=found,
        failed=jobs.items(ctx, who, job_id, outcome="failed"),
    )


@pages.post("/<int:job_id>/stop")
def stop(job_id: int) -> Response:
    """Leave undone what has not begun."""
    left = jobs.stop(context(), actor(), job_id)
    flash(_("已停止：%(n)s 项没有办理，已办理的保持有效。", n=left), "warn")
    return redirect(url_for(".show", job_id=job_id))


@pages.get("/<int:job_id>/report.<form>")
def report(job_id: int, form: str) -> Response:
    """Return what became of each task, as a file."""
    found = jobs.items(context(), actor(), job_id)
    heads = [
        _("申请编号"),
        _("申请单位"),
        _("数量（吨）"),
        _("结果"),
        _("原因"),
        _("决定编号"),
        _("时间"),
    ]
    return sheet(Table(_("批量审核") + f"-{job_id}", heads, [_line(item) for item in found]), form)


def _line(item: Item) -> list[Cell]:
    return [
        item.number,
        label(item.holder),
        item.quantity,
        label(OUTCOMES[item.outcome]),
        label(item.reason),
        str(item.decision_id or ""),
        when(item.done_at) if item.done_at else "",
    ]


def _page(selection: Selection, filled: Filled) -> str:
    return render_template(
        "bulk/prepare.html", selection=selection, filled=filled, most=MOST, back=_back()
    )


def _pressed_again(refused: Invalid) -> Response:
    """A second press finds its own job under way; else nothing chosen can be reviewed any more."""
    begun = jobs.begun(context(), actor(), _once())
    if begun is not None:
        return redirect(url_for(".show", job_id=begun))
    flash(label(refused.message), "warn")
    return redirect(url_for("inbox.index"))


def _chosen() -> list[int]:
    given = request.form.getlist("task")
    return [int(t) for t in given if t.isascii() and t.isdigit() and len(t) < 19][:MOST]


def _back() -> str:
    return way_back("inbox.index")


def _once() -> str:
    """The key drawn with the page, so that a second press is the same job."""
    given = request.form.get("once", "")
    if not (16 <= len(given) <= 64 and given.isalnum()):
        raise Invalid("页面已过期，请重新选择。", "The page is too old; choose again.")
    return f"page:{actor().person_id}:{given}"
