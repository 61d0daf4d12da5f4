"""Which holder plays which lane of an instance, by processes/lanes.toml and nothing else.

A lane's ``party`` is one of: ``applicant`` (who started, through its account),
``applicant.province`` (the authority it answers to), ``applicant.reviewer`` (the same, and the
registry operator for who answers to none: G38), ``subject.authority`` (that of what the
instance is about: of a pilot region), ``any`` (the only holder of the lane's role: the registry
operator, the national authority), ``any.asked`` (the same, a party from the moment its task opens),
``item`` (named by a multi-instance item; a party from that moment as well).
"""

from dataclasses import dataclass

from app.db import Transaction
from app.domain.errors import Forbidden
from app.services.actor import Actor
from app.services.context import Context
from app.services.instance import Instance
from app.services.only_holder import nobody_for, only_holder
from app.services.subjects import Subject
from app.workflow.definition import Definition
from app.workflow.lanes import JOINING, Lane


@dataclass(frozen=True, slots=True)
class Party:
    """A holder in a lane; ``account_id`` where it acts through one."""

    lane: str
    holder_id: int
    account_id: int | None


def parties_of(
    tx: Transaction, definition: Definition, applicant: Actor, subject: Subject
) -> list[Party]:
    """Return the parties of a new instance; raises Invalid when a lane has nobody to fill it."""
    drawn = {task.lane for task in definition.tasks.values()}
    drawn |= {trigger.lane for trigger in definition.triggers.values()}
    lanes = [definition.lanes[name] for name in sorted(drawn)]
    fixed = (lane for lane in lanes if lane.role and lane.party not in JOINING)
    return [_party(tx, lane, applicant, subject) for lane in fixed]


def _party(tx: Transaction, lane: Lane, applicant: Actor, subject: Subject) -> Party:
    if lane.party == "applicant":
        return Party(lane.key, applicant.holder_id, applicant.account_id)
    if lane.party == "applicant.province" and applicant.province_id is not None:
        return Party(lane.key, applicant.province_id, None)
    if lane.party == "subject.authority" and subject.authority_id is not None:
        return Party(lane.key, subject.authority_id, None)
    if lane.party == "applicant.reviewer" and applicant.province_id is not None:
        return Party(lane.key, applicant.province_id, None)
    if lane.party in {"any", "applicant.reviewer"}:
        return Party(lane.key, only_holder(tx, lane), None)
    raise nobody_for(lane)


def in_another_lane(ctx: Context, actor: Actor, instance_id: int, lane_key: str) -> bool:
    """Return whether the person has acted in another lane, so that a colleague takes this one."""
    with ctx.database.transaction() as tx:
        row = tx.one(
            """SELECT 1 FROM workflow.participant WHERE instance_id = %(instance)s
               AND person_id = %(person)s
               AND (lane <> %(lane)s OR holder_id <> %(holder)s)""",
            {
                "instance": instance_id,
                "person": actor.person_id,
                "lane": lane_key,
                "holder": actor.holder_id,
            },
        )
    return row is not None


def refuse_other_account(instance: Instance, lane_key: str, actor: Actor) -> None:
    """Raise Forbidden to the applicant's people who act for another of its accounts (R44).

    A mandate is for one account: who may trade for an emitter may not surrender for it.
    """
    lane = next(x for x in instance.definition.lanes.values() if x.key == lane_key)
    if lane.party == "applicant" and actor.account_id != instance.applicant_account_id:
        raise Forbidden(
            "这项申请由另一账户发起，请切换到该账户后办理。",
            "The application was begun for another account; act for that account first.",
        )


def refuse_other_receiver(tx: Transaction, instance: Instance, lane_key: str, actor: Actor) -> None:
    """Raise Forbidden to a recipient's people who act for another account than the receiving one.

    What comes into an account is for its representatives to agree to, and where it asks for two
    people (G21), for two: another account of the same holder is no way round (R44).
    """
    lane = next(x for x in instance.definition.lanes.values() if x.key == lane_key)
    if lane.party != "item":
        return
    rows = tx.all(
        """SELECT DISTINCT l.to_account_id FROM ledger.transfer_line l
           JOIN identity.account a ON a.id = l.to_account_id
           WHERE l.transfer_id = %(held)s AND a.holder_id = %(holder)s""",
        {"held": instance.reserved_transfer_id, "holder": actor.holder_id},
    )
    if rows and actor.account_id not in {row[0] for row in rows}:
        raise Forbidden(
            "标的将转入本单位的另一账户，请切换到该账户后办理。",
            "The units go into another account of your organisation; act for that account first.",
        )
