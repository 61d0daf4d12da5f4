"""A province's year: emitters, notices, what is surrendered; issuing a notice (M40, R27)."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal, InvalidOperation

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.domain.clock import BEIJING
from app.domain.errors import Conflict, Invalid
from app.domain.label import Label
from app.domain.offset_rule import OffsetRule
from app.services import notices as issuing
from app.services import progress
from app.services.notices import NoticeRequest, Year
from app.web.pages.typed import search_text, whole
from app.web.visitor import context, only

pages = Blueprint("notices", __name__, url_prefix="/notices")
LONGEST_DOCUMENT = 100
LATEST = 5  # years after its own that a notice may be due
OBLIGATION = Label("应履约量", "Obligation")


@pages.get("")
def index() -> str:
    """List the province's emitters of a year with obligation, pending and surrendered."""
    who = only("provincial_authority")
    year = request.args.get("year", type=int)
    found = progress.progress(context(), who, year, search_text(), request.args.get("cursor"))
    return render_template("notices/index.html", progress=found, search=search_text())


@pages.route("/issue/<int:emitter_id>", methods=["GET", "POST"])
def issue(emitter_id: int) -> str | Response | tuple[str, int]:
    """Issue a notice to one emitter; deadline and CCER rule are those of the year unless typed."""
    ctx, who = context(), only("provincial_authority")
    emitter = progress.emitter(ctx, who, emitter_id)
    years = progress.years(ctx)
    errors: dict[str, Label] = {}
    message: Label | None = None
    if request.method == "POST":
        try:
            issuing.issue(ctx, who, _request(emitter_id, years))
        except Invalid as refused:
            errors, message = refused.fields, refused.message
        except Conflict as refused:
            message = refused.message
        else:
            flash(_("操作成功！已向 %(name)s 下达履约通知书。", name=emitter.name.zh))
            return redirect(url_for(".index"))
    page = render_template(
        "notices/issue.html",
        emitter=emitter,
        years=years,
        errors=errors,
        message=message,
        typed=request.form,
    )
    return (page, 422) if message else page


def _request(emitter_id: int, years: list[Year]) -> NoticeRequest:
    year = _year(years)
    rule = replace(year.ccer_rule, rate=_rate(year.ccer_rule))
    return NoticeRequest(
        emitter_id=emitter_id,
        year=year.year,
        obligation=whole(request.form.get("obligation", ""), "obligation", OBLIGATION, 1),
        document_number=_document(),
        deadline=_deadline(year),
        ccer_rule=rule,
    )


def _year(years: list[Year]) -> Year:
    given = request.form.get("year", "")
    found = next((year for year in years if str(year.year) == given), None)
    if found is None:
        raise _wrong("year", "请选择履约年度。", "Choose a compliance year.")
    return found


def _rate(rule: OffsetRule) -> Decimal:
    """Return the CCER rate; typed in percent, as people say it."""
    given = request.form.get("ccer_rate", "").strip()
    if not given:
        return rule.rate
    try:
        rate = Decimal(given) / 100
    except InvalidOperation:
        rate = Decimal(-1)
    if not rate.is_finite() or not 0 <= rate <= 1:
        raise _wrong(
            "ccer_rate",
            "CCER 抵消比例须在 0 至 100 之间。",
            "The CCER rate lies between 0 and 100.",
        )
    return rate


def _deadline(year: Year) -> datetime:
    """Return the deadline typed in Beijing time, or the year's."""
    given = request.form.get("deadline", "").strip()
    if not given:
        return year.deadline
    try:
        typed = datetime.fromisoformat(given).replace(tzinfo=BEIJING)
    except ValueError:
        typed = None
    if typed is None or not year.year <= typed.year <= year.year + LATEST:
        raise _wrong(
            "deadline",
            f"截止时间写作 {year.year + 1}-12-31T17:00，且在 {LATEST} 年之内。",
            f"Write the deadline as {year.year + 1}-12-31T17:00, within {LATEST} years.",
        )
    return typed


def _document() -> str:
    given = request.form.get("document_number", "").strip()
    if len(given) > LONGEST_DOCUMENT:
        raise _wrong(
            "document_number",
            "文号最多 100 个字。",
            "A document number has at most 100 characters.",
        )
    return given


def _wrong(name: str, zh: str, en: str) -> Invalid:
    return Invalid(zh, en, fields={name: Label(zh, en)})
