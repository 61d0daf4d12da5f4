"""An emitter's notices and their scope (F15, F16, M12, M13)."""

from flask import Blueprint, render_template, request

from app.services import eligible, progress
from app.web.visitor import actor, context, only

pages = Blueprint("compliance", __name__, url_prefix="/compliance")
PROCESS = "compliance"


@pages.get("")
def notices() -> str:
    """List the notices of the emitter: obligation, pending, surrendered (F15)."""
    who = only("emitter")
    return render_template(
        "compliance/notices.html", notices=progress.own_notices(context(), who), process=PROCESS
    )


@pages.get("/<int:notice_id>/scope")
def scope(notice_id: int) -> str:
    """Show which instruments a notice admits, and its CCER rule (F16)."""
    ctx, who = context(), actor()
    found = progress.notice(ctx, who, notice_id)
    own = found.notice.emitter_id == who.holder_id
    beside = request.headers.get("HX-Target") == "scope-body"
    return render_template(
        "compliance/scope_body.html" if beside else "compliance/scope.html",
        view=found,
        choices=eligible.choices(ctx, who, notice_id) if own else None,
    )
