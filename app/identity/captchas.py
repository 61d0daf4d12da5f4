"""Captcha answers: kept by the server, used once, gone after ten minutes.

They lie in PostgreSQL, not in Redis: signing in must go on when Redis is away.
"""

import secrets
from datetime import datetime, timedelta

from app.db import Transaction
from app.identity.token_text import new_token, token_hash

LENGTH = 5
LIFETIME = timedelta(minutes=10)
# Digits only: they are heard in any language, and read aloud by the audio captcha.
ALPHABET = "0123456789"


def new_captcha(tx: Transaction, at: datetime) -> tuple[str, str]:
    """Return a token for the page and the answer; what has expired is swept away."""
    tx.run(
        """DELETE FROM identity.captcha WHERE token_hash IN (
               SELECT token_hash FROM identity.captcha WHERE expires_at < %(at)s
               LIMIT 50 FOR UPDATE SKIP LOCKED)""",
        {"at": at},
    )
    token = new_token()
    answer = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    tx.run(
        """INSERT INTO identity.captcha (token_hash, answer, expires_at)
           VALUES (%(hash)s, %(answer)s, %(until)s)""",
        {"hash": token_hash(token), "answer": answer, "until": at + LIFETIME},
    )
    return token, answer


def captcha_answer(tx: Transaction, token: str, at: datetime) -> str | None:
    """Return the answer to draw or to speak, or None when it is used or expired."""
    row = tx.one(
        """SELECT answer FROM identity.captcha
           WHERE token_hash = %(hash)s AND expires_at >= %(at)s""",
        {"hash": token_hash(token), "at": at},
    )
    return row[0] if row else None


def captcha_solved(tx: Transaction, token: str, typed: str, at: datetime) -> bool:
    """Return whether the answer is right; it is used up either way."""
    row = tx.one(
        """DELETE FROM identity.captcha WHERE token_hash = %(hash)s
           RETURNING answer, expires_at""",
        {"hash": token_hash(token)},
    )
    if row is None or row[1] < at:
        return False
    return secrets.compare_digest(row[0].encode(), typed.strip().encode("utf-8", "replace"))
