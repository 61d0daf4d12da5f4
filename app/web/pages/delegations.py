"""请假委托: name a colleague for the days one is away (账户管理, W2)."""

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.domain.errors import Conflict, Forbidden, Invalid
from app.domain.label import Label
from app.services.delegations import (
    REASON,
    Absence,
    colleagues,
    delegate,
    delegations,
    end_early,
)
from app.web.visitor import actor, context

pages = Blueprint("delegations", __name__, url_prefix="/account/delegation")

STATES = {
    "in_force": (Label("生效中", "In force"), "ok"),
    "coming": (Label("未开始", "Coming"), "info"),
    "ended": (Label("已提前结束", "Ended early"), "line"),
    "past": (Label("已结束", "Over"), "line"),
}


@pages.get("")
def show() -> str:
    """Show one's own delegations, those that name one, and the form."""
    return _page({}, {})


@pages.post("")
def save() -> Response | tuple[str, int]:
    """Name a colleague."""
    typed = {n: request.form.get(n, "").strip() for n in ("delegate", "from", "to", "reason")}
    try:
        delegate(context(), actor(), _absence(typed))
    except Invalid as refused:
        return _page(typed, refused.fields, refused.message), 422
    except (Conflict, Forbidden) as refused:
        return _page(typed, {"delegate": refused.message}), 422
    flash(_("请假委托已保存。"))
    return redirect(url_for(".show"))


@pages.post("/<int:delegation_id>/end")
def end(delegation_id: int) -> Response:
    """End one's own delegation early."""
    end_early(context(), actor(), delegation_id)
    flash(_("委托已结束。"))
    return redirect(url_for(".show"))


def _page(typed: dict[str, str], errors: dict[str, Label], message: Label | None = None) -> str:
    return render_template(
        "account/delegation.html",
        colleagues=colleagues(context(), actor()),
        found=delegations(context(), actor()),
        states=STATES,
        typed=typed,
        errors={NAMES.get(name, name): text for name, text in errors.items()},
        message=message,
        longest=REASON,
    )


NAMES = {"valid_from": "from", "valid_to": "to"}


def _absence(typed: dict[str, str]) -> Absence:
    """Read what was typed; raises Invalid naming each field that cannot be read."""
    errors: dict[str, Label] = {}
    days = {name: _day(typed[name]) for name in ("from", "to")}
    for name, day in days.items():
        if day is None:
            errors[name] = Label("请填写日期，如 2026-12-31。", "Give a date such as 2026-12-31.")
    who = typed["delegate"]
    if not (who.isascii() and who.isdigit() and len(who) < 19):
        errors["delegate"] = Label("请选择同事。", "Choose a colleague.")
    first, last = days["from"], days["to"]
    if errors or first is None or last is None:
        raise Invalid("委托未保存。", "The delegation was not saved.", fields=errors)
    return Absence(int(who), first, last, typed["reason"])


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if len(text) == len("2026-12-31") and 2000 <= day.year < 2200 else None
