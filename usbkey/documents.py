"""What may be signed: the registry's two kinds of documents, and nothing else (M4, R23).

Canonical JSON (RFC 8785) of strings, objects and lists; no numbers, so that quantities and
numbers of applications travel as text. An unknown member, a missing one or one of another shape is
refused: nobody signs what the window does not explain. The registry holds the same rules in code
of its own (``app/evidence/documents.py``); a test keeps the two alike.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from usbkey.errors import DocumentRefused as DocumentError

SIGN_IN = "registry/sign-in/1"
DECISION = "registry/decision/1"
LARGEST = 65536  # bytes of one document
LONGEST_TEXT = 20000
LONGEST_NAME = 300
MOST_LINES = 2000
LIFETIMES = {SIGN_IN: timedelta(minutes=5), DECISION: timedelta(minutes=10)}
TIME = "%Y-%m-%dT%H:%M:%SZ"

Shape = Callable[[Any], bool]


def parsed(data: bytes) -> dict[str, Any]:
    """The members of a document of one of the two kinds; raises DocumentError."""
    if len(data) > LARGEST:
        raise _refused(f"它大于 {LARGEST} 字节", f"it is larger than {LARGEST} bytes")
    members = _canonical(data)
    kind = members.get("type")
    shape = MEMBERS.get(kind) if isinstance(kind, str) else None
    if shape is None or not isinstance(kind, str):
        raise _refused("类型未知", "its type is unknown")
    wrong = shape.wrong_in(members)
    if wrong is not None:
        raise _refused(f"“{wrong[:100]}”有误", f"its member {wrong[:100]!r} is not as it must be")
    issued, expires = _time(members, "issued"), _time(members, "expires")
    if not issued < expires <= issued + LIFETIMES[kind]:
        raise _refused("有效期有误", "it is open for too long")
    return members


@dataclass(frozen=True)
class Members:
    """An object with exactly these members, some of which may be missing."""

    needed: Mapping[str, Shape]
    optional: Mapping[str, Shape] = field(default_factory=dict)

    def __call__(self, value: Any) -> bool:
        """Whether a value is such an object."""
        return isinstance(value, dict) and self.wrong_in(value) is None

    def wrong_in(self, value: Mapping[str, Any]) -> str | None:
        """The first member that is missing, unknown or of another shape."""
        shapes = {**self.needed, **self.optional}
        for name, found in value.items():
            if name not in shapes or not shapes[name](found):
                return name
        return next((name for name in self.needed if name not in value), None)


def _canonical(data: bytes) -> dict[str, Any]:
    """The object whose canonical bytes are exactly these.

    With ASCII names and no numbers, sorted JSON without blanks is RFC 8785.
    """
    try:
        value = _DECODER.decode(data.decode())
        same = isinstance(value, dict) and _ENCODER.encode(value).encode() == data
    except (ValueError, RecursionError):
        same = False
    if not same:
        raise _refused("它不是规范的 JSON", "it is not canonical JSON")
    return dict(value)


def _no_number(_text: str) -> NoReturn:
    raise ValueError("a number")


_DECODER = json.JSONDecoder(parse_int=_no_number, parse_float=_no_number, parse_constant=_no_number)
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _time(members: Mapping[str, Any], name: str) -> datetime:
    try:
        return datetime.strptime(members[name], TIME).replace(tzinfo=UTC)
    except ValueError:
        raise _refused(f"“{name}”有误", f"its member {name!r} is no time") from None


def _refused(zh: str, en: str) -> DocumentError:
    return DocumentError(
        zh=f"待签内容不是注册登记系统的文件：{zh}。",
        en=f"What was to be signed is no document of the registry: {en}.",
    )


def _matching(pattern: str) -> Shape:
    match = re.compile(pattern, re.ASCII).fullmatch
    return lambda value: isinstance(value, str) and match(value) is not None


def _one_of(*choices: str) -> Shape:
    return lambda value: isinstance(value, str) and value in choices


def _text(least: int, most: int) -> Shape:
    return lambda value: isinstance(value, str) and least <= len(value) <= most


def _list(shape: Shape) -> Shape:
    return lambda value: (
        isinstance(value, list) and len(value) <= MOST_LINES and all(map(shape, value))
    )


_MOMENT = _matching(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_HASH = _matching(r"[0-9a-f]{64}")
_ORIGIN = _matching(
    r"https?://[a-z0-9.-]{1,253}(:[1-9][0-9]{0,4})?|https?://\[[0-9a-f:]{2,39}\](:[1-9][0-9]{0,4})?"
)
_ID = _matching(r"[A-Za-z0-9_.:-]{1,100}")
_WHOLE = _matching(r"0|[1-9][0-9]{0,17}")
_SHORT = _text(1, 100)
_LABEL = Members({"zh": _text(1, LONGEST_NAME), "en": _text(1, LONGEST_NAME)})
_MAYBE_LABEL = Members({"zh": _text(0, LONGEST_NAME), "en": _text(0, LONGEST_NAME)})
_PARTY = Members({"holder": _LABEL}, {"account": _SHORT})
_LINE = Members({"instrument": _SHORT, "quantity": _WHOLE}, {"to": _SHORT})
_EVERY: Mapping[str, Shape] = {
    "type": _one_of(SIGN_IN, DECISION),
    "origin": _ORIGIN,
    "action": _LABEL,
    "nonce": _HASH,
    "issued": _MOMENT,
    "expires": _MOMENT,
}
_DECIDED: Mapping[str, Shape] = {
    "instance": _SHORT,
    "process": _ID,
    "bundle": _HASH,
    "task": _ID,
    "visit": _WHOLE,
    "kind": _one_of("complete", "trigger"),
    "verdict": _text(0, 100),
    "verdict_text": _MAYBE_LABEL,
    "opinion": _text(0, LONGEST_TEXT),
    "form": _HASH,
    "content": _HASH,
    "from": _PARTY,
    "to": _list(_PARTY),
    "quantities": _list(_LINE),
    "person": _HASH,
    "account": _SHORT,
    "role": _SHORT,
}
MEMBERS: Mapping[str, Members] = {
    SIGN_IN: Members({**_EVERY, "member_no": _SHORT}),
    DECISION: Members({**_EVERY, **_DECIDED}, {"initiator": _HASH}),
}
