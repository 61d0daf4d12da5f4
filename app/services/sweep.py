"""What is due: timers of instances, bulk reviews, lines of the outbox; one worker picks up each.

A lost queue loses nothing: the rows are here. SKIP LOCKED lets workers share the list; each item
is its own transaction, so one that fails does not hold up the others.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

import psycopg2

from app.db import Transaction
from app.failpoints import reached
from app.services.advance import advance
from app.services.bulk.work import work_one
from app.services.context import Context
from app.services.credentials.expiry import remind_one
from app.services.instance import load
from app.services.outbox import deliver
from app.services.step import Decided, Step

log = logging.getLogger(__name__)
GIVE_UP = 8  # attempts at an outbox line; then an operator sees it and may retry
FAILURES = 500  # characters kept of an error


@dataclass(frozen=True, slots=True)
class Swept:
    """How many timers fired and outbox lines were delivered, and how many items failed.

    ``reviewed`` are the tasks of bulk reviews that were dealt with, decided or not; ``reminded``
    those who were told that their certificate runs out.
    """

    timers: int = 0
    delivered: int = 0
    failed: int = 0
    reviewed: int = 0
    reminded: int = 0


def sweep(ctx: Context, limit: int = 200) -> Swept:
    """Do up to ``limit`` due items of each kind and return what was done."""
    timers = delivered = failed = reviewed = reminded = 0
    while timers + failed < limit and (done := _wake_one(ctx)) is not None:
        timers, failed = timers + done, failed + (not done)
    while reviewed < limit and work_one(ctx):
        reviewed += 1
    while reminded < limit and remind_one(ctx):
        reminded += 1
    while delivered + failed < limit and (done := _deliver_one(ctx)) is not None:
        delivered, failed = delivered + done, failed + (not done)
    return Swept(timers, delivered, failed, reviewed, reminded)


def _wake_one(ctx: Context) -> bool | None:
    """Fire the timers of one due instance; None when none is due."""
    due = 0
    try:
        with ctx.database.transaction() as tx:
            row = tx.one(
                """SELECT i.id FROM workflow.instance i
                    WHERE i.wake_at <= %(now)s AND i.status = 'open' AND i.stuck = ''
                    ORDER BY i.wake_at LIMIT 1 FOR UPDATE OF i SKIP LOCKED""",
                {"now": ctx.clock.now()},
            )
            if row is None:
                return None
            due = row[0]
            instance = load(tx, due)
            step = Step(
                tx=tx,
                instance=instance,
                actor=None,
                at=ctx.clock.now(),
                decided=Decided("timer", 1, "timer", "system"),
                content=instance.content,
            )
            advance(ctx, step, lambda run: run.fire_timers())
            reached("timer_fired")
    except (psycopg2.OperationalError, psycopg2.InterfaceError):
        raise  # the database went away: nothing is wrong with the instance
    except Exception as error:
        log.exception("instance %s is stuck", due)
        _mark_stuck(ctx, due, error)
        return False
    return True


def _mark_stuck(ctx: Context, instance_id: int, error: Exception) -> None:
    with ctx.database.transaction() as tx:
        tx.run(
            "UPDATE workflow.instance SET stuck = %(why)s WHERE id = %(id)s",
            {"id": instance_id, "why": f"{type(error).__name__}: {error}"[:FAILURES]},
        )


def _deliver_one(ctx: Context) -> bool | None:
    """Deliver one due outbox line; None when none is due.

    The lock leaves the line's key alone: what a delivery records may point at its line.
    """
    with ctx.database.transaction() as tx:
        row = tx.one(
            """SELECT id, kind, payload, attempts FROM workflow.outbox
               WHERE done_at IS NULL AND due_at <= %(now)s AND attempts < %(most)s
               ORDER BY due_at, id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED""",
            {"now": ctx.clock.now(), "most": GIVE_UP},
        )
        if row is None:
            return None
        number, kind, payload, attempts = row
        try:
            deliver(ctx, kind, payload, number)
            reached("outbox_delivered")
        except Exception as error:  # noqa: BLE001 - tried again later, and seen by the operator
            log.warning("outbox line %s failed: %s", number, error)
            _postpone(ctx, tx, number, attempts, error)
            return False
        tx.run(
            "UPDATE workflow.outbox SET done_at = %(now)s WHERE id = %(id)s",
            {"now": ctx.clock.now(), "id": number},
        )
        return True


def _postpone(ctx: Context, tx: Transaction, number: int, attempts: int, error: Exception) -> None:
    """Try again later, each time after twice as long."""
    tx.run(
        """UPDATE workflow.outbox SET attempts = attempts + 1, error = %(error)s,
               due_at = %(due)s WHERE id = %(id)s""",
        {
            "id": number,
            "error": f"{type(error).__name__}: {error}"[:FAILURES],
            "due": ctx.clock.now() + timedelta(seconds=10 * 2**attempts),
        },
    )
