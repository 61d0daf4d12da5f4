"""How large a body may be: small everywhere, but where a page asks the signed-in for files."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, g, request

from app.web.visitor import context

View = TypeVar("View", bound=Callable[..., Any])
_MARK = "takes_files"
MIB = 1024 * 1024


def takes_files(view: View) -> View:
    """Mark a page whose form may carry files."""
    setattr(view, _MARK, True)
    return view


def brings_files() -> bool:
    """Whether the request has the form of files, for a page that takes them.

    Nothing of such a body is read before it is known who sends it.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    return request.mimetype == "multipart/form-data" and hasattr(view, _MARK)


def admit_files(app: Flask, check: Callable[[], None]) -> None:
    """Let the signed-in send files where a page takes them; ``check`` looks at the other fields."""

    @app.before_request
    def _admit() -> None:
        if g.get("visitor") and brings_files():
            settings = context().settings
            most = settings.attachment_mib * settings.attachments_most
            request.max_content_length = (most + 1) * MIB
            check()
