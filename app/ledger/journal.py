"""The ledger's movements of one application: each with its serial ranges, in order (W13)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction
from app.domain.label import Label

ACTIONS = {
    "reserved": Label("预留", "Reserve"),
    "posted": Label("入账", "Post"),
    "voided": Label("释放", "Void"),
}


@dataclass(frozen=True, slots=True)
class Movement:
    """Some ranges of one instrument went from one place to another; quantity in whole tonnes."""

    transfer_id: int
    type: Label
    kind: str
    at: datetime
    instrument_code: str
    instrument: Label
    from_account: Label
    from_position: str | None
    to_account: Label
    to_position: str
    quantity: int
    serials: tuple[tuple[int, int], ...]
    to_holder_id: int

    @property
    def action(self) -> Label:
        """The event in words."""
        return ACTIONS[self.kind]


def movements_of(tx: Transaction, instance_id: int) -> list[Movement]:
    """Return every movement that an application caused, oldest first."""
    rows = tx.all(
        """SELECT t.id, k.name, k.name_en, e.kind, e.at, i.code, i.name, i.name_en,
               f.name, f.number, n.from_position, o.name, o.number, n.to_position,
               sum(upper(n.serials) - lower(n.serials))::bigint,
               array_agg(lower(n.serials) ORDER BY n.no),
               array_agg(upper(n.serials) - 1 ORDER BY n.no), o.holder_id
           FROM ledger.transfer t
           JOIN ledger.transaction_type k ON k.code = t.type
           JOIN ledger.transfer_event e ON e.transfer_id = t.id
           JOIN ledger.entry n ON n.event_id = e.id
           JOIN ledger.instrument i ON i.id = n.instrument_id
           JOIN identity.account f ON f.id = n.from_account_id
           JOIN identity.account o ON o.id = n.to_account_id
           WHERE t.instance_id = %(instance)s
           GROUP BY t.id, k.name, k.name_en, e.id, e.kind, e.at, i.id, f.id, n.from_position, o.id,
               n.to_position
           ORDER BY e.id, min(n.no)""",
        {"instance": instance_id},
    )
    return [
        Movement(
            transfer_id=row[0],
            type=Label(row[1], row[2]),
            kind=row[3],
            at=row[4],
            instrument_code=row[5],
            instrument=Label(row[6], row[7] or row[6]),
            from_account=Label(row[8], row[8]),
            from_position=row[10],
            to_account=Label(row[11], row[11]),
            to_position=row[13],
            quantity=row[14],
            serials=joined(zip(row[15], row[16], strict=True)),
            to_holder_id=row[17],
        )
        for row in rows
    ]


def joined(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return inclusive serial ranges in order, neighbours made one."""
    result: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if result and result[-1][1] + 1 == first:
            result[-1] = (result[-1][0], last)
        else:
            result.append((first, last))
    return tuple(result)
