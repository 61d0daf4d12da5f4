"""Keys of machine clients: scoped, expiring, revocable; only their hash is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.db import Transaction
from app.domain.label import Label
from app.identity.actor import Actor
from app.identity.mandates import actor_for
from app.identity.token_text import new_token, token_hash

PREFIX = "crt_"  # makes a token that lies in a log or a repository easy to find
LONGEST = 365  # days
USED_EVERY = timedelta(minutes=1)

SCOPES: dict[str, Label] = {
    "read": Label("查询", "Read"),
    "apply": Label("填写、提交、撤回申请", "Draft, submit and withdraw applications"),
    "review": Label("认领、审核", "Claim and review"),
    "operate": Label("运行维护", "Operate"),
}
OPERATORS = frozenset({"registry_operator", "system_operator"})


@dataclass(frozen=True, slots=True)
class TokenUse:
    """A valid token: who acts by it and what it may be used for."""

    token_id: int
    actor: Actor
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token as its owner sees it in the list; the token itself is never shown again."""

    id: int
    name: str
    scopes: tuple[str, ...]
    account_number: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None

    def state(self, at: datetime) -> str:
        """Return revoked, expired or valid."""
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at <= at else "valid"


def scopes_open_to(actor: Actor) -> tuple[str, ...]:
    """Return the scopes a person may give a token: never more than the mandate holds."""
    if actor.rights == "read" or actor.role == "auditor":
        return ("read",)
    return tuple(s for s in SCOPES if s != "operate" or actor.role in OPERATORS)


def write_token(
    tx: Transaction,
    actor: Actor,
    mandate_id: int,
    name: str,
    scopes: tuple[str, ...],
    at: datetime,
    expires_at: datetime,
) -> tuple[int, str]:
    """Make a token and return its id and text; this is the only time the text exists."""
    token = new_token(PREFIX)
    row = tx.one(
        """INSERT INTO identity.api_token
               (token_hash, person_id, mandate_id, name, scopes, created_at, expires_at)
           VALUES (%(hash)s, %(person)s, %(mandate)s, %(name)s, %(scopes)s, %(at)s, %(until)s)
           RETURNING id""",
        {
            "hash": token_hash(token),
            "person": actor.person_id,
            "mandate": mandate_id,
            "name": name,
            "scopes": list(scopes),
            "at": at,
            "until": expires_at,
        },
    )
    assert row is not None  # noqa: S101 -- RETURNING of one inserted row
    return int(row[0]), token


def authenticate_token(tx: Transaction, token: str, at: datetime, today: date) -> TokenUse | None:
    """Return who acts by a token and its scopes; None if unknown, expired or revoked.

    A token lives no longer than the mandate it was made under: when that ends, it is refused.
    """
    row = tx.one(
        """SELECT id, person_id, mandate_id, scopes, last_used_at FROM identity.api_token
           WHERE token_hash = %(hash)s AND revoked_at IS NULL AND expires_at > %(at)s""",
        {"hash": token_hash(token), "at": at},
    )
    if row is None:
        return None
    token_id, person_id, mandate_id, scopes, used = row
    actor = actor_for(tx, person_id, mandate_id, today)
    if actor is None:
        return None
    if used is None or at - used > USED_EVERY:
        tx.run(
            "UPDATE identity.api_token SET last_used_at = %(at)s WHERE id = %(id)s",
            {"at": at, "id": token_id},
        )
    return TokenUse(token_id, actor, frozenset(scopes) & frozenset(scopes_open_to(actor)))


def tokens_of(tx: Transaction, person_id: int) -> list[TokenView]:
    """Return a person's tokens, the newest first."""
    rows = tx.all(
        """SELECT t.id, t.name, t.scopes, a.number, t.created_at, t.expires_at, t.revoked_at,
                  t.last_used_at
           FROM identity.api_token t JOIN identity.mandate m ON m.id = t.mandate_id
           JOIN identity.account a ON a.id = m.account_id
           WHERE t.person_id = %(person)s ORDER BY t.id DESC""",
        {"person": person_id},
    )
    return [TokenView(i, name, tuple(s), *rest) for i, name, s, *rest in rows]


def revoke_token(tx: Transaction, person_id: int, token_id: int, at: datetime) -> bool:
    """Revoke one of the person's own tokens; return whether there was such a valid token."""
    return bool(
        tx.run(
            """UPDATE identity.api_token SET revoked_at = %(at)s
               WHERE id = %(id)s AND person_id = %(person)s AND revoked_at IS NULL""",
            {"at": at, "id": token_id, "person": person_id},
        )
    )


def revoke_tokens(tx: Transaction, person_ids: Sequence[int], at: datetime) -> int:
    """Revoke all tokens of people whose own key stands no more; return how many."""
    return tx.run(
        """UPDATE identity.api_token SET revoked_at = %(at)s
           WHERE person_id = ANY (%(persons)s) AND revoked_at IS NULL""",
        {"at": at, "persons": list(person_ids)},
    )
