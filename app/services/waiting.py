"""等待他方: what one's organisation has applied for and somebody else has to act on (W2).

The longest waiting comes first. A row is an open task: who has it, in which part, since when, and
when it is due.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.db import Transaction
from app.domain.label import Label
from app.identity.actor import Actor
from app.services.context import Context
from app.services.cursor import Cursor, Pager, paged, read_cursor
from app.services.definitions import definition_of
from app.services.inbox import like_escaped
from app.services.to_do import BUCKETS, DUE, due_times

__all__ = ["BUCKETS", "Filters", "Page", "Waiting", "page"]

SIZE = 20


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows the list: the flow, when it is due, a number or who has it."""

    process: str = ""
    due: str = ""
    search: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether anything is hidden by the filters; an empty list says so."""
        return self != Filters()


@dataclass(frozen=True, slots=True)
class Waiting:
    """One step that somebody else has to take; the quantity is the application's, in tonnes."""

    id: int
    instance_id: int
    number: str
    process: Label
    step: Label
    holder: Label
    lane: Label
    quantity: int
    since: datetime
    due_at: datetime | None
    late: bool


@dataclass(frozen=True)
class Page:
    """A page of the list, and the flows that anything waits in: (process, name)."""

    rows: tuple[Waiting, ...]
    pager: Pager
    flows: tuple[tuple[str, Label], ...]


def page(ctx: Context, actor: Actor, filters: Filters, cursor: str | None = None) -> Page:
    """Return a page of what waits for others; raises Invalid for a cursor that is not ours."""
    at = read_cursor(cursor, (datetime, int))
    now = ctx.clock.now()
    with ctx.database.transaction() as tx:
        sql, params = _query(now, actor, filters, at)
        found, before, after = paged(tx.all(sql, params), SIZE, at)
        rows = tuple(_waiting(tx, now, row) for row in found)
        flows = _flows(tx, actor)
    if not rows:
        return Page((), Pager(None, None), flows)
    return Page(
        rows,
        Pager(
            Cursor(_key(rows[0]), back=True).text() if before else None,
            Cursor(_key(rows[-1])).text() if after else None,
        ),
        flows,
    )


def _key(row: Waiting) -> tuple[str, int]:
    return (row.since.isoformat(), row.id)


# Read along the applications of one's own (instance_applicant), then their few open tasks.
_OTHERS = """FROM workflow.instance i
    JOIN workflow.task t ON t.instance_id = i.id
    JOIN identity.holder h ON h.id = t.holder_id
    WHERE i.applicant_id = %(holder)s AND i.status = 'open' AND t.holder_id <> %(holder)s"""


def _query(
    now: datetime, actor: Actor, filters: Filters, at: Cursor | None
) -> tuple[str, dict[str, Any]]:
    where, params = "", {"holder": actor.holder_id, **due_times(now)}
    if filters.process:
        where += " AND i.process_id = %(process)s"
        params["process"] = filters.process
    if filters.due in DUE:
        where += " AND " + DUE[filters.due]
    if filters.search:
        where += """ AND (i.number ILIKE %(like)s OR h.name ILIKE %(like)s
            OR h.name_en ILIKE %(like)s)"""
        params["like"] = "%" + like_escaped(filters.search) + "%"
    order = "t.created_at, t.id"
    if at is not None:
        where += f" AND (t.created_at, t.id) {'<' if at.back else '>'} (%(since)s, %(after)s)"
        params |= {"since": at.after[0], "after": at.after[1]}
        order = "t.created_at DESC, t.id DESC" if at.back else order
    sql = f"""SELECT t.id, i.id, i.number, i.bundle_hash, t.name, t.name_en, h.name, h.name_en,
            t.lane, i.quantity, t.created_at, nullif(t.due_at, 'infinity')
        {_OTHERS} {where} ORDER BY {order} LIMIT {SIZE + 1}"""
    return sql, params


def _flows(tx: Transaction, actor: Actor) -> tuple[tuple[str, Label], ...]:
    rows = tx.all(
        f"""SELECT i.process_id, min(i.bundle_hash) {_OTHERS}
            GROUP BY i.process_id ORDER BY i.process_id""",
        {"holder": actor.holder_id},
    )
    return tuple((process, definition_of(tx, bundle).label) for process, bundle in rows)


def _waiting(tx: Transaction, now: datetime, row: tuple[Any, ...]) -> Waiting:
    number, instance, name, bundle, step, step_en, holder, holder_en, lane, tonnes, since, due = row
    definition = definition_of(tx, bundle)
    part = next((x.label for x in definition.lanes.values() if x.key == lane), Label(lane, lane))
    return Waiting(
        id=number,
        instance_id=instance,
        number=name,
        process=definition.label,
        step=Label(step, step_en or step),
        holder=Label(holder, holder_en or holder),
        lane=part,
        quantity=tonnes,
        since=since,
        due_at=due,
        late=due is not None and due < now,
    )
