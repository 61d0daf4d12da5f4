"""Addresses of static files that change when their content does, so browsers may keep them."""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, g, request, url_for

from app.web.addresses import this_app

STATIC = Path(__file__).resolve().parent / "static"
FOR_A_YEAR = "public, max-age=31536000, immutable"


def asset(name: str) -> str:
    """Return the address of a static file with the digest of its content."""
    known: dict[str, str] = g.setdefault("assets", {})
    if name not in known:  # an icon stands on a page many times; its file is looked at once
        known[name] = _address(this_app(), request.root_path, name, _changed(name))
    return known[name]


@lru_cache(maxsize=256)
def _address(_app: Flask, _root: str, name: str, changed: int) -> str:
    """Build it: it depends on the file, and on where the server mounted the program."""
    return url_for("static", filename=name, v=_digest(name, changed))


def _changed(name: str) -> int:
    try:
        return (STATIC / name).stat().st_mtime_ns
    except OSError:
        return 0


def _digest(name: str, changed: int) -> str:
    if not changed:
        return "0"  # not bundled yet; the page still opens, without the look
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def keep_in_browsers(app: Flask) -> None:
    """Let browsers keep what was asked for by digest."""

    @app.after_request
    def _keep(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code == 200:
            response.headers["Cache-Control"] = FOR_A_YEAR if "v" in request.args else "no-cache"
        return response
