"""Name a colleague for the days one is away, and end that early (W2; 账户管理-请假委托).

The colleague decides in their own name: a delegation gives no rights, it lets them take over what
the absent person had claimed. Whoever may not decide is refused here and by the database.
"""

from dataclasses import dataclass
from datetime import date

import psycopg2

from app.db import Transaction
from app.domain.clock import local_day
from app.domain.errors import Conflict, Forbidden, Invalid, NotFound
from app.domain.label import Label
from app.identity.actor import Actor
from app.services.context import Context
from app.services.history import note

LONGEST = 366  # days; who is away for longer gets another mandate instead
REASON = 200  # characters
MAY_NOT = Forbidden(
    "所选同事在委托期间内没有审核或提交的权限，不能接受委托。",
    "On some of these days this colleague may not decide; choose somebody who may.",
)
AWAY_ALREADY = Conflict(
    "您或所选同事在此期间已有请假委托。",
    "You or this colleague are away on some of these days already.",
)


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who may decide for the same account today."""

    id: int
    name: str
    member_no: str


@dataclass(frozen=True, slots=True)
class Absence:
    """What a person asks for: who, from which day to which, both included, and why."""

    delegate_id: int
    valid_from: date
    valid_to: date
    reason: str


@dataclass(frozen=True, slots=True)
class Delegation:
    """A delegation as the page shows it; ``ended_on`` is the first day it no longer holds."""

    id: int
    person: str
    delegate: str
    valid_from: date
    valid_to: date
    reason: str
    ended_on: date | None
    mine: bool
    today: date

    @property
    def state(self) -> str:
        """One of ended, coming, in force, past."""
        if self.ended_on is not None and self.ended_on <= max(self.today, self.valid_from):
            return "ended"
        if self.today < self.valid_from:
            return "coming"
        return "past" if self.today > self.valid_to else "in_force"


def colleagues(ctx: Context, actor: Actor) -> list[Colleague]:
    """Return who of the same account may decide today, without the actor."""
    today = local_day(ctx.clock.now())
    with ctx.database.transaction() as tx:
        rows = tx.all(
            """SELECT DISTINCT p.id, p.name, p.member_no FROM identity.mandate m
               JOIN identity.person p ON p.id = m.person_id
               WHERE m.account_id = %(account)s AND p.id <> %(me)s AND p.closed_at IS NULL
                 AND m.rights IN ('confirm', 'both') AND m.valid_from <= %(today)s
                 AND (m.valid_to IS NULL OR m.valid_to >= %(today)s)
               ORDER BY p.name, p.id LIMIT 200""",
            {"account": actor.account_id, "me": actor.person_id, "today": today},
        )
    return [Colleague(*row) for row in rows]


def delegations(ctx: Context, actor: Actor) -> list[Delegation]:
    """Return the actor's own delegations at this account and those that name the actor."""
    today = local_day(ctx.clock.now())
    with ctx.database.transaction() as tx:
        rows = tx.all(
            """SELECT d.id, p.name, q.name, d.valid_from, d.valid_to, d.reason, e.from_day,
                   d.person_id = %(me)s
               FROM identity.delegation d
               JOIN identity.person p ON p.id = d.person_id
               JOIN identity.person q ON q.id = d.delegate_id
               LEFT JOIN identity.delegation_end e ON e.delegation_id = d.id
               WHERE d.account_id = %(account)s AND %(me)s IN (d.person_id, d.delegate_id)
               ORDER BY d.id DESC LIMIT 100""",
            {"me": actor.person_id, "account": actor.account_id},
        )
    return [Delegation(*(*row, today)) for row in rows]


def delegate(ctx: Context, actor: Actor, absence: Absence) -> int:
    """Name a colleague for some days and return the delegation's number.

    Raises Invalid with every wrong field, Forbidden for a colleague who may not decide on each of
    these days and for who only reads, Conflict when one of the two is away then already.
    """
    if actor.rights == "read":
        raise Forbidden("您只有查看权限，没有需要委托的事项。", "Your rights are read-only.")
    at = ctx.clock.now()
    errors = _errors(absence, local_day(at), actor.person_id)
    if errors:
        raise Invalid("委托未保存。", "The delegation was not saved.", fields=errors)
    with ctx.database.transaction() as tx:
        if not _may_decide(tx, absence, actor.account_id):
            raise MAY_NOT
        number = _insert(tx, ctx, actor, absence)
        data = {
            "account": actor.account_id,
            "delegate": absence.delegate_id,
            "from": absence.valid_from.isoformat(),
            "to": absence.valid_to.isoformat(),
        }
        note(tx, at, actor, "identity:delegation:given", f"delegation:{number}", data)
    return number


def _may_decide(tx: Transaction, absence: Absence, account_id: int) -> bool:
    row = tx.one(
        "SELECT identity.decides_throughout(%(who)s, %(account)s, %(first)s, %(last)s)",
        {
            "who": absence.delegate_id,
            "account": account_id,
            "first": absence.valid_from,
            "last": absence.valid_to,
        },
    )
    return bool(row and row[0])


def _insert(tx: Transaction, ctx: Context, actor: Actor, absence: Absence) -> int:
    try:
        row = tx.one(
            """INSERT INTO identity.delegation
                   (account_id, person_id, delegate_id, valid_from, valid_to, reason, at)
               VALUES (%(account)s, %(me)s, %(delegate)s, %(first)s, %(last)s, %(reason)s, %(at)s)
               RETURNING id""",
            {
                "account": actor.account_id,
                "me": actor.person_id,
                "delegate": absence.delegate_id,
                "first": absence.valid_from,
                "last": absence.valid_to,
                "reason": absence.reason.strip(),
                "at": ctx.clock.now(),
            },
        )
    except psycopg2.Error as error:
        if error.pgcode == "RG422":
            raise MAY_NOT from error
        if error.pgcode == "RG423":
            raise AWAY_ALREADY from error
        raise
    assert row is not None  # noqa: S101 -- RETURNING of one inserted row
    return int(row[0])


def end_early(ctx: Context, actor: Actor, delegation_id: int) -> None:
    """Let one's own delegation hold no longer, from today on.

    Raises NotFound for another's, for one that is over, and for one that was ended before.
    """
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        ended = tx.run(
            """INSERT INTO identity.delegation_end (delegation_id, from_day, at)
               SELECT d.id, %(today)s, %(at)s FROM identity.delegation d
               WHERE d.id = %(id)s AND d.person_id = %(me)s AND d.account_id = %(account)s
                 AND d.valid_to >= %(today)s
               ON CONFLICT DO NOTHING""",
            {
                "id": delegation_id,
                "me": actor.person_id,
                "account": actor.account_id,
                "today": local_day(at),
                "at": at,
            },
        )
        if not ended:
            raise NotFound("没有可以结束的委托。", "There is no such delegation to end.")
        note(tx, at, actor, "identity:delegation:ended", f"delegation:{delegation_id}")


def _errors(absence: Absence, today: date, me: int) -> dict[str, Label]:
    errors = {}
    if absence.delegate_id == me:
        errors["delegate"] = Label("不能委托给本人。", "Name somebody else.")
    if absence.valid_from < today:
        errors["valid_from"] = Label("开始日期不能早于今日。", "It begins today or later.")
    if absence.valid_to < absence.valid_from:
        errors["valid_to"] = Label("结束日期早于开始日期。", "The last day is before the first.")
    elif (absence.valid_to - absence.valid_from).days > LONGEST:
        errors["valid_to"] = Label(
            f"委托不超过 {LONGEST} 天。", f"A delegation lasts no longer than {LONGEST} days."
        )
    if not 0 < len(absence.reason.strip()) <= REASON:
        errors["reason"] = Label(
            f"请填写原因，不超过 {REASON} 字。", f"Give a reason of up to {REASON} characters."
        )
    return errors
