"""Cancelled surrenders that wait to be exported by the authority of their pilot region (R52)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.db import Transaction
from app.domain.label import Label
from app.identity.actor import Actor
from app.services.context import Context
from app.services.pilots.region import own_within

PROCESS, TASK = "ccer_pilot_surrender", "export_surrender"  # the one step that exporting completes


@dataclass(frozen=True, slots=True)
class Waiting:
    """A cancelled surrender that waits to be exported; quantity in whole tonnes."""

    instance_id: int
    key: int
    number: str
    pilot: Label
    year: str
    holder: Label
    holder_code: str
    quantity: int
    since: datetime
    claimed_by: int | None


WAITING = """SELECT t.instance_id, t.key, i.number, p.name, p.name_en,
    i.content::jsonb->>'year', h.name, coalesce(nullif(h.name_en, ''), h.name), h.code,
    i.quantity, t.created_at, t.claimed_by, i.subject_id
    FROM workflow.task t JOIN workflow.instance i ON i.id = t.instance_id
    JOIN identity.holder h ON h.id = i.applicant_id
    JOIN pilots.pilot p ON p.id = i.subject_id
    WHERE t.holder_id = %(holder)s AND t.process_id = %(process)s AND t.element_id = %(task)s
      AND i.subject_kind = 'pilot'"""


def waiting(ctx: Context, actor: Actor, year: str = "") -> list[Waiting]:
    """Return what waits for the actor's export, oldest first; raises Forbidden for others."""
    with ctx.database.transaction() as tx:
        own_within(tx, actor)
        found = [waiting_of(row) for row in rows_of(tx, actor)]
    return [one for one in found if not year or one.year == year]


def rows_of(tx: Transaction, actor: Actor) -> list[tuple[Any, ...]]:
    """Return what waits, as rows; the last column is the pilot's id."""
    return tx.all(
        f"{WAITING} ORDER BY t.created_at, t.id",
        {"holder": actor.holder_id, "process": PROCESS, "task": TASK},
    )


def waiting_of(row: tuple[Any, ...]) -> Waiting:
    """Read a row of ``rows_of``."""
    instance, key, number, name, name_en, year, holder, holder_en, *rest = row[:12]
    return Waiting(
        instance, key, number, Label(name, name_en), year or "", Label(holder, holder_en), *rest
    )
