"""``registry verify``: the ledger from its journal alone, decisions by their signatures."""

from app.ledger import verify as ledger
from app.ledger.verify import Report
from app.services.context import Context
from app.services.signing.verify import compare


def verify(ctx: Context) -> Report:
    """Recompute the ledger, then hold every decision against its signature; changes nothing."""
    report = ledger.verify(ctx.database)
    compare(ctx, report)
    return report
