"""What anybody may learn of a certificate by its number: no more than stands in its headline."""

from dataclasses import dataclass
from datetime import datetime

from app.certificates.certificates import by_number
from app.domain.errors import NotFound
from app.domain.label import Label
from app.ledger.reversals import reversed_at
from app.services.certificates.lines import lines_of
from app.services.context import Context


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Whole tonnes of one instrument."""

    code: str
    name: Label
    quantity: int


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Number, holder, tonnes, instruments, date and a later reversal; nothing else is public."""

    number: str
    holder: Label
    cancelled: tuple[Cancelled, ...]
    issued_at: datetime
    reversed_at: datetime | None

    @property
    def total(self) -> int:
        """Whole tonnes of all instruments."""
        return sum(line.quantity for line in self.cancelled)


def confirm(ctx: Context, number: str) -> Confirmation:
    """Confirm a certificate to anybody; raises NotFound for a number that was never issued."""
    with ctx.database.transaction() as tx:
        found = by_number(tx, number)
        if found is None:
            raise NotFound(
                "没有这个编号的证书。请核对编号后重试。",
                "There is no certificate of this number. Compare it with the paper and try again.",
            )
        return Confirmation(
            number=found.number,
            holder=found.holder,
            cancelled=tuple(
                Cancelled(line.code, line.name, line.quantity)
                for line in lines_of(tx, found.transfer_id)
            ),
            issued_at=found.issued_at,
            reversed_at=reversed_at(tx, found.transfer_id),
        )
