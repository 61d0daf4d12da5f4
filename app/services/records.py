"""Lists of applications: one's own, an authority's, and an auditor's search (F18, M16, D17-D22)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.db import Transaction
from app.domain.errors import Forbidden
from app.domain.label import Label
from app.identity.actor import Actor
from app.services.context import Context
from app.services.cursor import Cursor, Pager, paged, read_cursor
from app.services.inbox import like_escaped
from app.services.standing import STANDING, Standing, standing_of

SIZE = 20
NUMBER = re.compile(r"[A-Z]{1,8}-[0-9]{4}-[0-9]{7,}")
BEGUN = re.compile(r"[A-Z]{1,8}-[0-9]{0,4}(-[0-9]{0,6})?")


@dataclass(frozen=True, slots=True)
class Record:
    """One application as a list shows it; quantities in whole tonnes."""

    id: int
    number: str
    process_id: str
    process: Label
    quantity: int
    ccer_quantity: int
    created_at: datetime
    submitted_at: datetime | None
    ended_at: datetime | None
    late: bool
    returns: int
    holder: Label
    holder_code: str
    notice_number: str | None
    standing: Standing


@dataclass(frozen=True)
class Records:
    """One page of applications, newest first."""

    rows: tuple[Record, ...]
    pager: Pager


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """A draft that was never submitted, or a form half typed (D17)."""

    instance_id: int
    number: str
    process: Label
    saved_at: datetime
    lines: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What narrows a list: part of a number or name, open or ended, one process."""

    search: str = ""
    status: str = ""
    process: str = ""


def own(
    ctx: Context, actor: Actor, narrowed: Narrowed | None = None, cursor: str | None = None
) -> Records:
    """Return the actor's own applications that were submitted at least once (F18)."""
    where = "i.applicant_id = %(holder)s AND i.version > 0"
    return _page(ctx, actor, where, narrowed or Narrowed(), cursor)


def overseen(
    ctx: Context, actor: Actor, narrowed: Narrowed | None = None, cursor: str | None = None
) -> Records:
    """Return the applications in which the actor's organisation is another party."""
    where = """i.id IN (SELECT y.instance_id FROM workflow.party y
            WHERE y.holder_id = %(holder)s) AND i.version > 0"""
    return _page(ctx, actor, where, narrowed or Narrowed(), cursor)


def everything(
    ctx: Context, actor: Actor, narrowed: Narrowed | None = None, cursor: str | None = None
) -> Records:
    """Return any applications, for auditors only (S37); raises Forbidden for others."""
    if actor.role != "auditor":
        raise Forbidden("只有审计人员可以查询全部流程。", "Only auditors may search all processes.")
    return _page(ctx, actor, "i.version > 0", narrowed or Narrowed(), cursor)


def drafts(ctx: Context, actor: Actor, limit: int = 50) -> list[SavedDraft]:
    """Return the drafts of the actor's organisation that were never submitted, newest first."""
    with ctx.database.transaction() as tx:
        rows = tx.all(
            """SELECT i.id, i.number, b.name, b.name_en, d.saved_at,
                   coalesce(json_array_length(d.form::json->'lines'), 0),
                   (SELECT coalesce(sum((l->>'quantity')::numeric), 0)
                    FROM json_array_elements(d.form::json->'lines') AS l
                    WHERE l->>'quantity' ~ '^[0-9]{1,15}$')
               FROM workflow.instance i JOIN workflow.draft d ON d.instance_id = i.id
               JOIN workflow.bundle b ON b.hash = i.bundle_hash
               WHERE i.applicant_id = %(holder)s AND i.version = 0 AND i.status = 'open'
               ORDER BY i.id DESC LIMIT %(limit)s""",
            {"holder": actor.holder_id, "limit": limit},
        )
    return [
        SavedDraft(row[0], row[1], Label(row[2], row[3] or row[2]), row[4], row[5], int(row[6]))
        for row in rows
    ]


def _page(
    ctx: Context, actor: Actor, where: str, narrowed: Narrowed, cursor: str | None
) -> Records:
    at = read_cursor(cursor, (int,))
    with ctx.database.transaction() as tx:
        rows = tx.maps(*query(actor, where, narrowed, at))
        rows, before, after = paged(rows, SIZE, at)
        records = tuple(_record(tx, row) for row in rows)
    if not records:
        return Records((), Pager(None, None))
    return Records(
        records,
        Pager(
            Cursor((records[0].id,), back=True).text() if before else None,
            Cursor((records[-1].id,)).text() if after else None,
        ),
    )


def query(
    actor: Actor, where: str, narrowed: Narrowed, at: Cursor | None
) -> tuple[str, Mapping[str, Any]]:
    """Return the page's SQL and its parameters; the newest application comes first."""
    rules, order = [where], "DESC"
    if narrowed.search:
        rules.append(_search(narrowed.search))
    if narrowed.status in {"open", "ended"}:
        rules.append("i.status = %(status)s")
    if narrowed.process:
        rules.append("i.process_id = %(process)s")
    if at is not None:
        rules.append(f"i.id {'>' if at.back else '<'} %(after)s")
        order = "ASC" if at.back else "DESC"
    sql = f"""
        WITH page AS MATERIALIZED (
            SELECT i.* FROM workflow.instance i JOIN identity.holder h ON h.id = i.applicant_id
            WHERE {" AND ".join(rules)} ORDER BY i.id {order} LIMIT {SIZE + 1})
        SELECT i.id, i.number, i.process_id, i.bundle_hash, i.status, i.outcome, i.version,
            i.quantity, i.ccer_quantity, i.created_at, i.submitted_at, i.ended_at, i.late,
            i.applicant_id, i.stuck, b.name AS process, b.name_en AS process_en, h.name AS holder,
            h.name_en AS holder_en, h.code AS holder_code, n.number AS notice_number,
            (SELECT count(*) FROM workflow.decision d
             WHERE d.instance_id = i.id AND d.verdict = 'return') AS returns, {STANDING}
        FROM page i JOIN workflow.bundle b ON b.hash = i.bundle_hash
        JOIN identity.holder h ON h.id = i.applicant_id
        LEFT JOIN compliance.notice n ON i.subject_kind = 'notice' AND n.id = i.subject_id
        ORDER BY i.id {order}"""  # noqa: S608 - made of constants; values are parameters
    return sql, {
        "holder": actor.holder_id,
        "status": narrowed.status,
        "process": narrowed.process,
        "search": narrowed.search,
        "number": narrowed.search.upper(),
        "begins": like_escaped(narrowed.search.upper()) + "%",
        "like": "%" + like_escaped(narrowed.search) + "%",
        "after": at.after[0] if at else None,
    }


def _search(text: str) -> str:
    """Return the rule for a text: a number, the beginning of one, or whose application it is.

    Whole numbers and holders are found by their indexes, also among a million applications.
    """
    if NUMBER.fullmatch(text.upper()):
        return "i.number = %(number)s"
    if BEGUN.fullmatch(text.upper()):
        return "i.number LIKE %(begins)s"
    return """i.applicant_id IN (SELECT s.id FROM identity.holder s
        WHERE s.name ILIKE %(like)s OR s.name_en ILIKE %(like)s OR s.code = %(search)s
        UNION SELECT a.holder_id FROM identity.person p
        JOIN identity.mandate m ON m.person_id = p.id
        JOIN identity.account a ON a.id = m.account_id WHERE p.member_no = %(search)s)"""


def _record(tx: Transaction, row: Mapping[str, Any]) -> Record:
    return Record(
        id=row["id"],
        number=row["number"],
        process_id=row["process_id"],
        process=Label(row["process"], row["process_en"] or row["process"]),
        quantity=row["quantity"],
        ccer_quantity=row["ccer_quantity"],
        created_at=row["created_at"],
        submitted_at=row["submitted_at"],
        ended_at=row["ended_at"],
        late=row["late"],
        returns=row["returns"],
        holder=Label(row["holder"], row["holder_en"] or row["holder"]),
        holder_code=row["holder_code"],
        notice_number=row["notice_number"],
        standing=standing_of(tx, row),
    )
