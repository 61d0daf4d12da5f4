"""The two-person rule inside a holder (G21): one representative fills in, another confirms.

An account asks for it, or not. Where it does, the initiating representative saves and hands over;
the confirming one decides on exactly that. Saving again takes it back. The database asks the same
of every decision (workflow.guard_decision).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.db import Transaction
from app.domain.errors import Conflict, Forbidden
from app.identity.actor import Actor
from app.workflow.forms import Form

NEEDS_TWO = Forbidden(
    "该账户实行双人办理：先由发起代表填写并提交确认，再由另一位代表确认。",
    "This account asks for two people: one fills in and hands over, another confirms.",
)


@dataclass(frozen=True, slots=True)
class Initiator:
    """The representative who filled in what another confirms."""

    person_id: int
    person_hash: str


def initiator(
    tx: Transaction,
    actor: Actor,
    instance_id: int,
    element_id: str,
    form: Form,
    given: Mapping[str, Any],
) -> Initiator | None:
    """Return who filled in what the actor confirms; None where the account asks for one person.

    Raises Forbidden unless another representative handed it over, Conflict when what is confirmed
    is not what was handed over.
    """
    if not actor.two_person:
        return None
    row = tx.one(
        """SELECT d.person_id, encode(sha256(p.salt || convert_to(p.member_no, 'UTF8')), 'hex'),
               d.form
           FROM workflow.draft d JOIN identity.person p ON p.id = d.person_id
           WHERE d.instance_id = %(instance)s AND d.element_id = %(element)s
             AND d.holder_id = %(holder)s AND d.ready_at IS NOT NULL""",
        {"instance": instance_id, "element": element_id, "holder": actor.holder_id},
    )
    if row is None or row[0] == actor.person_id:
        raise NEEDS_TWO
    handed_over, _ = form.validate(json.loads(row[2]))
    if handed_over != dict(given):
        raise Conflict(
            "内容与发起代表提交确认的不一致。请按原内容确认，或退回由发起代表修改。",
            "This is not what was handed over. Confirm it as it is, or give it back for editing.",
        )
    return Initiator(row[0], row[1])
