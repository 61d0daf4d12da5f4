"""The evidence of one decision in one file: all that a stranger needs but whom to believe.

Canonical JSON of base64 texts. Nothing stands in it that is not under the person's signature, an
authority's, or compared with what has to stand there: a changed byte is always found.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from app.evidence import canonical, reasons
from app.evidence.reasons import Rejected
from app.evidence.verify import Verified

FORMAT = "registry/decision-evidence/1"
LARGEST = 64 * 1024 * 1024  # a list of revoked certificates may be long
_MOST = 8
_ONE = {"document", "cms", "root"}
_SEVERAL = {"certificates", "crls"}
_MEMBERS = {"format"} | _ONE | _SEVERAL


@dataclass(frozen=True, slots=True)
class Bundle:
    """``certificates``: signer first, without the root; ``crls``: one for each, in that order."""

    document: bytes
    cms: bytes
    certificates: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    root: bytes


def encode(
    document: bytes,
    cms: bytes,
    certificates: Sequence[bytes],
    crls: Sequence[bytes],
    root: bytes,
) -> bytes:
    """Return the file of one decision.

    ``certificates`` are signer first, up to the one below the root; ``crls`` hold one list by the
    issuer of each of them, in that order.
    """
    return canonical.encoded(
        {
            "format": FORMAT,
            "document": _text(document),
            "cms": _text(cms),
            "certificates": [_text(each) for each in certificates],
            "crls": [_text(each) for each in crls],
            "root": _text(root),
        }
    )


def encode_verified(document: bytes, cms: bytes, found: Verified, crls: Sequence[bytes]) -> bytes:
    """Return the file of a signature that stood; ``crls`` are the lists it was checked against."""
    return encode(
        document,
        cms,
        found.chain[:-1],
        [crls[index] for index in found.crl_indexes],
        found.chain[-1],
    )


def decode(data: bytes) -> Bundle:
    """Read a file strictly; raises Rejected with a reason that says it is unreadable."""
    if len(data) > LARGEST:
        raise Rejected(reasons.TOO_LARGE)
    fields = canonical.decoded(data, reasons.BUNDLE_MALFORMED, reasons.BUNDLE_NOT_CANONICAL)
    if fields.keys() != _MEMBERS or fields["format"] != FORMAT:
        raise Rejected(reasons.BUNDLE_MALFORMED, "format")
    one = {name: _bytes(fields[name]) for name in _ONE}
    several = {name: _several(fields[name]) for name in _SEVERAL}
    return Bundle(**one, **several)  # type: ignore[arg-type]


def _text(data: bytes) -> str:
    return b64encode(data).decode()


def _several(value: object) -> tuple[bytes, ...]:
    if type(value) is not list or not 0 < len(value) <= _MOST:
        raise Rejected(reasons.BUNDLE_MALFORMED)
    return tuple(map(_bytes, value))


def _bytes(value: object) -> bytes:
    """Return the bytes of base64 in its one form: no blanks, full padding, no stray bits."""
    if type(value) is not str:
        raise Rejected(reasons.BUNDLE_MALFORMED)
    try:
        data = b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Rejected(reasons.BUNDLE_NOT_CANONICAL, "base64") from error
    if _text(data) != value:
        raise Rejected(reasons.BUNDLE_NOT_CANONICAL, "base64")
    return data
