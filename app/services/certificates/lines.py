"""What a certificate's transfer moved, and whether it was reversed: the ledger's own word."""

from app.certificates.content import Line
from app.db import Transaction
from app.domain.label import Label
from app.ledger.transfers import transfers


def lines_of(tx: Transaction, transfer_id: int) -> list[Line]:
    """Return the instruments of a posted transfer with whole tonnes and serial ranges."""
    return [
        Line(
            code=leg.code,
            name=Label(leg.name, leg.name_en or leg.name),
            unit_type=leg.unit_type,
            quantity=leg.quantity,
            ranges=leg.ranges,
        )
        for transfer in transfers(tx, [transfer_id])
        for leg in transfer.legs
    ]
