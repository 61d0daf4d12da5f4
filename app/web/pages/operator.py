"""The operator's page: what is held up or failed, and trying it again."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.services import operations
from app.services.actor import Actor
from app.services.signing.watch import watched
from app.services.telling.state import OUTCOMES, state_of_messages
from app.services.workload import workload
from app.web.visitor import context, only

pages = Blueprint("operator", __name__, url_prefix="/operator")


@pages.get("")
def index() -> str:
    """Show stuck processes, failed jobs, what waits, what became of messages, whom we believe."""
    ctx, who = context(), _who()
    return render_template(
        "operator/index.html",
        state=workload(ctx, who),
        messages=state_of_messages(ctx, who),
        outcomes=OUTCOMES,
        lists=watched(ctx),
    )


@pages.post("/instances/<int:instance_id>/retry")
def retry_instance(instance_id: int) -> Response:
    """Let a stuck process be picked up again."""
    operations.retry_instance(context(), _who(), instance_id)
    flash(_("已安排重试，后台会在一分钟内再次处理。"))
    return redirect(url_for(".index"))


@pages.post("/jobs/<int:job_id>/retry")
def retry_job(job_id: int) -> Response:
    """Let a failed job be picked up again."""
    operations.retry_job(context(), _who(), job_id)
    flash(_("已安排重试，后台会在一分钟内再次处理。"))
    return redirect(url_for(".index"))


def _who() -> Actor:
    return only("system_operator", "registry_operator")
