"""A national carbon registry: accounts, a serial-numbered ledger, and BPMN diagrams that run."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.config import Settings
    from app.services.context import Context


def create_app(settings: "Settings | None" = None, context: "Context | None" = None) -> "Flask":
    """Return the web application: pages and JSON API on one context.

    Settings come from the environment unless given; a whole context may be given instead, for
    a clock that stands inside another year.
    """
    from app.api import add_api
    from app.bootstrap import build
    from app.config import settings_from
    from app.web.factory import web

    app = web(context or build(settings or settings_from()))
    add_api(app)
    return app
