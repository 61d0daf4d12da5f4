"""Canonical bytes of what is decided on (RFC 8785), and their leaf hash.

Quantities and serials are decimal strings in it, never numbers: JSON numbers are doubles.
"""

import hashlib
import secrets
from typing import Any

import orjson
import rfc8785


def canonical(document: dict[str, Any]) -> bytes:
    """Return the RFC 8785 bytes of a document; raises ValueError for what JSON cannot hold."""
    try:
        if _same_when_sorted(document):
            return canonical_text(document)
        return rfc8785.dumps(document)
    except rfc8785.CanonicalizationError as error:
        raise ValueError(f"not canonical JSON: {error}") from error


def _same_when_sorted(value: Any) -> bool:
    """Whether sorted JSON is RFC 8785 already: ASCII keys, and no numbers but small whole ones.

    That is every decision. The library is exact for everything and takes five times as long,
    3 % of a task; a property test shows that the bytes are the same.
    """
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return bool(-(2**53) < value < 2**53)
    if kind is dict:
        return all(
            type(key) is str and key.isascii() and _same_when_sorted(inner)
            for key, inner in value.items()
        )
    return kind is list and all(map(_same_when_sorted, value))


def canonical_text(document: dict[str, Any]) -> bytes:
    """Return the RFC 8785 bytes of a document known to hold nothing but text, under ASCII names.

    ``canonical`` without looking again; raises ValueError for text that UTF-8 cannot hold.
    """
    try:
        return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise ValueError(f"not canonical JSON: {error}") from error


def leaf(stored: bytes) -> bytes:
    """Return the leaf hash of stored bytes: SHA-256(0x00 || bytes), as in RFC 6962."""
    return hashlib.sha256(b"\x00" + stored).digest()


def salted(value: str, salt: bytes) -> str:
    """Return the salted hash under which personal data enters a canonical document."""
    return hashlib.sha256(salt + value.encode()).hexdigest()


def new_salt() -> bytes:
    """Return 16 random bytes; kept beside the person, so that erasing it unlinks the hashes."""
    return secrets.token_bytes(16)
