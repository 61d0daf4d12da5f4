"""What an account may surrender for a notice: its instruments, what is free, and why not (R9)."""

from dataclasses import dataclass

from app.compliance.notices import Notice
from app.db import Transaction
from app.domain.errors import NotFound
from app.domain.label import Label
from app.identity.actor import Actor
from app.ledger.instruments import Instrument, available
from app.services.context import Context
from app.services.progress import notice_within


@dataclass(frozen=True, slots=True)
class Choice:
    """An instrument of the account and, where it is out of scope, why.

    ``instrument.available`` is what is free, in whole tonnes.
    """

    instrument: Instrument
    objection: Label | None

    @property
    def eligible(self) -> bool:
        """Whether it may be used for the notice."""
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


def choices_of(tx: Transaction, notice: Notice) -> list[Choice]:
    """Do the same inside a transaction, for a notice that was already checked."""
    found = [
        Choice(instrument, notice.scope.objection(instrument, notice.ccer_rule))
        for instrument in available(tx, notice.account_id)
    ]
    return sorted(found, key=lambda choice: (not choice.eligible, choice.instrument.unit_type))
