"""Holdings as they were at an instant (F28): counted from the journal, not from the blocks.

An event counts from its own time on. The journal says the same as the blocks about the present
(a property test), so that the position of any past day is as sure as today's.
"""

from datetime import datetime
from typing import Any

from app.db import Transaction
from app.ledger.holdings import Holding, Reservation, accounts_of, reservations_by_instrument

# A movement within one account stands once in the journal: it leaves and enters there.
POSITIONS = """
SELECT i.id, i.code, i.name, i.name_en, i.unit_type, i.year,
       coalesce(sum(q) FILTER (WHERE position = 'registry_available'), 0)::bigint,
       coalesce(sum(q) FILTER (WHERE position = 'registry_frozen'), 0)::bigint,
       coalesce(sum(q) FILTER (WHERE position = 'registry_reserved'), 0)::bigint,
       coalesce(sum(q) FILTER (WHERE position = 'registry_pending_transfer'), 0)::bigint,
       coalesce(sum(q) FILTER (WHERE position = 'trading_held'), 0)::bigint,
       coalesce(sum(q) FILTER (WHERE position = 'trading_pending_transfer'), 0)::bigint
FROM (
    SELECT e.instrument_id, p.position, p.sign * (upper(e.serials) - lower(e.serials)) AS q
    FROM ledger.entry e JOIN ledger.transfer_event v ON v.id = e.event_id,
    LATERAL (VALUES (e.to_position, 1), (CASE WHEN e.from_account_id = e.to_account_id
                                              THEN e.from_position END, -1)) AS p(position, sign)
    WHERE e.to_account_id = ANY (%(accounts)s) AND v.at < %(until)s
    UNION ALL
    SELECT e.instrument_id, e.from_position, -(upper(e.serials) - lower(e.serials))
    FROM ledger.entry e JOIN ledger.transfer_event v ON v.id = e.event_id
    WHERE e.from_account_id = ANY (%(accounts)s) AND e.from_account_id <> e.to_account_id
      AND v.at < %(until)s
) moved
JOIN ledger.instrument i ON i.id = moved.instrument_id
WHERE moved.position IS NOT NULL
GROUP BY i.id HAVING sum(q) <> 0 ORDER BY i.unit_type, i.code"""

# Held for a transfer that was proposed before the instant, and not yet resolved at it.
RESERVATIONS = """
SELECT e.instrument_id, e.to_position, t.id, t.instance_id, k.name, k.name_en, t.at,
       sum(upper(e.serials) - lower(e.serials))::bigint
FROM ledger.entry e
JOIN ledger.transfer_event v ON v.id = e.event_id AND v.kind = 'reserved' AND v.at < %(until)s
JOIN ledger.transfer t ON t.id = v.transfer_id
JOIN ledger.transaction_type k ON k.code = t.type
WHERE e.to_account_id = ANY (%(accounts)s)
  AND NOT EXISTS (SELECT FROM ledger.transfer_event r WHERE r.transfer_id = t.id
                  AND (r.kind = 'reserved') = false AND r.at < %(until)s)
GROUP BY e.instrument_id, e.to_position, t.id, k.code ORDER BY t.id"""


def holdings_as_of(tx: Transaction, account_id: int, until: datetime) -> list[Holding]:
    """Return D1-D7 of an account and its linked ones, of all that happened before an instant."""
    asked: dict[str, Any] = {"accounts": accounts_of(tx, account_id), "until": until}
    held_for: dict[int, list[Reservation]] = reservations_by_instrument(tx.all(RESERVATIONS, asked))
    return [Holding(*[*row, tuple(held_for.get(row[0], ()))]) for row in tx.all(POSITIONS, asked)]
