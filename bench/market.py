"""The market of the bench: emitters with units and a notice each, far more than they will use."""

from dataclasses import dataclass

from app.domain.clock import local_day
from app.identity.actor import Actor
from app.identity.mandates import ACTOR
from app.services.context import Context
from app.services.deployments import deploy_files
from app.services.rehearsal.market import actor, open_market
from app.services.rehearsal.play import issue_notices
from app.services.rehearsal.supply import INSTRUMENT, supply
from app.services.rehearsal.year_file import Operator

PROCESS = "compliance"
QUANTITY = "100"  # tonnes of one application
HELD = 10**9  # tonnes of each emitter, and its obligation
REGULATORS = tuple(f"R{n:02d}" for n in range(1, 32))


@dataclass(frozen=True, slots=True)
class Applicant:
    """An emitter's person, the officer who reviews, and the notice it answers."""

    emitter: Actor
    officer: Actor
    notice_id: int


def open_up(ctx: Context, emitters: int) -> None:
    """Deploy the diagrams; open the emitters, give each its units and its notice."""
    deploy_files(ctx)
    operators = [
        Operator(n, REGULATORS[n % len(REGULATORS)], str(n), f"Works {n}", HELD, 0, HELD, "A")
        for n in range(emitters)
    ]
    market = open_market(ctx, operators, lambda _: None)
    supply(ctx, market, operators)
    issue_notices(ctx, market, operators)


def applicants(ctx: Context) -> list[Applicant]:
    """Return every emitter with the second officer of its province."""
    officers = {
        found.holder_id: found
        for found in (actor(ctx, f"8000000{place:03d}2") for place in range(len(REGULATORS)))
    }
    with ctx.database.transaction() as tx:
        rows = tx.all(
            f"""SELECT n.id, {ACTOR} FROM compliance.notice n
                JOIN identity.account a ON a.id = n.account_id
                JOIN identity.holder h ON h.id = a.holder_id
                JOIN identity.mandate m ON m.account_id = a.id
                    AND m.valid_from <= %(today)s
                JOIN identity.person p ON p.id = m.person_id
                ORDER BY n.id""",  # noqa: S608 - the columns are a constant
            {"today": local_day(ctx.clock.now())},
        )
    emitters = [(notice, Actor(*who)) for notice, *who in rows]
    return [Applicant(e, officers[e.province_id or 0], notice) for notice, e in emitters]


FORM = {"lines": [{"instrument": INSTRUMENT, "quantity": QUANTITY}]}
