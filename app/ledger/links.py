"""Links of custody: with whom a depositor is linked now (M19, R14, R15)."""

from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction
from app.domain.label import Label


@dataclass(frozen=True, slots=True)
class Link:
    """A depositor and a holder that its units may be returned to."""

    id: int
    depositor: Label
    recipient_id: int
    recipient_code: str
    recipient: Label
    instance_id: int | None
    at: datetime


def linked_with(tx: Transaction, depositor_id: int) -> frozenset[int]:
    """Return the ids of the holders that a depositor is linked with at this moment."""
    rows = tx.all(
        "SELECT recipient_id FROM ledger.custody_linked WHERE depositor_id = %(id)s",
        {"id": depositor_id},
    )
    return frozenset(row[0] for row in rows)


def links_of(tx: Transaction, depositor_id: int) -> list[Link]:
    """Return a depositor's links, in the order of the recipients' codes."""
    return _links(tx, "WHERE l.depositor_id = %(id)s", {"id": depositor_id})


def all_links(tx: Transaction) -> list[Link]:
    """Return all links that stand, in the order of the depositors' and recipients' codes."""
    return _links(tx, "", {})


def _links(tx: Transaction, rule: str, params: dict[str, int]) -> list[Link]:
    rows = tx.all(
        f"""SELECT l.id, d.name, d.name_en, r.id, r.code, r.name, r.name_en, l.instance_id, l.at
           FROM ledger.custody_linked l
           JOIN identity.holder d ON d.id = l.depositor_id
           JOIN identity.holder r ON r.id = l.recipient_id
           {rule} ORDER BY d.code, r.code""",  # noqa: S608 - a constant
        params,
    )
    return [
        Link(
            id=row[0],
            depositor=Label(row[1], row[2] or row[1]),
            recipient_id=row[3],
            recipient_code=row[4],
            recipient=Label(row[5], row[6] or row[5]),
            instance_id=row[7],
            at=row[8],
        )
        for row in rows
    ]
