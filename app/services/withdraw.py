"""Send an event that the diagram lets a party send: withdraw, discard.

Which events there are, where they stand and who may send them, the diagram says (boundary
message events with the property ``lane``).
"""

from app.domain.errors import Conflict, Forbidden, NotFound
from app.services.actor import Actor
from app.services.advance import advance
from app.services.context import Context
from app.services.decide import MAY_DECIDE, Outcome
from app.services.instance import load
from app.services.step import Decided, Step


def trigger(ctx: Context, actor: Actor, instance_id: int, name: str) -> Outcome:
    """Send the event ``name``; raises Conflict when the application has moved past it."""
    with ctx.database.transaction() as tx:
        instance = load(tx, ctx.definitions, instance_id)
        if actor.holder_id not in instance.parties.values():
            raise NotFound
        known = instance.definition.triggers.get(name)
        if known is None:
            raise NotFound
        lane = instance.definition.lanes[known.lane]
        if lane.role != actor.role or instance.parties.get(lane.key) != actor.holder_id:
            raise Forbidden("您不能进行这一操作。", "This is not yours to do.")
        if actor.rights not in MAY_DECIDE:
            raise Forbidden("您的权限不能进行这一操作。", "Your rights do not allow this.")
        step = Step(
            tx=tx,
            instance=instance,
            actor=actor,
            at=ctx.clock.now(),
            decided=Decided(known.element_id, 1, "trigger", lane.key, verdict=name),
            content=instance.content,
        )
        decision = advance(ctx, step, lambda run: run.trigger(name))
        return Outcome(decision, instance.id, instance.number)


def too_late() -> Conflict:
    """The application has been decided in the meantime."""
    return Conflict(
        "申请已进入下一步，不能再进行这一操作。",
        "The application has moved on; this can no longer be done.",
    )
