"""R10, G18: the CCER offset rule."""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.offset_rule import OffsetRule


@dataclass(frozen=True)
class Reductions:
    region: str | None = "示范省"
    project_type: str | None = "wind"
    vintage: int | None = 2024
    covered_source: bool = False


def test_the_default_limit_is_five_percent_of_the_obligation_rounded_down():
    assert OffsetRule().limit(412_619) == 20_630
    assert OffsetRule().limit(19) == 0
    assert OffsetRule().limit(20) == 1


@given(st.integers(min_value=0, max_value=10**12), st.decimals(0, 1, places=4))
def test_a_limit_is_whole_never_above_the_rate_and_at_most_one_tonne_below_it(obligation, rate):
    limit = OffsetRule(rate=rate).limit(obligation)
    assert limit <= rate * obligation < limit + 1


def test_a_rate_of_many_digits_never_rounds_up_to_a_tonne_more():
    assert OffsetRule(rate=Decimal("0.04" + "9" * 40)).limit(10**12) == 5 * 10**10 - 1


def test_a_rate_of_zero_allows_no_ccer():
    assert OffsetRule.from_json({"rate": "0"}).objection(Reductions()) is not None


@pytest.mark.parametrize(
    ("rule", "unit"),
    [
        ({"regions": ["北京"]}, Reductions()),
        ({"project_types": ["forestry"]}, Reductions()),
        ({"vintage_from": 2025}, Reductions()),
        ({"vintage_to": 2023}, Reductions()),
        ({"vintage_from": 2013}, Reductions(vintage=None)),
        ({}, Reductions(covered_source=True)),
    ],
)
def test_reductions_outside_the_rule_are_objected_to(rule, unit):
    assert OffsetRule.from_json(rule).objection(unit) is not None


def test_reductions_inside_the_rule_are_not_objected_to():
    rule = {
        "regions": ["示范省"],
        "project_types": ["wind"],
        "vintage_from": 2013,
        "vintage_to": 2024,
    }
    assert OffsetRule.from_json(rule).objection(Reductions()) is None


def test_a_covered_source_may_be_allowed_by_the_rule():
    rule = OffsetRule.from_json({"exclude_covered_sources": False})
    assert rule.objection(Reductions(covered_source=True)) is None


@pytest.mark.parametrize("rate", ["-0.1", "1.1", "five", "NaN", None])
def test_a_rate_that_is_no_share_is_refused(rate):
    with pytest.raises(ValueError, match="rate"):
        OffsetRule.from_json({"rate": rate})


def test_a_rule_reads_back_what_it_wrote():
    rule = OffsetRule.from_json({"rate": "0.08", "regions": ["重庆"], "vintage_from": 2013})
    assert OffsetRule.from_json(rule.as_json()) == rule
