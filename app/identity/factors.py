"""What a person must prove first to sign in: a list of factors, each a function (M4, R23).

Every factor runs on every attempt, also for a member number that does not exist: the answer and
the time it takes tell an attacker nothing. The certificate comes afterwards, from those who have
proved these (app.services.signing.proof): it signs a number that is drawn for them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction
from app.identity.passwords import is_outdated, matches, password_hash


@dataclass(frozen=True, slots=True)
class Member:
    """A person as sign-in knows them."""

    person_id: int
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to sign in: what was typed, by whom it says it is, and when."""

    member_no: str
    given: Mapping[str, str]
    at: datetime


Factor = Callable[[Transaction, Attempt, Member | None], bool]


def password_factor(tx: Transaction, attempt: Attempt, member: Member | None) -> bool:
    """Return whether the password is the member's; a person opened in bulk has none yet."""
    stored = member.password_hash if member else None
    password = attempt.given.get("password", "")
    right = matches(stored, password)
    if right and member and stored and is_outdated(stored):
        tx.run(
            "UPDATE identity.person SET password_hash = %(hash)s WHERE id = %(person)s",
            {"hash": password_hash(password), "person": member.person_id},
        )
    return right


FACTORS: tuple[Factor, ...] = (password_factor,)


def proved(tx: Transaction, attempt: Attempt, member: Member | None) -> bool:
    """Return whether every factor is proved; none is left out after the first failure."""
    results = [factor(tx, attempt, member) for factor in FACTORS]
    return member is not None and all(results)


def member_by_number(tx: Transaction, member_no: str) -> Member | None:
    """Return the open person with a member number (B13)."""
    row = tx.one(
        """SELECT id, password_hash FROM identity.person
           WHERE member_no = %(number)s AND closed_at IS NULL""",
        {"number": member_no},
    )
    return Member(*row) if row else None
