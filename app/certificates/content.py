"""What a certificate says, all of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.label import Label


@dataclass(frozen=True, slots=True)
class Line:
    """Whole tonnes of one instrument and the serial ranges (first, last) that were cancelled."""

    code: str
    name: Label
    unit_type: str
    quantity: int
    ranges: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that a certificate says; ``address`` is its public page."""

    number: str
    holder: Label
    beneficiary: str
    purpose: str
    application: str
    issued_at: datetime
    lines: Sequence[Line]
    address: str
    reversed_at: datetime | None = None

    @property
    def total(self) -> int:
        """Whole tonnes of all lines."""
        return sum(line.quantity for line in self.lines)
