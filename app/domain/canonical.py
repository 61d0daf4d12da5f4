"""Canonical bytes of what is decided on (RFC 8785), and their leaf hash.

Quantities and serials are decimal strings in it, never numbers: JSON numbers are doubles.
"""

import hashlib
import secrets
from typing import Any

import rfc8785


def canonical(document: dict[str, Any]) -> bytes:
    """Return the RFC 8785 bytes of a document; raises ValueError for what JSON cannot hold."""
    try:
        return rfc8785.dumps(document)
    except rfc8785.CanonicalizationError as error:
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
