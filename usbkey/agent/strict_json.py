"""Bodies of requests, read strictly: what is not agreed on is refused, not ignored."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from usbkey.agent.refusals import Refused, Text


def body_of(
    data: bytes, needed: Mapping[str, type], optional: Mapping[str, type]
) -> dict[str, Any]:
    """Return the members of a JSON object; raises Refused for anything unexpected."""
    try:
        found = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_none_of_these)
    except (ValueError, RecursionError) as error:
        raise Refused("body") from error
    if not isinstance(found, dict):
        raise Refused("body")
    known = {**needed, **optional}
    for name in (*(set(needed) - set(found)), *(set(found) - set(known))):
        raise Refused("body", Text(f"成员 {name}", f"member {name}"))
    for name, value in found.items():
        if type(value) is not known[name]:
            raise Refused("body", Text(f"成员 {name}", f"member {name}"))
    return found


def decoded(text: object) -> bytes:
    """Return the bytes of strict base64; raises Refused."""
    if not isinstance(text, str):
        raise Refused("body")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("body") from error


def encoded(data: bytes) -> str:
    """Return base64 of bytes."""
    return base64.b64encode(data).decode()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _none_of_these(name: str) -> None:
    raise ValueError(name)
