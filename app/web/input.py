"""Refuses text that no page can mean: NUL bytes, broken UTF-8, numbers beyond the database."""

import json
import re
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Flask, abort, request
from werkzeug.routing import IntegerConverter

from app.domain.errors import Invalid
from app.web.bodies import brings_files

LARGEST_BODY = 4 * 1024 * 1024
LARGEST_FIELD = 1024 * 1024
LARGEST_ID = 2**63 - 1
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class BigintConverter(IntegerConverter):
    """<int:id> of an address: what the database cannot hold does not exist (404)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max": LARGEST_ID, **kwargs})


def refuse_broken_input(app: Flask) -> None:
    """Check every request before any page sees it; errors are 400 or 413 with a plain sentence."""
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = LARGEST_FIELD
    app.url_map.converters["int"] = BigintConverter
    app.before_request(_check)


def _check() -> None:
    if "\x00" in request.path or "\ufffd" in request.path:
        abort(404)
    _utf8(unquote_to_bytes(request.query_string.replace(b"+", b" ")))
    if request.method not in {"POST", "PUT", "PATCH", "DELETE"}:
        return
    if request.is_json:  # application/json, and every application/…+json that the API reads too
        _json(request.get_data(cache=True))
        return
    if request.mimetype == "application/x-www-form-urlencoded":
        # The parser would silently replace what is not UTF-8: looked at before it.
        _utf8(unquote_to_bytes(request.get_data(cache=True, parse_form_data=False)))
    if not brings_files():
        check_fields()


def check_fields() -> None:
    """Refuse a field of a form that no page can mean; reads the whole body."""
    for _, values in request.form.lists():
        for value in values:
            if "\x00" in value or _LONE_SURROGATE.search(value):
                raise _broken()


def _utf8(data: bytes) -> None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise _broken() from None
    if "\x00" in text:
        raise _broken()


def _json(data: bytes) -> None:
    """Refuse escapes that JSON allows and a database does not; malformed JSON is the API's say."""
    if b"\\u" not in data and b"\x00" not in data:
        return
    try:
        text = json.dumps(json.loads(data), ensure_ascii=False)
    except (ValueError, RecursionError):
        return
    if "\\u0000" in text or _LONE_SURROGATE.search(text):
        raise _broken()


def _broken() -> Invalid:
    abort(400, "broken-text")
