"""What the numbered checks ask about a transfer that somebody wants to reverse (S20, S21)."""

from datetime import datetime

from app.db import Transaction
from app.domain.checks.facts import ReversalFacts


def reversal_facts(tx: Transaction, transfer_id: int) -> ReversalFacts | None:
    """Return what reversed a posted transfer, and how many of its tonnes lie elsewhere now.

    None: there is no such posted transfer.
    """
    row = tx.one(
        """SELECT x.id,
                  (sum(upper(e.serials) - lower(e.serials))
                   - coalesce(sum(there.tonnes), 0))::bigint
           FROM ledger.transfer_event v
           JOIN ledger.entry e ON e.event_id = v.id
           LEFT JOIN ledger.transfer x ON x.reverses_id = v.transfer_id
           LEFT JOIN LATERAL (
               SELECT sum(upper(b.serials * e.serials) - lower(b.serials * e.serials)) AS tonnes
               FROM ledger.unit_block b
               WHERE b.serials && e.serials AND b.account_id = e.to_account_id
                 AND b.position = e.to_position) there ON true
           WHERE v.transfer_id = %(id)s AND v.kind = 'posted' GROUP BY x.id""",
        {"id": transfer_id},
    )
    return ReversalFacts(transfer_id, *row) if row else None


def reversed_at(tx: Transaction, transfer_id: int) -> datetime | None:
    """Return when a transfer was reversed, None while it stands."""
    sql = "SELECT at FROM ledger.transfer WHERE reverses_id = %(id)s"
    row = tx.one(sql, {"id": transfer_id})
    return row[0] if row else None
