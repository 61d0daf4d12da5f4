"""The pages of the registry's work: one module a noun."""

from flask import Flask

from app.services.messages import unread_count
from app.services.to_do import to_do
from app.web.pages import (
    allocations,
    applications,
    attachments,
    bulk,
    certificates,
    comments,
    compliance,
    credentials,
    custody,
    delegations,
    documents,
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
    waiting,
)
from app.web.pages.words import say_so
from app.web.shell import count_messages, count_todos


def add_pages(app: Flask) -> None:
    """Register the pages, and the number of to-dos in the header."""
    for module in (
        allocations, applications, attachments, bulk, certificates, comments, compliance,
        credentials, custody, delegations, documents, history, holdings, overview, inbox, messages,
        notices, operator, pilots, records, telling, waiting,
    ):  # fmt: skip
        app.register_blueprint(module.pages)
    say_so(app)
    comments.offer_talk(app)
    count_todos(app, to_do, "inbox.index")
    count_messages(app, unread_count, "messages.index")
