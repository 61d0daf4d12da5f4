"""Reads transfers for a page: what an application did to the ledger, with serial ranges."""

from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction
from app.domain.label import Label


@dataclass(frozen=True, slots=True)
class Leg:
    """One line of a transfer and the serial ranges (first, last) that it concerns."""

    code: str
    name: str
    name_en: str
    unit_type: str
    quantity: int
    from_account: str
    to_account: str
    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class TransferView:
    """A transfer, its state (reserved, posted, voided), its legs, and what reversed it."""

    id: int
    type: str
    label: Label
    state: str
    proposed_at: datetime
    resolved_at: datetime | None
    reverses_id: int | None
    reversed_by: int | None
    document_number: str | None
    legs: tuple[Leg, ...]


TRANSFERS = """
SELECT t.id, t.type, k.name, k.name_en, coalesce(e.kind, 'reserved'), t.at, e.at, t.reverses_id,
       x.id, o.document_number
FROM ledger.transfer t
JOIN ledger.transaction_type k ON k.code = t.type
LEFT JOIN ledger.transfer_event e ON e.transfer_id = t.id AND (e.kind = 'reserved') = false
LEFT JOIN ledger.transfer x ON x.reverses_id = t.id
LEFT JOIN ledger.direct_order o ON o.transfer_id = t.id
WHERE t.id = ANY (%(ids)s) ORDER BY t.id"""
LEGS = """
SELECT l.transfer_id, i.code, i.name, i.name_en, i.unit_type, l.quantity, f.number, o.number,
       coalesce((SELECT array_agg(ARRAY[lower(e.serials), upper(e.serials) - 1] ORDER BY e.no)
                 FROM ledger.entry e WHERE e.event_id = v.id
                   AND e.instrument_id = l.instrument_id
                   AND (v.kind <> 'posted' OR e.to_account_id = l.to_account_id)), '{}')
FROM ledger.transfer_line l
JOIN ledger.instrument i ON i.id = l.instrument_id
JOIN identity.account f ON f.id = l.from_account_id
JOIN identity.account o ON o.id = l.to_account_id
JOIN LATERAL (SELECT v.id, v.kind FROM ledger.transfer_event v WHERE v.transfer_id = l.transfer_id
              ORDER BY v.id DESC LIMIT 1) v ON true
WHERE l.transfer_id = ANY (%(ids)s) ORDER BY l.transfer_id, l.no"""


def transfers_of_instance(tx: Transaction, instance_id: int) -> list[TransferView]:
    """Return the transfers that an application caused, oldest first."""
    rows = tx.all(
        "SELECT id FROM ledger.transfer WHERE instance_id = %(i)s ORDER BY id", {"i": instance_id}
    )
    return transfers(tx, [row[0] for row in rows])


def transfers(tx: Transaction, ids: list[int]) -> list[TransferView]:
    """Return transfers by id, oldest first; unknown ids are left out."""
    legs: dict[int, list[Leg]] = {}
    for transfer, *leg, ranges in tx.all(LEGS, {"ids": ids}):
        leg.append(tuple((first, last) for first, last in ranges))
        legs.setdefault(transfer, []).append(Leg(*leg))
    return [
        TransferView(*[id_, type_, Label(zh, en), *rest, tuple(legs.get(id_, ()))])
        for id_, type_, zh, en, *rest in tx.all(TRANSFERS, {"ids": ids})
    ]
