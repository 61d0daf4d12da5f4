"""What an operator does about what is held up: let the sweep take it again."""

from app.domain.errors import Forbidden, NotFound
from app.identity.actor import Actor
from app.services.context import Context
from app.services.history import note
from app.services.workload import OPERATORS


def retry_instance(ctx: Context, actor: Actor, instance_id: int) -> None:
    """Let the sweep take a stuck instance again; raises NotFound when it is not stuck."""
    _retry(
        ctx,
        actor,
        "UPDATE workflow.instance SET stuck = '' WHERE id = %(id)s AND stuck <> ''",
        instance_id,
        "instance",
    )


def retry_job(ctx: Context, actor: Actor, job_id: int) -> None:
    """Let the sweep deliver a failed outbox line now; raises NotFound when it was delivered."""
    _retry(
        ctx,
        actor,
        """UPDATE workflow.outbox SET attempts = 0, due_at = %(now)s
           WHERE id = %(id)s AND done_at IS NULL AND attempts > 0""",
        job_id,
        "outbox",
    )


def _retry(ctx: Context, actor: Actor, sql: str, number: int, kind: str) -> None:
    if actor.role not in OPERATORS or actor.rights == "read":
        raise Forbidden("只有运维人员可以重试。", "Only operators may retry this.")
    with ctx.database.transaction() as tx:
        if not tx.run(sql, {"id": number, "now": ctx.clock.now()}):
            raise NotFound("这一项已不需要重试。", "This no longer needs a retry.")
        note(tx, ctx.clock.now(), actor, "operations:retry:request", f"{kind}:{number}")
