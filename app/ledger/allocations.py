"""配额发放查询 (M7, G1): allowances that an authority or an auction gave to a holder's accounts.

The manual's body of this query is missing; the fields are ours (G1). A row is one instrument of
one posted transfer into one account. What an authority has only proposed is no allocation yet.

The kind of an allocation (G1) is what its order gives as its reason when that is exactly one of
the words 预分配, 核定, 补充; without such a reason an allocation by a province is a verified one.
Auction deliveries and what is given back after a confiscation have kinds of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.label import Label

KINDS = {
    "pre": Label("预分配", "Pre-allocation"),
    "verified": Label("核定分配", "Verified allocation"),
    "supplementary": Label("补充分配", "Supplementary allocation"),
    "auction": Label("拍卖交付", "Auction delivery"),
    "give_back": Label("收缴退还", "Given back"),
}
REASONS = {"预分配": "pre", "核定": "verified", "补充": "supplementary"}
TYPES = ("provincial_allowance_allocation", "auction_delivery", "give_back")
STATES = {
    "posted": Label("已到账", "Received"),
    "reversed": Label("已撤销", "Reversed"),
}

ALLOCATIONS = """
SELECT v.id AS event_id, i.id AS instrument_id, a.id AS account_id, t.id AS transfer_id,
       coalesce(w.document_number, '') AS batch, t.instance_id, coalesce(i.year, 0) AS year,
       i.code, i.name, i.name_en, v.at, a.number AS account, g.name AS giver,
       g.name_en AS giver_en, t.reason, min(c.kind) AS kind,
       sum(upper(e.serials) - lower(e.serials))::bigint AS quantity,
       CASE WHEN EXISTS (SELECT FROM ledger.transfer x WHERE x.reverses_id = t.id)
            THEN 'reversed' ELSE 'posted' END AS state
FROM ledger.entry e
JOIN ledger.transfer_event v ON v.id = e.event_id AND v.kind = 'posted'
JOIN ledger.transfer t ON t.id = v.transfer_id AND t.type = ANY (%(types)s)
JOIN ledger.instrument i ON i.id = e.instrument_id
JOIN identity.account a ON a.id = e.to_account_id
JOIN identity.account f ON f.id = e.from_account_id
JOIN identity.holder g ON g.id = f.holder_id
LEFT JOIN ledger.direct_order w ON w.transfer_id = t.id
CROSS JOIN LATERAL (SELECT CASE t.type WHEN 'auction_delivery' THEN 'auction'
    WHEN 'give_back' THEN 'give_back'
    ELSE coalesce(%(reasons)s::jsonb->>btrim(t.reason), 'verified') END AS kind) c
WHERE e.to_account_id = ANY (%(accounts)s)
GROUP BY v.id, i.id, a.id, t.id, w.document_number, g.id"""


@dataclass(frozen=True, slots=True)
class Allocation:
    """One allocation: batch (document of the order, else the application's number), tonnes."""

    transfer_id: int
    batch: str
    year: int
    code: str
    name: Label
    quantity: int
    at: datetime
    kind: Label
    state: str
    account: str
    giver: Label
    reason: str


def allocation(row: Mapping[str, Any], number: str) -> Allocation:
    """Return a row of ``ALLOCATIONS``; ``number`` is that of the application it came from."""
    return Allocation(
        transfer_id=row["transfer_id"],
        batch=row["batch"] or number,
        year=row["year"],
        code=row["code"],
        name=Label(row["name"], row["name_en"] or row["name"]),
        quantity=row["quantity"],
        at=row["at"],
        kind=KINDS[row["kind"]],
        state=row["state"],
        account=row["account"],
        giver=Label(row["giver"], row["giver_en"] or row["giver"]),
        reason="" if row["reason"].strip() in REASONS else row["reason"],
    )
