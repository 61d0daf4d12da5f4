"""The rehearsal from end to end: open, issue, distribute, notify, surrender, reconcile, verify.

Everybody signs with a key of their own: one that the server derives, in a database of its own.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from app.domain.clock import FixedClock, local_day
from app.ledger.verify import Report
from app.services.context import Context
from app.services.deployments import deploy_files
from app.services.rehearsal.figures import Figures, demanded, differences, reached
from app.services.rehearsal.market import OPENING_DAY, open_market
from app.services.rehearsal.play import applicants, issue_notices, play
from app.services.rehearsal.supply import supply
from app.services.rehearsal.year_file import Operator
from app.services.signing.software_people import equip, renew
from app.services.verify import verify

NOTICE_DAY = datetime(2022, 3, 1, 1, 0, tzinfo=UTC)
SURRENDER_DAY = datetime(2022, 4, 11, 1, 0, tzinfo=UTC)


class Bar(Protocol):
    """A progress bar of one phase."""

    def update(self, n_steps: int) -> None:
        """Count steps."""
        ...


Bars = Callable[[str, int], AbstractContextManager[Bar]]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What came out; ``unlike`` lists figures that are not what the file demands."""

    figures: Figures
    unlike: tuple[str, ...]
    report: Report
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether everything is as the file demands and the ledger verifies."""
        return not self.unlike and self.report.ok

    def as_json(self) -> dict[str, Any]:
        """Return the closing line of ``registry rehearse --json``."""
        return {
            **asdict(self.figures),
            "seconds": round(self.seconds, 2),
            "tasks_per_second": round(self.figures.human_tasks / max(self.seconds, 0.001), 1),
            "verify": "ok" if self.report.ok else "failed",
        }


def rehearse(
    ctx: Context, clock: FixedClock, operators: Sequence[Operator], bars: Bars
) -> Rehearsed:
    """Replay the year; ``ctx`` runs on ``clock``, which is moved through the year.

    A database in which an earlier rehearsal stopped is taken up where it stands.
    """
    began = time.monotonic()
    clock.set(OPENING_DAY)
    deploy_files(ctx)
    with bars("opening accounts", len(operators)) as bar:
        market = open_market(ctx, operators, bar.update)
        equip(ctx)
    with bars("issuing and allocating", 1) as bar:
        clock.set(OPENING_DAY + timedelta(days=30))
        supply(ctx, market, operators)
        bar.update(1)
    with bars("issuing notices", 1) as bar:
        clock.set(NOTICE_DAY)
        notices = issue_notices(ctx, market, operators)
        bar.update(1)
    wanted = applicants(operators, notices)
    with bars("surrendering", len(wanted)) as bar:
        clock.set(SURRENDER_DAY)
        renew(ctx)

        def next_one(done: int) -> None:
            day = local_day(clock.now())
            clock.advance(timedelta(minutes=7))
            if local_day(clock.now()) != day:
                renew(ctx)
            bar.update(done)

        play(ctx, market, wanted, next_one)
    report = verify(ctx)
    figures = reached(ctx)
    return Rehearsed(
        figures=figures,
        unlike=tuple(differences(demanded(operators), figures)),
        report=report,
        seconds=time.monotonic() - began,
    )
