"""Addresses of pages that need no id: built once a process, for they stand on every page."""

from functools import lru_cache

from flask import Flask, current_app, request, url_for


def address(endpoint: str) -> str:
    """Return the path of a page without ids, as ``url_for`` within a request does."""
    return _built(this_app(), endpoint, request.root_path)


@lru_cache(maxsize=1024)
def _built(_app: Flask, endpoint: str, _root: str) -> str:
    """Build it: it depends on the routes of the program and on where the server mounted it."""
    return url_for(endpoint)


def this_app() -> Flask:
    """Return the program of this request, as a key that keeps what was built for it apart."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    return app
