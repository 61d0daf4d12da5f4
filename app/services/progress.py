"""Notices and how far they are fulfilled: an emitter's own (F15), a province's emitters (R27)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.compliance.notices import Notice, notice_of, notices_of
from app.db import Transaction
from app.domain.errors import Forbidden, NotFound
from app.domain.label import Label
from app.identity.actor import Actor
from app.services.context import Context
from app.services.cursor import Cursor, Pager, paged, read_cursor
from app.services.inbox import like_escaped
from app.services.notices import Year, year_of

SIZE = 20


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice with the names of its two sides."""

    notice: Notice
    emitter: Label
    emitter_code: str
    authority: Label
    account_number: str


@dataclass(frozen=True, slots=True)
class EmitterRow:
    """An emitter of a province and its notice of a year, if it has one; whole tonnes."""

    holder_id: int
    code: str
    name: Label
    account_number: str
    notice_id: int | None
    number: str | None
    obligation: int
    surrendered: int
    pending: int
    deadline: datetime | None

    @property
    def remaining(self) -> int:
        """What is neither surrendered nor under review."""
        return self.obligation - self.surrendered - self.pending


@dataclass(frozen=True, slots=True)
class Totals:
    """A province's year in numbers; quantities in whole tonnes."""

    emitters: int
    notices: int
    fulfilled: int
    obligation: int
    surrendered: int
    pending: int


@dataclass(frozen=True)
class Progress:
    """A province's page: one year, its totals, and a page of emitters."""

    year: int | None
    years: tuple[int, ...]
    totals: Totals
    rows: tuple[EmitterRow, ...]
    pager: Pager


def own_notices(ctx: Context, actor: Actor) -> list[NoticeView]:
    """Return the notices of the emitter one acts for, newest year first (F15)."""
    with ctx.database.transaction() as tx:
        return [_view(tx, notice) for notice in notices_of(tx, actor.holder_id)]


def notice(ctx: Context, actor: Actor, notice_id: int) -> NoticeView:
    """Return a notice to its emitter, its authority or an auditor; raises NotFound for others."""
    with ctx.database.transaction() as tx:
        return notice_within(tx, actor, notice_id)


def notice_within(tx: Transaction, actor: Actor, notice_id: int) -> NoticeView:
    """Do the same inside a transaction that is already open."""
    found = notice_of(tx, notice_id)
    if found is None or not (
        actor.role == "auditor" or actor.holder_id in {found.emitter_id, found.authority_id}
    ):
        raise NotFound
    return _view(tx, found)


def notice_of_application(tx: Transaction, notice_id: int) -> NoticeView:
    """Return a notice to whoever may see an application about it; raises NotFound."""
    found = notice_of(tx, notice_id)
    if found is None:
        raise NotFound
    return _view(tx, found)


def _view(tx: Transaction, found: Notice) -> NoticeView:
    row = tx.one(
        """SELECT e.name, e.name_en, e.code, h.name, h.name_en, a.number
           FROM identity.holder e, identity.holder h, identity.account a
           WHERE e.id = %(emitter)s AND h.id = %(authority)s AND a.id = %(account)s""",
        {
            "emitter": found.emitter_id,
            "authority": found.authority_id,
            "account": found.account_id,
        },
    )
    assert row is not None  # noqa: S101 - foreign keys hold all three
    name, name_en, code, authority, authority_en, account = row
    return NoticeView(
        found,
        Label(name, name_en or name),
        code,
        Label(authority, authority_en or authority),
        account,
    )


def progress(
    ctx: Context,
    actor: Actor,
    year: int | None = None,
    search: str = "",
    cursor: str | None = None,
) -> Progress:
    """Return a province's emitters of a year with what each has surrendered (R27).

    Raises Forbidden for anybody but a provincial authority.
    """
    if actor.role != "provincial_authority":
        raise Forbidden(
            "只有省级主管部门可以查看履约进度。", "Only a provincial authority sees this page."
        )
    at = read_cursor(cursor, (int,))
    with ctx.database.transaction() as tx:
        years = tuple(
            row[0] for row in tx.all("SELECT year FROM compliance.year ORDER BY year DESC")
        )
        chosen = year if year in years else (years[0] if years else None)
        rows = tx.maps(*emitters_query(actor, chosen, search, at))
        rows, before, after = paged(rows, SIZE, at)
        totals = _totals(tx, actor, chosen)
    emitters = tuple(_emitter(row) for row in rows)
    pager = Pager(
        Cursor((emitters[0].holder_id,), back=True).text() if before and emitters else None,
        Cursor((emitters[-1].holder_id,)).text() if after and emitters else None,
    )
    return Progress(chosen, years, totals, emitters, pager)


def years(ctx: Context) -> list[Year]:
    """Return the compliance years that are set up, newest first (G19)."""
    with ctx.database.transaction() as tx:
        found = tx.all("SELECT year FROM compliance.year ORDER BY year DESC")
        return [year_of(tx, row[0]) for row in found]


def emitter(ctx: Context, actor: Actor, holder_id: int) -> EmitterRow:
    """Return an emitter of the actor's province; raises NotFound for any other."""
    with ctx.database.transaction() as tx:
        sql, params = emitters_query(actor, None, "", None)
        row = tx.map(
            sql.replace("ORDER BY", "AND h.id = %(one)s ORDER BY"), {**params, "one": holder_id}
        )
    if actor.role != "provincial_authority" or row is None:
        raise NotFound
    return _emitter(row)


def emitters_query(
    actor: Actor, year: int | None, search: str, at: Cursor | None
) -> tuple[str, Mapping[str, Any]]:
    """Return the SQL of a page of emitters and its parameters, along (province, id)."""
    rules, order = ["h.province_id = %(province)s AND h.role = 'emitter'"], "ASC"
    if search:
        rules.append("(h.name ILIKE %(like)s OR h.code = %(search)s OR a.number = %(search)s)")
    if at is not None:
        rules.append(f"h.id {'<' if at.back else '>'} %(after)s")
        order = "DESC" if at.back else "ASC"
    sql = f"""
        SELECT h.id, h.code, h.name, h.name_en, a.number AS account_number, n.id AS notice_id,
            n.number, coalesce(n.obligation, 0) AS obligation, coalesce(c.used, 0) AS surrendered,
            coalesce(c.reserved, 0) AS pending, n.deadline
        FROM identity.holder h
        LEFT JOIN identity.account a ON a.holder_id = h.id AND a.type = 'compliance'
        LEFT JOIN compliance.notice n ON n.account_id = a.id AND n.year = %(year)s
        LEFT JOIN ledger.ceiling c ON c.id = n.obligation_ceiling_id
        WHERE {" AND ".join(rules)} ORDER BY h.id {order} LIMIT {SIZE + 1}"""  # noqa: S608
    return sql, {
        "province": actor.holder_id,
        "year": year,
        "search": search,
        "like": "%" + like_escaped(search) + "%",
        "after": at.after[0] if at else None,
    }


def _totals(tx: Transaction, actor: Actor, year: int | None) -> Totals:
    row = tx.one(
        """SELECT (SELECT count(*) FROM identity.holder h
                WHERE h.province_id = %(province)s AND h.role = 'emitter'),
            count(*), count(*) FILTER (WHERE c.used >= n.obligation),
            coalesce(sum(n.obligation), 0)::bigint, coalesce(sum(c.used), 0)::bigint,
            coalesce(sum(c.reserved), 0)::bigint
        FROM compliance.notice n JOIN ledger.ceiling c ON c.id = n.obligation_ceiling_id
        WHERE n.authority_id = %(province)s AND n.year = %(year)s""",
        {"province": actor.holder_id, "year": year},
    )
    assert row is not None  # noqa: S101 - an aggregate always gives a row
    return Totals(*row)


def _emitter(row: Mapping[str, Any]) -> EmitterRow:
    return EmitterRow(
        holder_id=row["id"],
        code=row["code"],
        name=Label(row["name"], row["name_en"] or row["name"]),
        account_number=row["account_number"] or "",
        notice_id=row["notice_id"],
        number=row["number"],
        obligation=row["obligation"],
        surrendered=row["surrendered"],
        pending=row["pending"],
        deadline=row["deadline"],
    )
