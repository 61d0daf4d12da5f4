"""What an application may name: the account's instruments, what is free of each, and why not.

For a notice its scope decides (R9); elsewhere the routes of the transaction type that the flow
reserves with, such as voluntary cancellation out of a general account (R40).
"""

from dataclasses import dataclass

from app.compliance.notices import Notice
from app.db import Transaction
from app.domain.errors import NotFound
from app.domain.label import Label
from app.domain.pilot_rule import PilotRule
from app.identity.actor import Actor
from app.ledger.instruments import Instrument, available
from app.services.context import Context
from app.services.progress import notice_within
from app.services.types import type_facts
from app.workflow.definition import Definition

NOT_THIS_WAY = Label(
    "本账户的这类单位不能用于本业务", "Units of this kind do not go this way from this account"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """An instrument of the account and, where it is out of scope, why.

    ``instrument.available`` is what is free, in whole tonnes.
    """

    instrument: Instrument
    objection: Label | None

    @property
    def eligible(self) -> bool:
        """Whether the application may name it."""
        return self.objection is None

    @property
    def name(self) -> Label:
        """The instrument's name."""
        return Label(self.instrument.name, self.instrument.name_en or self.instrument.name)


def choices(ctx: Context, actor: Actor, notice_id: int) -> list[Choice]:
    """Return what the notice's account holds, eligible first.

    Raises NotFound for anybody but the emitter: what it holds is not the notice's business.
    """
    with ctx.database.transaction() as tx:
        notice = notice_within(tx, actor, notice_id).notice
        if notice.emitter_id != actor.holder_id:
            raise NotFound
        return choices_of(tx, notice)


def free_choices(
    ctx: Context,
    actor: Actor,
    definition: Definition,
    account_id: int,
    rule: PilotRule | None = None,
) -> list[Choice]:
    """Return what an account of the actor's holder may bring into a flow without a notice.

    ``rule`` is that of the pilot region it is for: what the pilot does not take is named with why.
    Raises NotFound for anybody else's account.
    """
    with ctx.database.transaction() as tx:
        row = tx.one(
            "SELECT type FROM identity.account WHERE id = %(id)s AND holder_id = %(holder)s",
            {"id": account_id, "holder": actor.holder_id},
        )
        if row is None:
            raise NotFound
        admitted = admitted_units(definition, row[0])
        found = [
            Choice(instrument, _objection(instrument, admitted, rule))
            for instrument in available(tx, account_id)
        ]
    return sorted(found, key=lambda choice: (not choice.eligible, choice.instrument.unit_type))


def _objection(
    instrument: Instrument, admitted: frozenset[str], rule: PilotRule | None
) -> Label | None:
    if instrument.unit_type not in admitted:
        return NOT_THIS_WAY
    return rule.objection(instrument) if rule else None


def admitted_units(definition: Definition, account_type: str) -> frozenset[str]:
    """Return the unit types that the flow's transaction types lead out of such an account."""
    types = definition.constants("ledger/reserve", "type")
    return frozenset(
        route.unit_type
        for code in types
        for route in type_facts(str(code)).routes
        if route.from_type == account_type
    )


def choices_of(tx: Transaction, notice: Notice) -> list[Choice]:
    """Do the same inside a transaction, for a notice that was already checked."""
    found = [
        Choice(instrument, notice.scope.objection(instrument, notice.ccer_rule))
        for instrument in available(tx, notice.account_id)
    ]
    return sorted(found, key=lambda choice: (not choice.eligible, choice.instrument.unit_type))
