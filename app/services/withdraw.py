"""Send an event that the diagram lets a party send: withdraw, discard.

Which events there are, where they stand and who may send them, the diagram says (boundary
message events with the property ``lane``).
"""

from app.db import Transaction
from app.domain.errors import Conflict, Forbidden, NotFound
from app.services.actor import Actor
from app.services.advance import Move
from app.services.context import Context
from app.services.decide import MAY_DECIDE, Outcome, after_the_quicker, settle, stand_in_line
from app.services.instance import Instance, load
from app.services.parties import refuse_other_account
from app.services.signing.signed import NO_SESSION, Session, Signed
from app.services.step import Decided, Step
from app.workflow.definition import Trigger
from app.workflow.run import Run


def trigger(
    ctx: Context,
    actor: Actor,
    instance_id: int,
    name: str,
    signature: Signed | None = None,
    session: Session = NO_SESSION,
) -> Outcome:
    """Send the event ``name``, signed where the account's policy asks for that of every act.

    Raises NotFound to a stranger, Forbidden to a party that may not send it, Conflict when the
    application has moved past it.
    """

    def once(look: int) -> Outcome:
        with ctx.database.transaction() as tx:
            if look:
                stand_in_line(tx, instance_id)
            step, move = asked_event(ctx, tx, actor, instance_id, name)
            return settle(ctx, step, move, signature, session)

    outcome = after_the_quicker(once)
    ctx.bell.ring()
    return outcome


def asked_event(
    ctx: Context, tx: Transaction, actor: Actor, instance_id: int, name: str
) -> tuple[Step, Move]:
    """Return the step that an event asks for, and its move."""
    instance = load(tx, instance_id)
    if not instance.has_party(actor.holder_id):
        raise NotFound
    step = Step(
        tx=tx,
        instance=instance,
        actor=actor,
        at=ctx.clock.now(),
        decided=Decided(name, 1, "trigger", "", verdict=name),
        content=instance.content,
    )
    run = Run.restore(instance.definition, instance.state, ctx.clock, ctx.operators.bind(step))
    waiting = _waiting(run, instance, actor, name)
    step.decided.element_id = waiting.element_id
    step.decided.lane = instance.definition.lanes[waiting.lane].key
    step.decided.visit = _visit(run, waiting)
    return step, lambda run: run.trigger(name)


def _waiting(run: Run, instance: Instance, actor: Actor, name: str) -> Trigger:
    """Return the event; raises unless the diagram waits for it and it is the actor's to send."""
    waiting = [trigger for trigger in run.open_triggers() if trigger.name == name]
    if not waiting:
        raise Conflict(
            "申请已进入下一步，不能再进行这一操作。",
            "The application has moved on; this can no longer be done.",
        )
    lane = instance.definition.lanes[waiting[0].lane]
    if actor.role not in lane.roles or instance.parties.get(lane.key) != actor.holder_id:
        raise Forbidden("这一操作不由您所代表的单位进行。", "This is not for your organisation.")
    if actor.rights not in MAY_DECIDE:
        raise Forbidden("您的权限不能进行这一操作。", "Your rights do not allow this.")
    refuse_other_account(instance, lane.key, actor)
    return waiting[0]


def _visit(run: Run, waiting: Trigger) -> int:
    """Return which visit of the task the event ends."""
    open_tasks = run.open_tasks()
    return next((x.visit for x in open_tasks if x.task.id == waiting.attached_to), 1)
