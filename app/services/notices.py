"""Issue compliance notices (M40): by hand for one emitter, or many at once from a file.

A notice's obligation and its CCER limit are two ceilings of the ledger: two applications
submitted at once can never exceed either, because the database refuses the second.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg2

from app.compliance.notices import insert_notice
from app.db import Transaction
from app.domain.errors import Conflict, Forbidden, Invalid, NotFound
from app.domain.label import Label
from app.domain.offset_rule import OffsetRule
from app.domain.scope import Scope
from app.services.actor import Actor
from app.services.context import Context
from app.services.history import note

# The notice itself stands twice, or its ceiling does: RL410, the ledger's "this code is taken".
ALREADY_ISSUED = frozenset({"23505", "RL410"})
LARGEST = 10**12  # whole tonnes; the whole world emits less than a tenth of it in a year


@dataclass(frozen=True, slots=True)
class NoticeRequest:
    """A notice to issue; ``obligation`` in whole tonnes. None means: as the year's parameters."""

    emitter_id: int
    year: int
    obligation: int
    document_number: str = ""
    deadline: datetime | None = None
    scope: Scope | None = None
    ccer_rule: OffsetRule | None = None


@dataclass(frozen=True, slots=True)
class Year:
    """The parameters of a compliance year (G19)."""

    year: int
    deadline: datetime
    remind_days: int
    scope: Scope
    ccer_rule: OffsetRule


def year_of(tx: Transaction, year: int) -> Year:
    """Return the parameters of a year; raises Invalid when it has none."""
    row = tx.one(
        """SELECT year, deadline, remind_days, scope, ccer_rule FROM compliance.year
           WHERE year = %(year)s""",
        {"year": year},
    )
    if row is None:
        raise Invalid(
            f"{year} 年度尚未设置履约参数。",
            f"The compliance year {year} has no parameters yet.",
            fields={"year": Label("年度未设置", "year not set up")},
        )
    scope, rule = json.loads(row[3]), json.loads(row[4])
    return Year(row[0], row[1], row[2], Scope.from_json(scope), OffsetRule.from_json(rule))


def set_year(tx: Transaction, year: Year) -> None:
    """Set the parameters of a year; notices already issued keep what they carry."""
    tx.run(
        """INSERT INTO compliance.year (year, deadline, remind_days, scope, ccer_rule)
           VALUES (%(year)s, %(deadline)s, %(remind)s, %(scope)s, %(rule)s)
           ON CONFLICT (year) DO UPDATE SET deadline = excluded.deadline,
               remind_days = excluded.remind_days, scope = excluded.scope,
               ccer_rule = excluded.ccer_rule""",
        {
            "year": year.year,
            "deadline": year.deadline,
            "remind": year.remind_days,
            "scope": json.dumps(year.scope.as_json()),
            "rule": json.dumps(year.ccer_rule.as_json()),
        },
    )


def issue(ctx: Context, actor: Actor, request: NoticeRequest) -> int:
    """Issue one notice and return its id; see ``issue_all``."""
    return issue_all(ctx, actor, [request])[0]


def issue_all(ctx: Context, actor: Actor, requests: Sequence[NoticeRequest]) -> list[int]:
    """Issue notices, all or none.

    Raises Forbidden unless the actor is a provincial officer who may decide, NotFound for an
    emitter of another province, Invalid for an obligation that is not a positive whole number,
    Conflict when the emitter has a notice for the year already.
    """
    if actor.role != "provincial_authority" or actor.rights not in {"both", "confirm"}:
        raise Forbidden(
            "只有省级主管部门的有权人员可以下达履约通知书。",
            "Only an entitled officer of a provincial authority may issue compliance notices.",
        )
    with ctx.database.transaction() as tx:
        years: dict[int, Year] = {}
        return [_issue(ctx, tx, actor, request, years) for request in requests]


def _issue(
    ctx: Context, tx: Transaction, actor: Actor, request: NoticeRequest, years: dict[int, Year]
) -> int:
    year = years.get(request.year) or years.setdefault(request.year, year_of(tx, request.year))
    if not 0 < request.obligation <= LARGEST:
        raise Invalid(
            "应履约量须为大于 0 的整数吨。",
            "The obligation is a whole number of tonnes above zero.",
            fields={"obligation": Label("须为大于 0 的整数吨", "whole tonnes above zero")},
        )
    rule = request.ccer_rule or year.ccer_rule
    account = _compliance_account(tx, actor, request.emitter_id)
    number = f"TZ-{request.year}-{account:06d}"
    try:
        notice = insert_notice(
            tx,
            {
                "number": number,
                "year": request.year,
                "emitter_id": request.emitter_id,
                "account_id": account,
                "authority_id": actor.holder_id,
                "obligation": request.obligation,
                "deadline": request.deadline or year.deadline,
                "scope": json.dumps((request.scope or year.scope).as_json()),
                "ccer_rule": json.dumps(rule.as_json()),
                "obligation_ceiling_id": _ceiling(tx, f"{number}:obligation", request.obligation),
                "ccer_ceiling_id": _ceiling(tx, f"{number}:ccer", rule.limit(request.obligation)),
                "document_number": request.document_number,
                "issued_by": actor.person_id,
                "issued_for": actor.account_id,
                "issued_at": ctx.clock.now(),
            },
        )
    except psycopg2.Error as error:
        if error.pgcode not in ALREADY_ISSUED:
            raise
        raise Conflict(
            f"该单位 {request.year} 年度的履约通知书已下达。",
            f"This emitter already has a compliance notice for {request.year}.",
        ) from error
    data = {"obligation": str(request.obligation), "year": request.year}
    note(tx, ctx.clock.now(), actor, "compliance:notice:issue", f"notice:{number}", data)
    return notice


def _compliance_account(tx: Transaction, actor: Actor, emitter_id: int) -> int:
    """Return the emitter's compliance account; an emitter of another province is not found."""
    row = tx.one(
        """SELECT a.id FROM identity.account a JOIN identity.holder h ON h.id = a.holder_id
           WHERE h.id = %(emitter)s AND h.province_id = %(province)s AND a.type = 'compliance'""",
        {"emitter": emitter_id, "province": actor.holder_id},
    )
    if row is None:
        raise NotFound("没有找到本省的这个重点排放单位。", "No such key emitter in this province.")
    return int(row[0])


def _ceiling(tx: Transaction, code: str, total: int) -> int:
    row = tx.one("SELECT ledger.open_ceiling(%(code)s, %(total)s)", {"code": code, "total": total})
    assert row is not None  # noqa: S101 - a function always gives a row
    return int(row[0])
