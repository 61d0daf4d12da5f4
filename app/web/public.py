"""Which pages open without signing in. Everything that is not marked here needs a session."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask

View = TypeVar("View", bound=Callable[..., Any])
_MARK = "opens_without_signing_in"


def public(view: View) -> View:
    """Mark a page that opens without signing in."""
    setattr(view, _MARK, True)
    return view


def is_public(app: Flask, endpoint: str | None) -> bool:
    """Return whether an endpoint opens without a session; the API asks for a token itself."""
    if endpoint is None or endpoint == "static":
        return True
    return hasattr(app.view_functions.get(endpoint), _MARK)
