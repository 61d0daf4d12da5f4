"""What may be signed: the two document types of the registry, and their members (M4, R23).

Every value is a string, or an object or list of strings; an unknown member, a missing one or one
of another shape is refused, so that nothing is ever signed that this page does not explain.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.evidence import canonical, reasons
from app.evidence.reasons import Reason, Rejected, Text

SIGN_IN = "registry/sign-in/1"
DECISION = "registry/decision/1"
LARGEST = 65536  # bytes of one document
SKEW = timedelta(minutes=2)  # two clocks may differ by so much

Shape = Callable[[Any], bool]

_LONGEST_TEXT = 20000
_MOST_LINES = 2000
_NAME = 300


def _matching(pattern: str) -> Shape:
    match = re.compile(pattern, re.ASCII).fullmatch
    return lambda value: type(value) is str and match(value) is not None


def _one_of(*choices: str) -> Shape:
    return lambda value: type(value) is str and value in choices


def _text(least: int, most: int) -> Shape:
    return lambda value: type(value) is str and least <= len(value) <= most


@dataclass(frozen=True)
class _Object:
    """An object with exactly these members, some of which may be missing."""

    needed: Mapping[str, Shape]
    optional: Mapping[str, Shape]

    def __call__(self, value: Any) -> bool:
        return type(value) is dict and self.wrong_in(value) is None

    def wrong_in(self, value: Mapping[str, Any]) -> str | None:
        """Return the first member that is missing, unknown or of another shape."""
        for name, found in value.items():
            shape = self.needed.get(name) or self.optional.get(name)
            if shape is None or not shape(found):
                return name
        return next((name for name in self.needed if name not in value), None)


def _object(needed: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None) -> _Object:
    return _Object(needed, optional or {})


def _list(shape: Shape) -> Shape:
    return lambda value: (
        type(value) is list and len(value) <= _MOST_LINES and all(map(shape, value))
    )


_TIME = _matching(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}Z")
_HASH = _matching(r"[0-9a-f]{64}")
_ORIGIN = _matching(
    r"https?://[a-z0-9.-]{1,253}(:[1-9][0-9]{0,4})?|https?://\[[0-9a-f:]{2,39}\](:[1-9][0-9]{0,4})?"
)
_ID = _matching(r"[A-Za-z0-9_.:-]{1,100}")
_WHOLE = _matching(r"0|[1-9][0-9]{0,17}")
_SHORT = _text(1, 100)
_LABEL = _object({"zh": _text(1, _NAME), "en": _text(1, _NAME)})
_MAYBE_LABEL = _object({"zh": _text(0, _NAME), "en": _text(0, _NAME)})
_PARTY = _object({"holder": _LABEL}, {"account": _SHORT})
_QUANTITY = _object({"instrument": _SHORT, "quantity": _WHOLE}, {"to": _SHORT})

_EVERY: Mapping[str, Shape] = {
    "type": _one_of(SIGN_IN, DECISION),
    "origin": _ORIGIN,
    "action": _LABEL,
    "nonce": _HASH,
    "issued": _TIME,
    "expires": _TIME,
}
MEMBERS: Mapping[str, _Object] = {
    SIGN_IN: _object({**_EVERY, "member_no": _SHORT}),
    DECISION: _object(
        {
            **_EVERY,
            "instance": _SHORT,
            "process": _ID,
            "bundle": _HASH,
            "task": _ID,
            "visit": _WHOLE,
            "kind": _one_of("complete", "trigger"),
            "verdict": _text(0, 100),
            "verdict_text": _MAYBE_LABEL,
            "opinion": _text(0, _LONGEST_TEXT),
            "form": _HASH,
            "content": _HASH,
            "from": _PARTY,
            "to": _list(_PARTY),
            "quantities": _list(_QUANTITY),
            "person": _HASH,
            "account": _SHORT,
            "role": _SHORT,
        },
        {"initiator": _HASH},
    ),
}
LIFETIMES: Mapping[str, timedelta] = {
    SIGN_IN: timedelta(minutes=5),
    DECISION: timedelta(minutes=10),
}

# Which reason a member gives that is not what the registry asked for; all others: the content.
_WHICH: Mapping[str, Reason] = {
    "origin": reasons.FOREIGN_ORIGIN,
    "person": reasons.WRONG_PERSON,
    "member_no": reasons.WRONG_PERSON,
    "initiator": reasons.WRONG_PERSON,
    "type": reasons.WRONG_TASK,
    "instance": reasons.WRONG_TASK,
    "process": reasons.WRONG_TASK,
    "bundle": reasons.WRONG_TASK,
    "task": reasons.WRONG_TASK,
    "visit": reasons.WRONG_TASK,
    "kind": reasons.WRONG_TASK,
    "nonce": reasons.UNKNOWN_NONCE,
    "issued": reasons.UNKNOWN_NONCE,
    "expires": reasons.UNKNOWN_NONCE,
}


@dataclass(frozen=True, slots=True)
class Document:
    """A document of one of the two types; ``fields`` are its members as they stand in it."""

    type: str
    fields: Mapping[str, Any]
    issued: datetime
    expires: datetime

    @property
    def nonce(self) -> str:
        """64 hex digits that are good once."""
        return str(self.fields["nonce"])

    def require_open(self, at: datetime) -> None:
        """Refuse a time outside the window in which it may be handed in."""
        if at < self.issued:
            raise Rejected(reasons.NOT_YET, self.fields["issued"])
        if at > self.expires:
            raise Rejected(reasons.EXPIRED, self.fields["expires"])

    def require_signed_inside(self, signed_at: datetime) -> None:
        """Refuse a claimed signing time outside the window; two clocks may differ a little."""
        if not self.issued - SKEW <= signed_at <= self.expires + SKEW:
            raise Rejected(reasons.SIGNING_TIME, signed_at.strftime("%Y-%m-%dT%H:%M:%SZ"))


def read(data: bytes) -> Document:
    """Read a document strictly; raises Rejected."""
    if len(data) > LARGEST:
        raise Rejected(reasons.TOO_LARGE)
    return of(canonical.decoded(data, reasons.DOCUMENT_MALFORMED, reasons.DOCUMENT_NOT_CANONICAL))


def of(fields: Mapping[str, Any]) -> Document:
    """Return the document that has these members and no others; raises Rejected."""
    kind = fields.get("type")
    members = MEMBERS.get(kind) if type(kind) is str else None
    if members is None or kind is None:
        raise Rejected(reasons.DOCUMENT_TYPE)
    wrong = members.wrong_in(fields)
    if wrong is not None:
        raise Rejected(reasons.DOCUMENT_MEMBER, wrong[:_NAME])
    issued, expires = _time(fields, "issued"), _time(fields, "expires")
    if not issued < expires <= issued + LIFETIMES[kind]:
        raise Rejected(reasons.DOCUMENT_MEMBER, "expires")
    return Document(kind, fields, issued, expires)


def _time(fields: Mapping[str, Any], name: str) -> datetime:
    try:
        return datetime.fromisoformat(fields[name])
    except ValueError as error:
        raise Rejected(reasons.DOCUMENT_MEMBER, name) from error


def require_same(signed: bytes, wanted: bytes) -> None:
    """Refuse a document that is not, byte for byte, the one that was asked for.

    ``wanted`` is what the registry builds for itself. The reason is that of the gravest member
    that differs: another site, another person, another task, another challenge, other content.
    """
    if signed == wanted:
        return
    theirs, ours = read(signed).fields, read(wanted).fields
    names = sorted({*theirs, *ours})
    differing = [name for name in names if theirs.get(name) != ours.get(name)]
    found = [_WHICH.get(name, reasons.CONTENT_DIFFERS) for name in differing]
    gravest = min(found, key=_ORDER.index)
    named = ", ".join(n for n, reason in zip(differing, found, strict=True) if reason is gravest)
    raise Rejected(gravest, Text(named, named))


_ORDER = (
    reasons.FOREIGN_ORIGIN,
    reasons.WRONG_PERSON,
    reasons.WRONG_TASK,
    reasons.UNKNOWN_NONCE,
    reasons.CONTENT_DIFFERS,
)
