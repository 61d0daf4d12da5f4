"""The compliance scope of a notice: which instruments may be surrendered (R9, M13)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from app.domain.label import Label
from app.domain.offset_rule import OffsetRule, Reduction
from app.domain.reductions import REDUCTIONS


class Unit(Reduction, Protocol):
    """What a scope looks at in an instrument."""

    @property
    def unit_type(self) -> str:
        """`allowance`, `ccer` or `external_ccer`."""

    @property
    def year(self) -> int | None:
        """The year of an allowance."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A rule on the attributes of allowances: their year; CCER has a rule of its own."""

    year_from: int | None = None
    year_to: int | None = None

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "Scope":
        """Read a scope as it is stored with a notice."""
        return cls(given.get("year_from"), given.get("year_to"))

    def as_json(self) -> dict[str, Any]:
        """Return the scope as it is stored with a notice."""
        return {"year_from": self.year_from, "year_to": self.year_to}

    def objection(self, unit: Unit, ccer: OffsetRule) -> Label | None:
        """Return why an instrument may not be surrendered for the notice, or None (R9)."""
        if unit.unit_type in REDUCTIONS:
            return ccer.objection(unit)
        early = self.year_from is not None and (unit.year or 0) < self.year_from
        late = self.year_to is not None and (unit.year or 9999) > self.year_to
        if not early and not late:
            return None
        window = f"{self.year_from or ''}–{self.year_to or ''}"
        return Label(f"配额年度须在 {window} 内", f"the allowance year must lie in {window}")
