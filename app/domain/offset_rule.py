"""The CCER offset rule of a notice: how much, and of what kind (R10, G18).

A rule is data: rate, base, regions, project types, vintage window, exclusion of covered sources.
The default is 5 % of the obligation, rounded down to whole tonnes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal, InvalidOperation
from typing import Any, Protocol

from app.domain.label import Label

BASES = frozenset({"obligation"})
DOWN = Context(prec=60, rounding=ROUND_DOWN)


class Reduction(Protocol):
    """What a rule looks at in an instrument of reductions."""

    @property
    def region(self) -> str | None:
        """The region of the project."""

    @property
    def project_type(self) -> str | None:
        """The type of the project."""

    @property
    def vintage(self) -> int | None:
        """The year in which the reductions arose."""

    @property
    def covered_source(self) -> bool:
        """Whether they come from a covered source."""


@dataclass(frozen=True, slots=True)
class OffsetRule:
    """An offset rule; empty lists and open ends do not restrict. A rate of 0 allows no CCER."""

    rate: Decimal = Decimal("0.05")
    base: str = "obligation"
    regions: tuple[str, ...] = ()
    project_types: tuple[str, ...] = ()
    vintage_from: int | None = None
    vintage_to: int | None = None
    exclude_covered_sources: bool = True

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "OffsetRule":
        """Read a rule; raises ValueError in plain words."""
        try:
            rate = Decimal(str(given.get("rate", "0.05")))
        except InvalidOperation as error:
            raise ValueError("the rate of a CCER rule is a decimal such as 0.05") from error
        if not rate.is_finite() or not 0 <= rate <= 1:
            raise ValueError("the rate of a CCER rule lies between 0 and 1")
        base = given.get("base", "obligation")
        if base not in BASES:
            raise ValueError(f"unknown base of a CCER rule: {base}")
        return cls(
            rate=rate,
            base=base,
            regions=tuple(given.get("regions", ())),
            project_types=tuple(given.get("project_types", ())),
            vintage_from=given.get("vintage_from"),
            vintage_to=given.get("vintage_to"),
            exclude_covered_sources=bool(given.get("exclude_covered_sources", True)),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the rule as it is stored with a notice."""
        return {
            "rate": str(self.rate),
            "base": self.base,
            "regions": list(self.regions),
            "project_types": list(self.project_types),
            "vintage_from": self.vintage_from,
            "vintage_to": self.vintage_to,
            "exclude_covered_sources": self.exclude_covered_sources,
        }

    def limit(self, obligation: int) -> int:
        """Return the whole tonnes of CCER that may be used, rounded down (G18).

        The product is rounded down too: a rate of many digits never rounds up to a tonne more.
        """
        return int(DOWN.multiply(self.rate, Decimal(obligation)).to_integral_value(ROUND_DOWN))

    def objection(self, unit: Reduction) -> Label | None:
        """Return why reductions of this kind may not be used, or None."""
        if self.rate == 0:
            return Label("本通知书不允许使用CCER", "this notice allows no CCER")
        if self.exclude_covered_sources and unit.covered_source:
            return Label("来自纳入管控的排放源", "from a covered source")
        if self.regions and unit.region not in self.regions:
            return Label(
                f"项目地区须为{'、'.join(self.regions)}",
                f"the project must lie in {', '.join(self.regions)}",
            )
        if self.project_types and unit.project_type not in self.project_types:
            return Label("项目类型不在允许范围内", "this project type is not allowed")
        return self._vintage_objection(unit.vintage)

    def _vintage_objection(self, vintage: int | None) -> Label | None:
        early = self.vintage_from is not None and (vintage or 0) < self.vintage_from
        late = self.vintage_to is not None and (vintage or 9999) > self.vintage_to
        if not early and not late:
            return None
        window = f"{self.vintage_from or ''}–{self.vintage_to or ''}"
        return Label(f"产生年份须在 {window} 内", f"the vintage must lie in {window}")
