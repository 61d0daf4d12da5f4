"""The inbox: open tasks of the organisation one acts for, in the order they are due (W2, D26).

Only open tasks lie in workflow.task, and a page is read along the index (holder, due, id): it
costs the same on page 1,000 and beside a million finished applications.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.db import Transaction
from app.domain.clock import BEIJING
from app.domain.errors import NotFound
from app.domain.label import Label
from app.identity.actor import Actor
from app.services.context import Context
from app.services.cursor import FOREVER, Cursor, Pager, paged, read_cursor
from app.services.messages import Message, unread_of

SIZE = 20
COUNTED = 1000  # counts stop here and then read "1000+": nobody works off more by looking
BUCKETS = {
    "overdue": Label("已逾期", "Overdue"),
    "today": Label("今日截止", "Due today"),
    "soon": Label("3 日内", "Within 3 days"),
    "later": Label("更晚", "Later"),
    "none": Label("无时限", "No time limit"),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows the list. ``step`` is ``process`` or ``process.element``; quantities in tonnes.

    ``claimed``: mine | open (unclaimed or mine) | empty for all. ``visit``: first | again.
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


@dataclass(frozen=True, slots=True)
class Entry:
    """One open task as a list shows it; quantities in whole tonnes."""

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


@dataclass(frozen=True, slots=True)
class Group:
    """The tasks of one step of one flow: how many, how many of them overdue."""

    step: str
    name: Label
    count: int
    overdue: int


@dataclass(frozen=True)
class Counts:
    """What waits, by step and by when it is due; ``capped`` when there is more than is counted.

    ``next_due`` is the nearest deadline that has not passed. ``waiting`` is the number in the
    header: as ``to_do_count``.
    """

    groups: tuple[Group, ...] = ()
    due: Mapping[str, int] = field(default_factory=dict)
    capped: bool = False
    next_due: datetime | None = None
    waiting: int = 0

    @property
    def total(self) -> int:
        """All counted tasks."""
        return sum(group.count for group in self.groups)


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
        return _counts(tx, ctx, actor)


def to_do_count(ctx: Context, actor: Actor) -> int:
    """Return the number in the header; it stops at COUNTED + 1."""
    with ctx.database.transaction() as tx:
        row = tx.one(_WAITING, _whose(actor))
    return int(row[0]) if row else 0


def entry(ctx: Context, actor: Actor, task_id: int) -> Entry:
    """Return one open task of the actor's organisation; raises NotFound."""
    with ctx.database.transaction() as tx:
        row = tx.one(
            f"SELECT {_SHOWN} FROM workflow.task page {_NAMES} WHERE page.id = %(task)s"  # noqa: S608
            " AND page.holder_id = %(holder)s AND page.role = %(role)s",
            {"task": task_id, **_whose(actor)},
        )
    if row is None:
        raise NotFound("这项待办已不在办理中。", "This task is no longer open.")
    return _entry(row)


# A first draft is not a to-do: it waits for nobody but the one who began it, and is listed there.
_MINE = """t.holder_id = %(holder)s AND t.role = %(role)s
    AND t.instance_id NOT IN (SELECT d.id FROM workflow.instance d
        WHERE d.applicant_id = %(holder)s AND d.version = 0 AND d.status = 'open')"""

_WAITING = f"""SELECT count(*) FROM (SELECT FROM workflow.task t
    WHERE {_MINE} LIMIT {COUNTED + 1}) AS every"""  # noqa: S608 - constants


def _whose(actor: Actor) -> dict[str, object]:
    return {"holder": actor.holder_id, "role": actor.role}


def _page(tx: Transaction, ctx: Context, actor: Actor, filters: Filters, at: Cursor | None) -> Page:
    entries, pager = _entries(tx, ctx, actor, filters, at)
    return Page(tuple(entries), pager, _counts(tx, ctx, actor))


def _entries(
    tx: Transaction, ctx: Context, actor: Actor, filters: Filters, at: Cursor | None
) -> tuple[list[Entry], Pager]:
    rows = tx.all(*query(ctx.clock.now(), actor, filters, at))
    rows, before, after = paged(rows, SIZE, at)
    entries = [_entry(row) for row in rows]
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
    now: datetime, actor: Actor, filters: Filters, at: Cursor | None
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
            WHERE {" AND ".join(where)} ORDER BY {order} LIMIT {SIZE + 1})
        SELECT {_SHOWN} FROM page {_NAMES} ORDER BY {outer}"""  # noqa: S608 - made of the constants above; values are parameters
    return sql, params


_SHOWN = """page.id, page.instance_id, page.key, page.process_id, page.element_id, page.name,
    page.name_en, page.visit, nullif(page.due_at, 'infinity'), page.created_at, page.claimed_by,
    p.name, i.number, coalesce(page.quantity, i.quantity),
    coalesce(page.ccer_quantity, i.ccer_quantity), i.submitted_at, i.late, h.name, h.name_en,
    h.code"""
_NAMES = """JOIN workflow.instance i ON i.id = page.instance_id
    JOIN identity.holder h ON h.id = i.applicant_id
    LEFT JOIN identity.person p ON p.id = page.claimed_by"""
_JOINED = """JOIN workflow.instance i ON i.id = t.instance_id
    JOIN identity.holder h ON h.id = i.applicant_id"""


def _joins(filters: Filters) -> bool:
    return bool(filters.search or filters.at_least)


def _where(now: datetime, actor: Actor, filters: Filters) -> tuple[list[str], dict[str, Any]]:
    where, params = [_MINE], _whose(actor)
    process, _, element = filters.step.partition(".")
    if process:
        where.append("t.process_id = %(process)s")
    if element:
        where.append("t.element_id = %(element)s")
    if filters.claimed == "mine":
        where.append("t.claimed_by = %(person)s")
    elif filters.claimed == "open":
        where.append("(t.claimed_by IS NULL OR t.claimed_by = %(person)s)")
    if filters.visit in {"first", "again"}:
        where.append("t.visit = 1" if filters.visit == "first" else "t.visit > 1")
    if filters.at_least:
        where.append("coalesce(t.quantity, i.quantity) >= %(at_least)s")
    if filters.search:
        where.append(SEARCH)
    if filters.due in BUCKETS:
        where.append(_BUCKET[filters.due])
    return where, params | _times(now) | {
        "process": process,
        "element": element,
        "person": actor.person_id,
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


_BUCKET = {
    "overdue": "t.due_at < %(now)s",
    "today": "t.due_at >= %(now)s AND t.due_at < %(tomorrow)s",
    "soon": "t.due_at >= %(tomorrow)s AND t.due_at < %(soon)s",
    "later": "t.due_at >= %(soon)s AND t.due_at < 'infinity'",
    "none": "t.due_at = 'infinity'",
}


def _times(now: datetime) -> dict[str, datetime]:
    """Return where the buckets begin; days are Beijing days."""
    midnight = now.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = midnight + timedelta(days=1)
    return {"now": now, "tomorrow": tomorrow, "soon": tomorrow + timedelta(days=3)}


def _counts(tx: Transaction, ctx: Context, actor: Actor) -> Counts:
    cases = " ".join(f"WHEN {rule} THEN '{name}'" for name, rule in _BUCKET.items())
    rows = tx.all(
        f"""SELECT process_id, element_id, min(name), min(name_en), bucket, count(*),
                min(nullif(due_at, 'infinity')) FILTER (WHERE due_at > %(now)s), ({_WAITING})
            FROM (SELECT t.process_id, t.element_id, t.name, t.name_en, t.due_at,
                CASE {cases} END AS bucket
                FROM workflow.task t WHERE {_MINE}
                ORDER BY t.due_at, t.id LIMIT {COUNTED}) AS waiting
            GROUP BY process_id, element_id, bucket""",  # noqa: S608 - constants
        _whose(actor) | _times(ctx.clock.now()),
    )
    groups: dict[str, Group] = {}
    due = dict.fromkeys(BUCKETS, 0)
    for process, element, name, name_en, bucket, count, *_ in rows:
        step = f"{process}.{element}"
        known = groups.get(step, Group(step, Label(name, name_en), 0, 0))
        overdue = count if bucket == "overdue" else 0
        groups[step] = Group(step, known.name, known.count + count, known.overdue + overdue)
        due[bucket] += count
    ordered = tuple(sorted(groups.values(), key=lambda group: (-group.count, group.step)))
    nearest = min((row[-2] for row in rows if row[-2] is not None), default=None)
    waiting = rows[0][-1] if rows else 0
    return Counts(ordered, due, sum(due.values()) >= COUNTED, nearest, waiting)


def _entry(row: tuple[Any, ...]) -> Entry:
    name, holder = Label(row[5], row[6] or row[5]), Label(row[17], row[18] or row[17])
    return Entry(*(*row[:5], name, *row[7:17], holder, row[19]))
