"""What checks look at in a claim on another registry's reductions (G17)."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.external_numbers import Stretch


@dataclass(frozen=True, slots=True)
class Taken:
    """A number of the other registry that backs another claim, not released there."""

    number: str
    claim: str


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """The claim as it was applied for; ``account_type`` is that of the account that would hold it.

    ``quantity`` in whole tonnes.
    """

    registry: str
    quantity: int
    stretches: Sequence[Stretch]
    account_type: str
    taken: Sequence[Taken] = ()
