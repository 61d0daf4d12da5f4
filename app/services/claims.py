"""Claim and release a task of one's own organisation; a claim never decides anything."""

from app.domain.clock import local_day
from app.domain.errors import Conflict, Forbidden, NotFound
from app.services.actor import Actor
from app.services.context import Context


def claim(ctx: Context, actor: Actor, task_id: int) -> None:
    """Take a task for oneself; raises Conflict naming the colleague who was first.

    A claim ends with the mandate of whoever made it: then it holds nobody up.
    """
    if actor.rights == "read":
        raise Forbidden("您只有查看权限，不能认领。", "Your rights are read-only.")
    with ctx.database.transaction() as tx:
        taken = tx.run(
            """UPDATE workflow.task t SET claimed_by = %(person)s, claimed_at = %(at)s
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
        if taken:
            return
        row = tx.one(
            """SELECT p.name FROM workflow.task t JOIN identity.person p ON p.id = t.claimed_by
               WHERE t.id = %(task)s AND t.holder_id = %(holder)s""",
            {"task": task_id, "holder": actor.holder_id},
        )
        if row is None:
            raise NotFound("这项待办已不在办理中。", "This task is no longer open.")
        name = row[0]
        raise Conflict(f"{name} 已认领这项待办。", f"{name} has claimed this task.", name=name)


def release(ctx: Context, actor: Actor, task_id: int) -> None:
    """Give back a task one has claimed; raises NotFound when it is not claimed by the actor."""
    with ctx.database.transaction() as tx:
        released = tx.run(
            """UPDATE workflow.task SET claimed_by = NULL, claimed_at = NULL
               WHERE id = %(task)s AND holder_id = %(holder)s AND claimed_by = %(person)s""",
            {"task": task_id, "holder": actor.holder_id, "person": actor.person_id},
        )
        if not released:
            raise NotFound("您没有认领这项待办。", "You have not claimed this task.")
