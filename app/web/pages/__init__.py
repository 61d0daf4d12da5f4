"""The pages of the registry's work: one module a noun."""

from flask import Flask

from app.services.inbox import to_do_count
from app.services.messages import unread_count
from app.web.pages import (
    allocations,
    applications,
    attachments,
    certificates,
    compliance,
    history,
    holdings,
    inbox,
    messages,
    notices,
    operator,
    overview,
    pilots,
    records,
    telling,
)
from app.web.pages.words import say_so
from app.web.shell import count_messages, count_todos


def add_pages(app: Flask) -> None:
    """Register the pages, and the number of to-dos in the header."""
    for module in (
        allocations, attachments, applications, certificates, compliance, history, holdings,
        overview, inbox, notices, operator, pilots, records, messages, telling,
    ):  # fmt: skip
        app.register_blueprint(module.pages)
    say_so(app)
    count_todos(app, to_do_count, "inbox.index")
    count_messages(app, unread_count, "messages.index")
