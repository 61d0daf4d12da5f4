"""Who is told: the people of a holder who may decide, and whoever claimed the task (G21, W2)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from app.db import Transaction
from app.identity.delegations import deputies_of_all

CHANNELS = ("email", "sms")
KINDS = ("task", "notice")
# An SMS costs money and disturbs: only who asks for it gets it.
DEFAULTS = {"email": True, "sms": False}


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person told on behalf of a holder. ``reachable`` are the channels with an address."""

    person_id: int
    holder_id: int
    reachable: frozenset[str]
    choices: frozenset[tuple[str, str, bool]]

    def wants(self, channel: str, kind: str) -> bool:
        """Whether the person wants this kind of message over this channel."""
        if (channel, kind, True) in self.choices:
            return True
        return DEFAULTS[channel] and (channel, kind, False) not in self.choices


@dataclass(frozen=True, slots=True)
class Whose:
    """A holder to tell. ``account_id`` where only one account's people may act (R44)."""

    holder_id: int
    account_id: int | None
    claimers: frozenset[int] = frozenset()


def people(
    tx: Transaction, holders: Iterable[Whose], today: date, but: int | None
) -> list[Recipient]:
    """Return whom to tell, without the person ``but``: they know what they did.

    In the applicant's part everybody is told who may draft or decide, elsewhere who may decide.
    A claim narrows it to the claimer, as long as the claimer may still act, and to who stands in
    for the claimer on that day.
    """
    asked = {whose.holder_id: whose for whose in holders}
    rows = tx.all(
        """SELECT DISTINCT a.holder_id, p.id, p.email <> '', p.phone <> ''
           FROM unnest(%(holders)s::bigint[], %(accounts)s::bigint[]) AS w (holder, account)
           JOIN identity.account a ON a.holder_id = w.holder
               AND (w.account IS NULL OR a.id = w.account)
           JOIN identity.mandate m ON m.account_id = a.id
           JOIN identity.person p ON p.id = m.person_id
           WHERE a.status <> 'closed' AND p.closed_at IS NULL AND m.valid_from <= %(today)s
             AND (m.valid_to IS NULL OR m.valid_to >= %(today)s)
             AND (m.rights IN ('confirm', 'both')
                  OR (m.rights = 'initiate' AND w.account IS NOT NULL))
           ORDER BY p.id, a.holder_id""",
        {
            "holders": list(asked),
            "accounts": [whose.account_id for whose in asked.values()],
            "today": today,
        },
    )
    entitled = {holder: {p for h, p, *_ in rows if h == holder} for holder in asked}
    choices = _choices(tx, {row[1] for row in rows})
    standing_in = _standing_in(tx, asked.values(), today)
    found: dict[int, Recipient] = {}
    for holder, person, email, phone in rows:
        claimed = asked[holder].claimers & entitled[holder]
        deputies = standing_in[holder] & entitled[holder]
        if person == but or (claimed and person not in claimed | deputies):
            continue
        reachable = {c for c, known in zip(CHANNELS, (email, phone), strict=True) if known}
        found.setdefault(
            person,
            Recipient(person, holder, frozenset(reachable), choices.get(person, frozenset())),
        )
    return list(found.values())


def _standing_in(
    tx: Transaction, holders: Iterable[Whose], today: date
) -> dict[int, frozenset[int]]:
    """Return by holder who stands in today for those who have claimed its tasks."""
    holders = list(holders)
    claimers = frozenset().union(*(whose.claimers for whose in holders))
    deputies = deputies_of_all(tx, claimers, today) if claimers else {}
    return {
        whose.holder_id: frozenset(d.person_id for c in whose.claimers for d in deputies.get(c, ()))
        for whose in holders
    }


def _choices(
    tx: Transaction, persons: Collection[int]
) -> dict[int, frozenset[tuple[str, str, bool]]]:
    rows = tx.all(
        """SELECT person_id, channel, kind, wanted FROM messages.preference
           WHERE person_id = ANY (%(persons)s)""",
        {"persons": list(persons)},
    )
    return {
        person: frozenset((c, k, w) for p, c, k, w in rows if p == person)
        for person in {row[0] for row in rows}
    }
