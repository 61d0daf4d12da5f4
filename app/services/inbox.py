"""The inbox: open tasks of the organisation one acts for, in the order they are due (W2, D26).

Only open tasks lie in workflow.task, and a page is read along the index (holder, due, id): it
costs the same on page 1,000 and beside a million finished applications.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.db import Transaction
from app.domain.clock import local_day
from app.domain.errors import NotFound
from app.domain.label import Label
from app.identity.actor import Actor
from app.identity.delegations import IN_FORCE
from app.services.bulk.kind import takes_bulk
from app.services.context import Context
from app.services.cursor import FOREVER, Cursor, Pager, paged, read_cursor
from app.services.messages import Message, unread_of
from app.services.to_do import (
    BUCKETS,
    COUNTED,
    DUE,
    MINE,
    Counts,
    counts_of,
    due_times,
    to_do,
    whose,
)

__all__ = ["BUCKETS", "COUNTED", "SIZE", "Counts", "Entry", "Filters", "Page", "desk", "page"]

SIZE = 20


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows the list. ``step`` is ``process`` or ``process.element``; quantities in tonnes.

    ``claimed``: mine | open (unclaimed or mine) | deputy (claimed by or for somebody away whom one
    stands in for) | empty for all. ``visit``: first | again.
    """

    step: str = ""
    search: str = ""
    claimed: str = ""
    visit: str = ""
    at_least: int = 0
    due: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether anything is hidden by the filters; an empty list says so."""
        return self != Filters()

    @property
    def only_step(self) -> bool:
        """Whether the step is all that narrows the list: its count is known then."""
        return self == Filters(step=self.step)


@dataclass(frozen=True, slots=True)
class Entry:
    """One open task as a list shows it; quantities in whole tonnes.

    ``ready``: handed over and waiting to be confirmed (G21). ``claimed_for``: for whom a colleague
    took it over; ``deputy``: claimed by somebody away whom the actor stands in for. ``comments``
    are those of the actor's own organisation. ``bulk``: may be reviewed together with others.
    """

    id: int
    instance_id: int
    key: int
    process_id: str
    element_id: str
    name: Label
    visit: int
    due_at: datetime | None
    created_at: datetime
    claimed_by: int | None
    claimant: str | None
    number: str
    quantity: int
    ccer_quantity: int
    submitted_at: datetime | None
    late: bool
    holder: Label
    holder_code: str
    ready: bool = False
    claimed_for: str | None = None
    deputy: bool = False
    comments: int = 0
    bulk: bool = False


@dataclass(frozen=True)
class Page:
    """One page of the inbox."""

    entries: tuple[Entry, ...]
    pager: Pager
    counts: Counts


def page(ctx: Context, actor: Actor, filters: Filters, cursor: str | None = None) -> Page:
    """Return a page of what waits for the actor's organisation in the actor's role.

    Raises Invalid for a cursor that is not ours.
    """
    at = read_cursor(cursor, (datetime, int))
    with ctx.database.transaction() as tx:
        return _page(tx, ctx, actor, filters, at)


def desk(
    ctx: Context, actor: Actor, filters: Filters, cursor: str | None = None
) -> tuple[Page, list[Message]]:
    """Return a page and the unread messages beside it, all read in one transaction.

    Raises Invalid for a cursor that is not ours.
    """
    at = read_cursor(cursor, (datetime, int))
    with ctx.database.transaction() as tx:
        return _page(tx, ctx, actor, filters, at), unread_of(tx, actor)


def counts(ctx: Context, actor: Actor) -> Counts:
    """Return how much waits for the actor's organisation."""
    with ctx.database.transaction() as tx:
        return counts_of(tx, actor, ctx.clock.now())


def to_do_count(ctx: Context, actor: Actor) -> int:
    """Return the number in the header; it stops at COUNTED + 1."""
    return to_do(ctx, actor).total


def entry(ctx: Context, actor: Actor, task_id: int) -> Entry:
    """Return one open task of the actor's organisation; raises NotFound."""
    now = ctx.clock.now()
    with ctx.database.transaction() as tx:
        found = chosen(tx, now, actor, [task_id])
    if not found:
        raise NotFound("这项待办已不在办理中。", "This task is no longer open.")
    return found[0]


def _page(tx: Transaction, ctx: Context, actor: Actor, filters: Filters, at: Cursor | None) -> Page:
    entries, pager = _entries(tx, ctx, actor, filters, at)
    return Page(tuple(entries), pager, counts_of(tx, actor, ctx.clock.now()))


def _entries(
    tx: Transaction, ctx: Context, actor: Actor, filters: Filters, at: Cursor | None
) -> tuple[list[Entry], Pager]:
    rows = tx.all(*query(ctx.clock.now(), actor, filters, at))
    rows, before, after = paged(rows, SIZE, at)
    entries = _entries_of(tx, rows)
    if not entries:
        return [], Pager(None, None)
    first, last = _key(entries[0]), _key(entries[-1])
    return entries, Pager(
        Cursor(first, back=True).text() if before else None,
        Cursor(last).text() if after else None,
    )


def _key(entry: Entry) -> tuple[str, int]:
    return (entry.due_at.isoformat() if entry.due_at else FOREVER, entry.id)


def query(
    now: datetime, actor: Actor, filters: Filters, at: Cursor | None, size: int = SIZE + 1
) -> tuple[str, dict[str, Any]]:
    """Return the page's SQL and its parameters; a test reads its plan."""
    where, params = _where(now, actor, filters)
    order = "t.due_at, t.id"
    if at is not None:
        sign = "<" if at.back else ">"
        where.append(f"(t.due_at, t.id) {sign} (%(due_at)s::timestamptz, %(after)s)")
        params |= {"due_at": at.after[0], "after": at.after[1]}
        if at.back:
            order = "t.due_at DESC, t.id DESC"
    outer = order.replace("t.", "page.")
    sql = f"""
        WITH page AS MATERIALIZED (
            SELECT t.* FROM workflow.task t {_JOINED if _joins(filters) else ""}
            WHERE {" AND ".join(where)} ORDER BY {order} LIMIT {size})
        SELECT {_SHOWN} FROM page {_NAMES} ORDER BY {outer}"""  # noqa: S608 - made of the constants above; values are parameters
    return sql, params


def chosen(tx: Transaction, now: datetime, actor: Actor, task_ids: Sequence[int]) -> list[Entry]:
    """Return the open tasks of the actor's organisation among those numbers, as they are due."""
    rows = tx.all(
        f"""SELECT {_SHOWN} FROM workflow.task page {_NAMES}
            WHERE page.id = ANY (%(tasks)s::bigint[]) AND page.holder_id = %(holder)s
              AND page.role = %(role)s ORDER BY page.due_at, page.id""",  # noqa: S608
        {"tasks": list(task_ids), **_params(now, actor)},
    )
    return _entries_of(tx, rows)


def matching(
    tx: Transaction, now: datetime, actor: Actor, filters: Filters, most: int
) -> list[Entry]:
    """Return the first tasks that match the filters, in the order they are due, up to ``most``."""
    return _entries_of(tx, tx.all(*query(now, actor, filters, None, most)))


_STANDS_IN = f"""SELECT d.person_id FROM identity.delegation d
    WHERE d.delegate_id = %(person)s AND d.account_id = %(account)s AND {IN_FORCE}"""  # noqa: S608

# What few rows have is looked up only where it may be.
_SHOWN = f"""page.id, page.instance_id, page.key, page.process_id, page.element_id, page.name,
    page.name_en, page.visit, nullif(page.due_at, 'infinity'), page.created_at, page.claimed_by,
    p.name, i.number, coalesce(page.quantity, i.quantity),
    coalesce(page.ccer_quantity, i.ccer_quantity), i.submitted_at, i.late, h.name, h.name_en,
    h.code,
    %(two)s AND EXISTS (SELECT FROM workflow.draft w WHERE w.instance_id = page.instance_id
        AND w.element_id = page.element_id AND w.holder_id = page.holder_id
        AND w.ready_at IS NOT NULL),
    CASE WHEN page.claimed_for IS NOT NULL THEN
        (SELECT q.name FROM identity.person q WHERE q.id = page.claimed_for) END,
    coalesce(page.claimed_by <> %(person)s AND page.claimed_by IN ({_STANDS_IN}), false),
    (SELECT count(*) FROM workflow.comment c WHERE c.instance_id = page.instance_id
        AND c.holder_id = %(holder)s),
    i.bundle_hash"""  # noqa: S608 - constants
_NAMES = """JOIN workflow.instance i ON i.id = page.instance_id
    JOIN identity.holder h ON h.id = i.applicant_id
    LEFT JOIN identity.person p ON p.id = page.claimed_by"""
_JOINED = """JOIN workflow.instance i ON i.id = t.instance_id
    JOIN identity.holder h ON h.id = i.applicant_id"""


def _joins(filters: Filters) -> bool:
    return bool(filters.search or filters.at_least)


def _params(now: datetime, actor: Actor) -> dict[str, Any]:
    return whose(actor) | due_times(now) | {"two": actor.two_person, "today": local_day(now)}


_CLAIMED: Mapping[str, str] = {
    "mine": "t.claimed_by = %(person)s",
    "open": "(t.claimed_by IS NULL OR t.claimed_by = %(person)s)",
    "deputy": f"""(t.claimed_by IN ({_STANDS_IN})
        OR t.claimed_by = %(person)s AND t.claimed_for IS NOT NULL)""",
}


def _where(now: datetime, actor: Actor, filters: Filters) -> tuple[list[str], dict[str, Any]]:
    where = [MINE]
    process, _, element = filters.step.partition(".")
    if process:
        where.append("t.process_id = %(process)s")
    if element:
        where.append("t.element_id = %(element)s")
    if filters.claimed in _CLAIMED:
        where.append(_CLAIMED[filters.claimed])
    if filters.visit in {"first", "again"}:
        where.append("t.visit = 1" if filters.visit == "first" else "t.visit > 1")
    if filters.at_least:
        where.append("coalesce(t.quantity, i.quantity) >= %(at_least)s")
    if filters.search:
        where.append(SEARCH)
    if filters.due in DUE:
        where.append(DUE[filters.due])
    return where, _params(now, actor) | {
        "process": process,
        "element": element,
        "at_least": filters.at_least,
        "search": filters.search,
        "like": "%" + like_escaped(filters.search) + "%",
    }


# By number of the application, code or name of the holder, or member number of its people.
SEARCH = """(i.number ILIKE %(like)s OR h.name ILIKE %(like)s OR h.name_en ILIKE %(like)s
    OR h.code = %(search)s OR EXISTS (SELECT FROM identity.person sp
        JOIN identity.mandate sm ON sm.person_id = sp.id
        JOIN identity.account sa ON sa.id = sm.account_id
        WHERE sp.member_no = %(search)s AND sa.holder_id = h.id))"""


def like_escaped(text: str) -> str:
    """Return a text whose % and _ mean themselves in a LIKE pattern."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _entries_of(tx: Transaction, rows: list[tuple[Any, ...]]) -> list[Entry]:
    kinds = {(row[-1], row[4]) for row in rows}
    bulk = {kind: takes_bulk(tx, *kind) for kind in kinds}
    return [_entry(row, bulk[row[-1], row[4]]) for row in rows]


def _entry(row: tuple[Any, ...], bulk: bool) -> Entry:  # noqa: FBT001 - a field of the entry
    name, holder = Label(row[5], row[6] or row[5]), Label(row[17], row[18] or row[17])
    return Entry(*(*row[:5], name, *row[7:17], holder, *row[19:24], bulk))
