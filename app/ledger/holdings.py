"""Holdings (M26, F28): D1-D7 per instrument, summed over blocks; nothing else is stored.

A holding is a holding account and the trading accounts linked with it. R3 (the total is the sum
of its five parts) holds by construction. Units reserved for an application count as frozen (D2),
with the application named. D6 is D3 under another name (G13).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.db import Transaction
from app.domain.label import Label

HOLDINGS = """
SELECT i.id, i.code, i.name, i.name_en, i.unit_type, i.year,
       coalesce(sum(q) FILTER (WHERE position = 'registry_available'), 0)::bigint,
       coalesce(sum(q) FILTER (WHERE position = 'registry_frozen'), 0)::bigint,
       coalesce(sum(q) FILTER (WHERE position = 'registry_reserved'), 0)::bigint,
       coalesce(sum(q) FILTER (WHERE position = 'registry_pending_transfer'), 0)::bigint,
       coalesce(sum(q) FILTER (WHERE position = 'trading_held'), 0)::bigint,
       coalesce(sum(q) FILTER (WHERE position = 'trading_pending_transfer'), 0)::bigint
FROM (SELECT b.instrument_id, b.position, upper(b.serials) - lower(b.serials) AS q
      FROM ledger.unit_block b WHERE b.account_id = ANY (%(accounts)s)) b
JOIN ledger.instrument i ON i.id = b.instrument_id
GROUP BY i.id ORDER BY i.unit_type, i.code"""

RESERVATIONS = """
SELECT b.instrument_id, b.position, t.id, t.instance_id, k.name, k.name_en, t.at,
       sum(upper(b.serials) - lower(b.serials))::bigint
FROM ledger.unit_block b
JOIN ledger.transfer t ON t.id = b.transfer_id
JOIN ledger.transaction_type k ON k.code = t.type
WHERE b.account_id = ANY (%(accounts)s) AND b.transfer_id IS NOT NULL
GROUP BY b.instrument_id, b.position, t.id, k.code ORDER BY t.id"""


@dataclass(frozen=True, slots=True)
class Reservation:
    """Units held for a pending transfer, and the application that they are held for."""

    instrument_id: int
    position: str
    transfer_id: int
    instance_id: int | None
    type: Label
    at: Any
    quantity: int


@dataclass(frozen=True, slots=True)
class Holding:
    """What a holder has of one instrument, in whole tonnes."""

    instrument_id: int
    code: str
    name: str
    name_en: str
    unit_type: str
    year: int | None
    registry_available: int
    frozen: int
    reserved: int
    registry_pending_transfer: int
    trading_held: int
    trading_pending_transfer: int
    reservations: tuple[Reservation, ...] = ()

    @property
    def registry_frozen(self) -> int:
        """D2: frozen by an authority, or reserved for an application."""
        return self.frozen + self.reserved

    @property
    def pending_to_trading(self) -> int:
        """D6: the same units as D3 (G13)."""
        return self.registry_pending_transfer

    @property
    def total(self) -> int:
        """D7 = D1 + D2 + D3 + D4 + D5 (R3)."""
        return (
            self.registry_available
            + self.registry_frozen
            + self.registry_pending_transfer
            + self.trading_held
            + self.trading_pending_transfer
        )


@dataclass(frozen=True, slots=True)
class Lot:
    """A custody lot of a depositor: what was put in, what is pending, what remains (M18, R37)."""

    id: int
    transfer_id: int
    instrument_id: int
    code: str
    name: str
    name_en: str
    quantity: int
    reserved: int
    returned: int
    remaining: int
    ranges: tuple[tuple[int, int], ...]
    opened_at: Any


def accounts_of(tx: Transaction, account_id: int) -> list[int]:
    """Return the holding account and the trading accounts linked with it.

    Asked for a trading account, it is the same holding: the account that it is linked with.
    """
    rows = tx.all(
        """WITH held AS (SELECT coalesce(a.linked_account_id, a.id) AS id
                         FROM identity.account a WHERE a.id = %(a)s)
           SELECT id FROM held
           UNION SELECT a.id FROM identity.account a JOIN held ON a.linked_account_id = held.id
           ORDER BY id""",
        {"a": account_id},
    )
    return [row[0] for row in rows]


def holdings(tx: Transaction, account_id: int) -> list[Holding]:
    """Return the holding of an account and its linked ones, instrument by instrument."""
    accounts = {"accounts": accounts_of(tx, account_id)}
    held_for = reservations_by_instrument(tx.all(RESERVATIONS, accounts))
    return [Holding(*[*row, tuple(held_for.get(row[0], ()))]) for row in tx.all(HOLDINGS, accounts)]


def reservations_by_instrument(
    rows: Iterable[Sequence[Any]],
) -> dict[int, list[Reservation]]:
    """Return what is held for pending transfers, by instrument."""
    held_for: dict[int, list[Reservation]] = {}
    for instrument, position, transfer, instance, name, name_en, at, tonnes in rows:
        reservation = Reservation(
            instrument, position, transfer, instance, Label(name, name_en), at, tonnes
        )
        held_for.setdefault(instrument, []).append(reservation)
    return held_for


def lots(tx: Transaction, depositor_account_id: int) -> list[Lot]:
    """Return a depositor's custody lots; units in custody are no part of D7 (M17)."""
    rows = tx.all(
        """SELECT c.id, c.transfer_id, i.id, i.code, i.name, i.name_en, c.quantity, c.reserved,
                  c.returned, c.remaining,
                  coalesce(array_agg(ARRAY[lower(b.serials), upper(b.serials) - 1]
                           ORDER BY lower(b.serials)) FILTER (WHERE b.id IS NOT NULL), '{}'),
                  c.opened_at
           FROM ledger.custody_lot c
           JOIN ledger.instrument i ON i.id = c.instrument_id
           LEFT JOIN ledger.unit_block b ON b.custody_lot_id = c.id
           WHERE c.depositor_account_id = %(a)s
           GROUP BY c.id, i.id ORDER BY c.id""",
        {"a": depositor_account_id},
    )
    return [Lot(*[*row[:10], _ranges(row[10]), row[11]]) for row in rows]


def _ranges(pairs: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((first, last) for first, last in pairs)
