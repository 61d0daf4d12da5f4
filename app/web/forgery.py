"""Every form carries a token that another site cannot know; a form without it changes nothing."""

from flask import Flask, request
from flask_wtf.csrf import CSRFProtect

from app.web.machines import for_machines


def refuse_forged_forms(app: Flask) -> None:
    """Check the token of every form, sign-in included.

    The API is left out: it takes no cookie, only a token in a header, which no browser adds by
    itself.
    """
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    protection = CSRFProtect(app)

    @app.before_request
    def _check() -> None:
        if request.endpoint and not for_machines(request.path):
            protection.protect()
