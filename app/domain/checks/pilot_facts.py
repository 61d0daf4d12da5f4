"""What the checks 31xx look at: a pilot region's rule for a year, its base, what was used of it."""

from dataclasses import dataclass

from app.domain.label import Label
from app.domain.pilot_rule import PilotRule


@dataclass(frozen=True, slots=True)
class PilotFacts:
    """A pilot region, an enterprise and a compliance year, in whole tonnes.

    ``rule`` is None where none governs the year, ``base`` where none was uploaded. ``pending``
    and ``home`` (of the home region, pending or cancelled) exclude this application's own hold.
    """

    name: Label
    year: int
    rule: PilotRule | None
    base: int | None
    cancelled: int
    pending: int
    home: int

    @property
    def used(self) -> int:
        """Cancelled and pending before this application."""
        return self.cancelled + self.pending

    @property
    def cap(self) -> int | None:
        """What may be surrendered in all, None where rule or base are missing."""
        if self.rule is None or self.base is None:
            return None
        return self.rule.cap(self.base)
