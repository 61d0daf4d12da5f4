"""通知设置: what a person wants to be told by e-mail and SMS (账户管理, G31)."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.domain.label import Label
from app.services.telling.audience import CHANNELS, KINDS
from app.services.telling.preferences import choose, settings_of
from app.web.visitor import actor, context

pages = Blueprint("telling", __name__)

CHANNEL_LABELS = {"email": Label("电子邮件", "E-mail"), "sms": Label("短信", "SMS")}
KIND_LABELS = {
    "task": (
        Label("新待办", "New tasks"),
        Label("有任务等待您办理时", "When a task waits for you"),
    ),
    "notice": (
        Label("消息和提醒", "Messages and reminders"),
        Label(
            "申请被退回、通过或时限临近时", "When an application comes back, is approved or is due"
        ),
    ),
}


@pages.get("/account/notifications")
def show() -> str:
    """Show the person's own settings."""
    return render_template(
        "messages/settings.html",
        settings=settings_of(context(), actor()),
        channels=CHANNEL_LABELS,
        kinds=KIND_LABELS,
    )


@pages.post("/account/notifications")
def save() -> Response:
    """Keep the person's own choices; an unticked box is a no."""
    ticked = set(request.form.getlist("wanted"))
    wanted = {(c, k) for c in CHANNELS for k in KINDS if f"{c}:{k}" in ticked}
    choose(context(), actor(), wanted)
    flash(_("通知设置已保存。"))
    return redirect(url_for(".show"))
