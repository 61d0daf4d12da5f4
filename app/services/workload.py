"""What an operator watches: processes held up, jobs that failed, and how much waits."""

from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction
from app.domain.errors import Forbidden
from app.domain.label import Label
from app.identity.actor import Actor
from app.services.context import Context

OPERATORS = frozenset({"system_operator", "registry_operator"})
MOST = 100


@dataclass(frozen=True, slots=True)
class StuckProcess:
    """A process that could not go on by itself; its number, never its content."""

    id: int
    number: str
    process: Label
    reason: str
    wake_at: datetime | None


@dataclass(frozen=True, slots=True)
class FailedJob:
    """Something that was to be told to the outside and could not."""

    id: int
    kind: str
    attempts: int
    error: str
    created_at: datetime
    due_at: datetime


@dataclass(frozen=True)
class Workload:
    """The page's content. ``late`` is work that is due and not done."""

    stuck: tuple[StuckProcess, ...]
    failed: tuple[FailedJob, ...]
    waiting_jobs: int
    late_timers: int
    open_tasks: int
    open_processes: int


def workload(ctx: Context, actor: Actor) -> Workload:
    """Return what needs an operator; raises Forbidden for others."""
    if actor.role not in OPERATORS:
        raise Forbidden("只有运维人员可以查看本页。", "Only operators may see this page.")
    now = ctx.clock.now()
    with ctx.database.transaction() as tx:
        return Workload(
            _stuck(tx),
            _failed(tx),
            _number(tx, "workflow.outbox WHERE done_at IS NULL", now),
            _number(tx, "workflow.instance WHERE wake_at <= %(now)s AND status = 'open'", now),
            _number(tx, "workflow.task", now),
            _number(tx, "workflow.instance WHERE status = 'open'", now),
        )


def _stuck(tx: Transaction) -> tuple[StuckProcess, ...]:
    rows = tx.all(
        """SELECT i.id, i.number, b.name, b.name_en, i.stuck, i.wake_at
           FROM workflow.instance i JOIN workflow.bundle b ON b.hash = i.bundle_hash
           WHERE i.stuck <> '' ORDER BY i.id LIMIT %(most)s""",
        {"most": MOST},
    )
    return tuple(StuckProcess(r[0], r[1], Label(r[2], r[3] or r[2]), r[4], r[5]) for r in rows)


def _failed(tx: Transaction) -> tuple[FailedJob, ...]:
    rows = tx.all(
        """SELECT id, kind, attempts, error, created_at, due_at FROM workflow.outbox
           WHERE done_at IS NULL AND error <> '' ORDER BY due_at, id LIMIT %(most)s""",
        {"most": MOST},
    )
    return tuple(FailedJob(*row) for row in rows)


def _number(tx: Transaction, what: str, now: datetime) -> int:
    """Count up to a cap, so that the page stays quick beside a large backlog."""
    row = tx.one(
        f"SELECT count(*) FROM (SELECT FROM {what} LIMIT 10000) AS n",  # noqa: S608 - constants
        {"now": now},
    )
    return int(row[0]) if row else 0
