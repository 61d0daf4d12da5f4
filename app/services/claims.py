"""Claim and release a task of one's own organisation; a claim never decides anything."""

from app.domain.errors import Conflict, Forbidden, NotFound
from app.services.actor import Actor
from app.services.context import Context


def claim(ctx: Context, actor: Actor, task_id: int) -> None:
    """Take a task for oneself; raises Conflict naming the colleague who was first."""
    if actor.rights == "read":
        raise Forbidden("您只有查看权限，不能认领。", "Your rights are read-only.")
    with ctx.database.transaction() as tx:
        taken = tx.run(
            """UPDATE workflow.task SET claimed_by = %(person)s, claimed_at = %(at)s
               WHERE id = %(task)s AND holder_id = %(holder)s AND role = %(role)s
                 AND (claimed_by IS NULL OR claimed_by = %(person)s)""",
            {
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
