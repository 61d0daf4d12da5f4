"""通知设置: what a person wants to be told by e-mail and SMS, and where it goes (G31)."""

from collections.abc import Collection
from dataclasses import dataclass

from app.db import Transaction
from app.identity.actor import Actor
from app.services.context import Context
from app.services.history import note
from app.services.telling.audience import CHANNELS, DEFAULTS, KINDS


@dataclass(frozen=True, slots=True)
class Settings:
    """A person's choices; addresses masked, so that a screen tells nobody else."""

    email: str
    phone: str
    wanted: frozenset[tuple[str, str]]


def settings_of(ctx: Context, actor: Actor) -> Settings:
    """Return the actor's own settings."""
    with ctx.database.transaction() as tx:
        row = tx.one(
            "SELECT email, phone FROM identity.person WHERE id = %(p)s", {"p": actor.person_id}
        )
        email, phone = row or ("", "")
        return Settings(masked_email(email), masked_phone(phone), _wanted(tx, actor.person_id))


def choose(ctx: Context, actor: Actor, wanted: Collection[tuple[str, str]]) -> None:
    """Keep the actor's own choices; (channel, kind) pairs that are unknown change nothing."""
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        before = _wanted(tx, actor.person_id)
        for channel in CHANNELS:
            for kind in KINDS:
                tx.run(
                    """INSERT INTO messages.preference AS p (person_id, channel, kind, wanted, at)
                       VALUES (%(person)s, %(channel)s, %(kind)s, %(wanted)s, %(at)s)
                       ON CONFLICT (person_id, channel, kind) DO UPDATE
                           SET wanted = excluded.wanted, at = excluded.at
                           WHERE p.wanted <> excluded.wanted""",
                    {
                        "person": actor.person_id,
                        "channel": channel,
                        "kind": kind,
                        "wanted": (channel, kind) in wanted,
                        "at": at,
                    },
                )
        after = _wanted(tx, actor.person_id)
        if after != before:
            data = {"wanted": sorted(f"{channel}:{kind}" for channel, kind in after)}
            subject = f"person:{actor.person_id}"
            note(tx, at, actor, "messages:preference:chosen", subject, data)


def _wanted(tx: Transaction, person: int) -> frozenset[tuple[str, str]]:
    rows = tx.all(
        "SELECT channel, kind, wanted FROM messages.preference WHERE person_id = %(p)s",
        {"p": person},
    )
    chosen = {(channel, kind): wanted for channel, kind, wanted in rows}
    pairs = ((channel, kind) for channel in CHANNELS for kind in KINDS)
    return frozenset(pair for pair in pairs if chosen.get(pair, DEFAULTS[pair[0]]))


def masked_email(address: str) -> str:
    """Return z***@example.com; nothing stays nothing."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}***{at}{domain}" if at else ("***" if address else "")


def masked_phone(number: str) -> str:
    """Return 138****1234; a short number shows only its last two digits."""
    if len(number) < 9:
        return f"****{number[-2:]}" if number else ""
    return f"{number[:3]}****{number[-4:]}"
