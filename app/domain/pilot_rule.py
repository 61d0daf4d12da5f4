"""The rule of a pilot region: how much CCER it takes, and of what kind (S26, G18).

A rule is data, with the dates between which it is valid: rate, base, home region and its least
share, project types, vintage window, exclusion of covered sources. What the rate is taken of is
uploaded by the pilot's authority; this registry does not know it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_UP, Context, Decimal
from typing import Any

from app.domain.label import Label
from app.domain.offset_rule import OffsetRule, Reduction

BASES: Mapping[str, Label] = {
    "allocation": Label("当年配额发放量", "that year's allocation"),
    "obligation": Label("当年应清缴量", "that year's obligation"),
    "emissions": Label("当年排放量", "that year's emissions"),
}
UP = Context(prec=60, rounding=ROUND_UP)


@dataclass(frozen=True, slots=True)
class PilotRule:
    """A version of a pilot's rule; ``kinds`` says which reductions, and at which rate.

    ``home_share`` is the least share of reductions from the home region, 0 where there is none.
    ``verified``: the figures were read in a public document; others are to be confirmed.
    """

    kinds: OffsetRule
    base: str
    home_region: str
    home_share: Decimal
    valid_from: date
    valid_to: date | None = None
    verified: bool = False

    @classmethod
    def from_json(
        cls,
        given: Mapping[str, Any],
        *,
        home_region: str,
        valid_from: date,
        valid_to: date | None = None,
        verified: bool = False,
    ) -> "PilotRule":
        """Read a rule; raises ValueError in plain words."""
        base = given.get("base", "allocation")
        if base not in BASES:
            raise ValueError(f"unknown base of a pilot's rule: {base}")
        share = Decimal(str(given.get("home_share", "0")))
        if not share.is_finite() or not 0 <= share <= 1:
            raise ValueError("the home share of a pilot's rule lies between 0 and 1")
        if valid_to is not None and valid_to < valid_from:
            raise ValueError("a pilot's rule ends after it begins")
        if "rate" not in given:
            raise ValueError("a pilot's rule has a rate")
        kinds = OffsetRule.from_json({k: v for k, v in given.items() if k != "base"})
        return cls(kinds, base, home_region, share, valid_from, valid_to, verified)

    def covers(self, year: int) -> bool:
        """Whether the rule governs a compliance year: its last day lies within the validity."""
        end = date(year, 12, 31)
        return self.valid_from <= end and (self.valid_to is None or end <= self.valid_to)

    def cap(self, base: int) -> int:
        """Return the whole tonnes that may be surrendered of a base in tonnes, rounded down."""
        return self.kinds.limit(base)

    def objection(self, unit: Reduction) -> Label | None:
        """Return why reductions of this kind are not taken by the pilot, or None."""
        if self.kinds.rate == 0:
            return Label("该试点地区不接受CCER", "this pilot region takes no CCER")
        return self.kinds.objection(unit)

    def home_missing(self, home: int, total: int) -> int:
        """Return how many tonnes from the home region are missing for the least share of a total.

        What is demanded is rounded up: a share is not reached by rounding.
        """
        wanted = int(UP.multiply(self.home_share, Decimal(total)).to_integral_value(ROUND_UP))
        return max(0, wanted - home)

    def words(self) -> list[Label]:
        """Return the rule in plain words, one sentence a condition."""
        said = [
            Label(
                f"上缴量不超过{BASES[self.base].zh}的 {percent(self.kinds.rate)}，向下取整到吨",
                f"at most {percent(self.kinds.rate)} of {BASES[self.base].en},"
                " rounded down to whole tonnes",
            )
        ]
        if self.home_share:
            said.append(
                Label(
                    f"其中{self.home_region}项目产生的不少于 {percent(self.home_share)}",
                    f"at least {percent(self.home_share)} from projects in {self.home_region}",
                )
            )
        return said + self._kinds_in_words()

    def _kinds_in_words(self) -> list[Label]:
        kinds, said = self.kinds, []
        if kinds.regions:
            places = "、".join(kinds.regions)
            said.append(Label(f"项目地区：{places}", f"projects in {places}"))
        if kinds.project_types:
            types = "、".join(kinds.project_types)
            said.append(Label(f"项目类型：{types}", f"project types: {types}"))
        if kinds.vintage_from is not None:
            year = kinds.vintage_from
            said.append(Label(f"{year} 年及以后产生", f"arisen in {year} or later"))
        if kinds.vintage_to is not None:
            year = kinds.vintage_to
            said.append(Label(f"{year} 年及以前产生", f"arisen in {year} or earlier"))
        if kinds.exclude_covered_sources:
            said.append(Label("不得来自纳入管控的排放源", "not from covered sources"))
        return said


def percent(rate: Decimal) -> str:
    """Return a rate as people say it: 0.05 is 5 %."""
    return f"{(rate * 100).normalize():f} %"
