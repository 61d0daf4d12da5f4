"""账户信息: whom a person acts for, the holder's accounts, and when somebody signed in."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.domain.label import Label
from app.services.account_changes.current import FLOW, current_data, open_change
from app.services.account_details import account_details
from app.services.attachments.opening import opening_missing
from app.web.visitor import actor, context

pages = Blueprint("account", __name__)

RIGHTS = {
    "initiate": Label("发起", "Initiate"),
    "confirm": Label("确认", "Confirm"),
    "both": Label("发起和确认", "Initiate and confirm"),
    "read": Label("只查看", "Read only"),
}
STATUSES = {
    "open": (Label("正常", "Open"), "ok"),
    "restricted": (Label("限制转出", "Restricted"), "warn"),
    "frozen": (Label("冻结", "Frozen"), "bad"),
    "closure_pending": (Label("待注销", "Closure pending"), "warn"),
    "closed": (Label("已注销", "Closed"), "bad"),
}


@pages.get("/account/change")
def change() -> Response:
    """Go to the form of a change (F3): the draft that lies there, or a new one."""
    begun = open_change(context(), actor())
    if begun is not None:
        return redirect(url_for("applications.resume", instance_id=begun))
    return redirect(url_for("applications.begin", process_id=FLOW))


@pages.get("/account")
def show() -> str:
    """Show the actor's own details; nobody else's can be asked for."""
    return render_template(
        "account/show.html",
        details=account_details(context(), actor()),
        files_missing=opening_missing(context(), actor()),
        data=current_data(context(), actor()),
        rights=RIGHTS,
        statuses=STATUSES,
    )
