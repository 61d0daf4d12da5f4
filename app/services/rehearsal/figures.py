"""What the rehearsal did, read back from the database, and what the file alone demands."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from app.db import Transaction
from app.services.context import Context
from app.services.rehearsal.play import EVERY
from app.services.rehearsal.year_file import Operator


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts and whole tonnes of a year."""

    operators: int
    notices: int
    issued: int
    allocated: int
    auctioned: int
    surrendered: int
    applications: int
    returned_once: int
    human_tasks: int


def demanded(operators: Sequence[Operator]) -> Figures:
    """Return what must come out, computed from the file alone."""
    surrendering = [o for o in operators if o.surrenders]
    returned = sum(o.status == "A" for o in surrendering) // EVERY
    allocated = sum(o.allocated for o in operators)
    auctioned = sum(o.auctioned for o in operators)
    return Figures(
        operators=len(operators),
        notices=sum(o.emissions > 0 for o in operators),
        issued=allocated + auctioned,
        allocated=allocated,
        auctioned=auctioned,
        surrendered=sum(o.surrenders for o in surrendering),
        applications=len(surrendering),
        returned_once=returned,
        human_tasks=2 * (len(surrendering) + returned),
    )


def reached(ctx: Context) -> Figures:
    """Return what the database holds: the journal, the decisions, the notices."""
    with ctx.database.transaction() as tx:
        return Figures(
            operators=_number(tx, "SELECT count(*) FROM identity.holder WHERE role = 'emitter'"),
            notices=_number(tx, "SELECT count(*) FROM compliance.notice"),
            issued=_posted(tx, "allowance_create"),
            allocated=_posted(tx, "provincial_allowance_allocation"),
            auctioned=_posted(tx, "auction_delivery"),
            surrendered=_posted(tx, "surrender"),
            applications=_number(tx, "SELECT count(*) FROM workflow.instance"),
            returned_once=_number(
                tx,
                """SELECT count(*) FROM (SELECT FROM workflow.decision WHERE verdict = 'return'
                   GROUP BY instance_id HAVING count(*) = 1) AS once""",
            ),
            human_tasks=_number(
                tx, "SELECT count(*) FROM workflow.decision WHERE kind = 'complete'"
            ),
        )


def differences(wanted: Figures, found: Figures) -> list[str]:
    """Return every figure that is not what the file demands."""
    return [
        f"{field.name}: {getattr(found, field.name)} instead of {getattr(wanted, field.name)}"
        for field in fields(wanted)
        if getattr(wanted, field.name) != getattr(found, field.name)
    ]


def _posted(tx: Transaction, transaction_type: str) -> int:
    """Return the tonnes that transfers of a type have posted, from the journal's entries."""
    row = tx.one(
        """SELECT coalesce(sum(upper(n.serials) - lower(n.serials)), 0)
           FROM ledger.transfer t
           JOIN ledger.transfer_event e ON e.transfer_id = t.id AND e.kind = 'posted'
           JOIN ledger.entry n ON n.event_id = e.id
           WHERE t.type = %(type)s""",
        {"type": transaction_type},
    )
    return int(row[0]) if row else 0


def _number(tx: Transaction, sql: str) -> int:
    row = tx.one(sql)
    return int(row[0]) if row else 0
