"""Tokens that a person or a machine carries: the database keeps only their hash."""

import hashlib
import secrets


def new_token(prefix: str = "") -> str:
    """Return 256 random bits as text that fits a cookie, a header and a link."""
    return prefix + secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Return what the database keeps of a token.

    A plain SHA-256 is enough: the token is random, so there is nothing to guess from a list.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
