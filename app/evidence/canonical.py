"""Canonical JSON (RFC 8785) of objects, arrays and strings, with the standard library alone.

There are no numbers in it: quantities and serials travel as strings. With ASCII names, sorted
JSON without blanks is RFC 8785; a property test holds it against the RFC's own library.
"""

import json
from typing import Any, NoReturn

from app.evidence import reasons
from app.evidence.reasons import Reason, Rejected

_ESCAPE = len("\\u0000")
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)


def encoded(value: dict[str, Any]) -> bytes:
    """Return the canonical bytes; raises ValueError for text that UTF-8 cannot hold."""
    return _ENCODER.encode(value).encode()


def decoded(data: bytes, malformed: Reason, not_canonical: Reason) -> dict[str, Any]:
    """Return an object whose canonical bytes are exactly these; raises Rejected.

    A name that stands twice, another order, a blank, another escape: all give other bytes.
    """
    try:
        text = data.decode()
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise Rejected(reasons.TRUNCATED if _cut_off(error) else malformed) from error
    if type(value) is not dict:
        raise Rejected(malformed)
    try:
        same = encoded(value) == data
    except (ValueError, RecursionError) as error:
        raise Rejected(not_canonical) from error
    if not same:
        raise Rejected(not_canonical)
    return value


def _cut_off(error: Exception) -> bool:
    """Whether the text ended before the value did."""
    if isinstance(error, UnicodeDecodeError):
        return error.reason == "unexpected end of data"
    if not isinstance(error, json.JSONDecodeError):
        return False
    left = len(error.doc) - error.pos
    return (
        left <= 0
        or error.msg.startswith("Unterminated")
        or (left < _ESCAPE and error.msg.startswith("Invalid \\uXXXX"))
    )


def _no_number(_text: str) -> NoReturn:
    raise ValueError("a number")


_DECODER = json.JSONDecoder(parse_int=_no_number, parse_float=_no_number, parse_constant=_no_number)
