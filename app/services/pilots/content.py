"""What is handed to a pilot's own registry: instruments, quantities, serials (R52)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.db import Transaction
from app.ledger.journal import movements_of
from app.pilots.pilots import Pilot
from app.services.pilots.waiting import Waiting


def content_of(
    tx: Transaction, number: str, pilot: Pilot, at: datetime, ready: Sequence[Waiting]
) -> dict[str, Any]:
    """Return what is handed over; quantities and serials as text, like everywhere on record."""
    return {
        "type": "pilot-surrender-export/1",
        "number": number,
        "pilot": pilot.code,
        "pilot_name": pilot.name.zh,
        "made_at": at.isoformat(),
        "applications": [_application(tx, one) for one in ready],
    }


def _application(tx: Transaction, one: Waiting) -> dict[str, Any]:
    posted = [m for m in movements_of(tx, one.instance_id) if m.kind == "posted"]
    kinds = {row[0]: row for row in tx.all(
        """SELECT code, project_code, project_type, region, vintage FROM ledger.instrument
           WHERE code = ANY (%(codes)s)""",
        {"codes": [m.instrument_code for m in posted]},
    )}  # fmt: skip
    account = tx.one(
        """SELECT a.number FROM workflow.instance i
           JOIN identity.account a ON a.id = i.applicant_account_id WHERE i.id = %(id)s""",
        {"id": one.instance_id},
    )
    return {
        "number": one.number,
        "year": one.year,
        "holder_code": one.holder_code,
        "holder": one.holder.zh,
        "account": account[0] if account else "",
        "quantity": str(one.quantity),
        "cancelled_at": max(m.at for m in posted).isoformat(),
        "lines": [
            {
                "instrument": m.instrument_code,
                "name": m.instrument.zh,
                "project_code": kinds[m.instrument_code][1] or "",
                "project_type": kinds[m.instrument_code][2] or "",
                "region": kinds[m.instrument_code][3] or "",
                "vintage": str(kinds[m.instrument_code][4] or ""),
                "quantity": str(m.quantity),
                "serials": [[str(first), str(last)] for first, last in m.serials],
            }
            for m in sorted(posted, key=lambda m: m.instrument_code)
        ],
    }
