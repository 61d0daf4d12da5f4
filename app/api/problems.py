"""Errors that only the API has: no token, and a body that its schema refuses."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint
from werkzeug.exceptions import HTTPException

from app.api.doors import NoToken


def explain(resources: Blueprint) -> None:
    """Answer a group's own errors; all others are mapped once for pages and API."""
    resources.register_error_handler(NoToken, _no_token)
    for status in (400, 422):
        resources.register_error_handler(status, _unreadable)


def _no_token(error: NoToken) -> tuple[Response, int, dict[str, str]]:
    message = {"zh": error.message.zh, "en": error.message.en}
    body = jsonify({"status": 401, "code": "NoToken", "message": message})
    return body, 401, {"WWW-Authenticate": "Bearer"}


def _unreadable(error: HTTPException) -> tuple[Response, int]:
    """Name each field that the schema refuses, and why."""
    status = error.code or 422
    messages = getattr(error, "data", {}).get("messages", {})
    fields = dict(_flat(messages))
    body: dict[str, Any] = {
        "status": status,
        "code": "Invalid" if status == 422 else "Unreadable",
        "message": {
            "zh": "请求的内容不符合接口文档的要求。",
            "en": "The request does not match the API document.",
        },
    }
    if fields:
        body["fields"] = {name: {"zh": text, "en": text} for name, text in fields.items()}
    return jsonify(body), status


def _flat(messages: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            place = "" if name in {"json", "query", "_schema"} and not path else str(name)
            yield from _flat(inner, f"{path}/{place}".strip("/"))
    else:
        texts = messages if isinstance(messages, list) else [messages]
        yield path or "body", " ".join(str(text) for text in texts)
