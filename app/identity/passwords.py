"""Passwords: Argon2id, the policy, and equal work for known and unknown member numbers."""

from datetime import datetime
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.db import Transaction
from app.domain.label import Label

SHORTEST = 12
LONGEST = 128  # a longer one would only be work for the server
KINDS_NEEDED = 5  # different characters: "111111111111" is no password
LEFT_OVER = 6  # characters that must remain when the words everybody tries are taken out
EVERYBODY_TRIES = (
    "password", "passw0rd", "p@ssw0rd", "qwertyuiop", "qwerty", "asdfgh", "zxcvbn", "1qaz2wsx",
    "1234567890", "12345678", "123456", "abcdef", "abc123", "admin", "welcome", "letmein",
    "iloveyou", "woaini", "5201314", "1314520", "88888888", "66666666",
)  # fmt: skip

# OWASP's recommendation for Argon2id: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# What a password is compared with when there is none, so that the time says nothing.
_NOBODY = _hasher.hash("nobody has this password")


def password_hash(password: str) -> str:
    """Return the Argon2id hash of a password."""
    return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Return whether a password is the stored one; works as long when nothing is stored."""
    typed = password if len(password) <= LONGEST else ""
    try:
        _hasher.verify(stored or _NOBODY, typed.encode("utf-8", "replace"))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Return whether a hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def objection(password: str, member_no: str) -> Label | None:
    """Return why a new password is refused, or None (M6)."""
    if len(password) < SHORTEST:
        return Label(f"新密码至少 {SHORTEST} 个字符。", f"Use at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        return Label(f"新密码最多 {LONGEST} 个字符。", f"Use at most {LONGEST} characters.")
    if member_no and member_no in password:
        return Label("新密码不能包含会员编号。", "The password must not contain the member number.")
    if len(set(password)) < KINDS_NEEDED:
        return Label(
            f"新密码至少包含 {KINDS_NEEDED} 个不同的字符。",
            f"Use at least {KINDS_NEEDED} different characters.",
        )
    if _everybody_tries(password):
        return Label(
            "新密码过于常见或有规律，请更换。", "The password is too common or too regular."
        )
    return None


def _everybody_tries(password: str) -> bool:
    """Return whether little is left without common words, or it only repeats itself."""
    rest = password.lower()
    for word in EVERYBODY_TRIES:
        rest = rest.replace(word, "")
    repeats = any(
        password == (password[:n] * len(password))[: len(password)] for n in range(1, SHORTEST // 2)
    )
    steps = {ord(b) - ord(a) for a, b in pairwise(password)}
    return len(rest) < LEFT_OVER or repeats or len(steps) == 1


def store_password(tx: Transaction, person_id: int, password: str, at: datetime) -> None:
    """Set a person's password; the policy has been checked."""
    tx.run(
        """UPDATE identity.person SET password_hash = %(hash)s, password_changed_at = %(at)s
           WHERE id = %(person)s""",
        {"hash": password_hash(password), "at": at, "person": person_id},
    )
