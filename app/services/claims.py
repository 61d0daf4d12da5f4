"""Claim and release a task of one's own organisation; a claim never decides anything."""

from app.db import Transaction
from app.domain.clock import local_day
from app.domain.errors import Conflict, Forbidden, NotFound
from app.identity.delegations import stands_in
from app.services.actor import Actor
from app.services.context import Context
from app.services.decide import MAY_DECIDE
from app.services.history import note


def claim(ctx: Context, actor: Actor, task_id: int) -> None:
    """Take a task for oneself; raises Conflict naming the colleague who was first.

    A claim ends with the mandate of whoever made it: then it holds nobody up. What somebody away
    has claimed, the colleague they named takes over; the history says from whom.
    """
    if actor.rights == "read":
        raise Forbidden("您只有查看权限，不能认领。", "Your rights are read-only.")
    with ctx.database.transaction() as tx:
        if not _take(tx, ctx, actor, task_id) and not _take_over(tx, ctx, actor, task_id):
            raise _refusal(tx, actor, task_id)


def release(ctx: Context, actor: Actor, task_id: int) -> None:
    """Give back a task one has claimed, or that somebody away has whom one stands in for.

    Raises NotFound when it is claimed by nobody of the two.
    """
    with ctx.database.transaction() as tx:
        values = {"task": task_id, "holder": actor.holder_id, "person": actor.person_id}
        if not tx.run(_RELEASE, values):
            absent = _absent_claimer(tx, ctx, actor, task_id)
            if absent is None or not tx.run(_RELEASE, values | {"person": absent}):
                raise NotFound("您没有认领这项待办。", "You have not claimed this task.")
            _noted(tx, ctx, actor, task_id, "released_for", absent)


def may_take_over(ctx: Context, actor: Actor, claimed_by: int | None) -> bool:
    """Whether the actor stands in today for whoever claimed a task."""
    if claimed_by is None or claimed_by == actor.person_id or actor.rights not in MAY_DECIDE:
        return False
    today = local_day(ctx.clock.now())
    with ctx.database.transaction() as tx:
        return stands_in(tx, actor.person_id, actor.account_id, claimed_by, today)


_RELEASE = """UPDATE workflow.task SET claimed_by = NULL, claimed_at = NULL, claimed_for = NULL
    WHERE id = %(task)s AND holder_id = %(holder)s AND claimed_by = %(person)s"""


def _take(tx: Transaction, ctx: Context, actor: Actor, task_id: int) -> bool:
    taken = tx.run(
        """UPDATE workflow.task t SET claimed_by = %(person)s, claimed_at = %(at)s,
               claimed_for = CASE WHEN t.claimed_by = %(person)s THEN t.claimed_for END
           WHERE t.id = %(task)s AND t.holder_id = %(holder)s AND t.role = %(role)s
             AND (t.claimed_by IS NULL OR t.claimed_by = %(person)s OR NOT EXISTS (
                 SELECT FROM identity.mandate m
                 JOIN identity.account a ON a.id = m.account_id
                 JOIN identity.person p ON p.id = m.person_id
                 WHERE m.person_id = t.claimed_by AND a.holder_id = t.holder_id
                   AND p.closed_at IS NULL AND m.valid_from <= %(today)s
                   AND (m.valid_to IS NULL OR m.valid_to >= %(today)s)))""",
        {
            "today": local_day(ctx.clock.now()),
            "person": actor.person_id,
            "at": ctx.clock.now(),
            "task": task_id,
            "holder": actor.holder_id,
            "role": actor.role,
        },
    )
    return bool(taken)


def _take_over(tx: Transaction, ctx: Context, actor: Actor, task_id: int) -> bool:
    absent = _absent_claimer(tx, ctx, actor, task_id)
    taken = absent is not None and tx.run(
        """UPDATE workflow.task SET claimed_by = %(person)s, claimed_at = %(at)s,
               claimed_for = %(absent)s
           WHERE id = %(task)s AND claimed_by = %(absent)s""",
        {
            "task": task_id,
            "person": actor.person_id,
            "at": ctx.clock.now(),
            "absent": absent,
        },
    )
    if absent is None or not taken:
        return False
    _noted(tx, ctx, actor, task_id, "taken_over", absent)
    return True


def _absent_claimer(tx: Transaction, ctx: Context, actor: Actor, task_id: int) -> int | None:
    """Return who has claimed the task, if the actor stands in for them today."""
    row = tx.one(
        """SELECT claimed_by FROM workflow.task WHERE id = %(task)s AND holder_id = %(holder)s
             AND role = %(role)s AND claimed_by IS NOT NULL""",
        {"task": task_id, "holder": actor.holder_id, "role": actor.role},
    )
    if row is None or actor.rights not in MAY_DECIDE:
        return None
    today = local_day(ctx.clock.now())
    away = stands_in(tx, actor.person_id, actor.account_id, row[0], today)
    return int(row[0]) if away else None


def _noted(
    tx: Transaction, ctx: Context, actor: Actor, task_id: int, what: str, absent: int
) -> None:
    """Write into the history who acts for whom; the application's own page shows decisions."""
    data = {"task": task_id, "for": absent}
    note(tx, ctx.clock.now(), actor, f"workflow:task:{what}", f"person:{absent}", data)


def _refusal(tx: Transaction, actor: Actor, task_id: int) -> Exception:
    row = tx.one(
        """SELECT p.name FROM workflow.task t JOIN identity.person p ON p.id = t.claimed_by
           WHERE t.id = %(task)s AND t.holder_id = %(holder)s""",
        {"task": task_id, "holder": actor.holder_id},
    )
    if row is None:
        return NotFound("这项待办已不在办理中。", "This task is no longer open.")
    name = row[0]
    return Conflict(f"{name} 已认领这项待办。", f"{name} has claimed this task.", name=name)
