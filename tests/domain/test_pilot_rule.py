"""The rule of a pilot region is data: cap, home share, kinds, validity (G18)."""

import tomllib
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.pilot_rule import PilotRule, percent

ROOT = Path(__file__).resolve().parents[2]
TONNES = st.integers(min_value=0, max_value=10**15)
RATES = st.decimals(min_value=0, max_value=1, places=6)
PILOTS = tomllib.loads((ROOT / "app/pilots/rules.toml").read_text("utf-8"))


class Unit:
    """Reductions as a rule looks at them."""

    def __init__(self, **given: object) -> None:
        self.region, self.project_type, self.vintage = "上海市", "wind", 2020
        self.covered_source = False
        self.__dict__.update(given)


def rule(*, home_region: str = "北京市", **given: object) -> PilotRule:
    return PilotRule.from_json(
        {"rate": "0.05", **given}, home_region=home_region, valid_from=date(2013, 11, 28)
    )


@given(RATES, TONNES)
def test_a_cap_is_the_rate_of_the_base_rounded_down_to_whole_tonnes(rate: Decimal, base: int):
    exact = Fraction(rate) * base
    cap = rule(rate=str(rate)).cap(base)
    assert cap <= exact < cap + 1


@given(RATES, TONNES, TONNES)
def test_a_larger_base_never_gives_a_smaller_cap(rate: Decimal, one: int, other: int):
    small, large = sorted((one, other))
    assert rule(rate=str(rate)).cap(small) <= rule(rate=str(rate)).cap(large)


@given(RATES, TONNES, TONNES)
def test_what_is_missing_at_home_is_exactly_what_reaches_the_share(
    share: Decimal, home: int, total: int
):
    one = rule(home_share=str(share))
    missing = one.home_missing(home, total)
    assert home + missing >= Fraction(share) * total
    assert missing == 0 or home + missing - 1 < Fraction(share) * total


def test_a_share_is_not_reached_by_rounding():
    assert rule(home_share="0.5").home_missing(1, 3) == 1
    assert rule(home_share="0.5").home_missing(2, 3) == 0


def test_a_rule_governs_the_years_whose_last_day_lies_within_its_validity():
    one = PilotRule.from_json(
        {"rate": "0.05"},
        home_region="",
        valid_from=date(2013, 11, 26),
        valid_to=date(2020, 12, 30),
    )
    assert [year for year in range(2010, 2025) if one.covers(year)] == list(range(2013, 2020))


@pytest.mark.parametrize(
    ("given", "unit", "why"),
    [
        ({}, {"covered_source": True}, "纳入管控"),
        ({"vintage_from": 2013}, {"vintage": 2012}, "产生年份"),
        ({"regions": ["北京市"]}, {}, "项目地区"),
        ({"project_types": ["solar"]}, {}, "项目类型"),
        ({"rate": "0"}, {}, "不接受CCER"),
    ],
)
def test_reductions_of_another_kind_are_refused_in_words(given, unit, why):
    objection = rule(**given).objection(Unit(**unit))
    assert objection is not None
    assert why in objection.zh


def test_reductions_of_the_right_kind_are_taken():
    assert rule(vintage_from=2013, regions=["上海市"]).objection(Unit()) is None


@pytest.mark.parametrize(
    "given",
    [{"base": "gdp"}, {"home_share": "1.5"}, {"rate": "2"}, {"rate": "five"}],
)
def test_a_rule_that_makes_no_sense_is_refused(given):
    with pytest.raises(ValueError, match=r"pilot|CCER"):
        rule(**given)


def test_a_rule_without_a_rate_is_refused():
    with pytest.raises(ValueError, match="rate"):
        PilotRule.from_json({}, home_region="", valid_from=date(2013, 1, 1))


def test_percentages_are_said_as_people_say_them():
    assert [percent(Decimal(x)) for x in ("0.05", "0.10", "0.075", "1")] == [
        "5 %", "10 %", "7.5 %", "100 %",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "rate", "verified"),
    [
        ("shanghai", "0.05", True),
        ("beijing", "0.05", True),
        ("guangdong", "0.10", False),
        ("shenzhen", "0.10", False),
        ("tianjin", "0.10", False),
        ("hubei", "0.10", False),
        ("chongqing", "0.08", False),
    ],
)
def test_the_pilots_of_g18_are_seeded_and_unverified_ones_say_so(code, rate, verified):
    [one] = PILOTS[code]["rules"]
    assert (one["rate"], one["verified"]) == (rate, verified)
    if not verified:
        assert "待核实" in one["source"]


def test_shanghai_and_beijing_say_what_their_notices_say():
    def read(code: str) -> PilotRule:
        [one] = PILOTS[code]["rules"]
        return PilotRule.from_json(
            one, home_region=PILOTS[code]["region"], valid_from=one["valid_from"]
        )

    assert [w.zh for w in read("shanghai").words()] == [
        "上缴量不超过当年配额发放量的 5 %，向下取整到吨",
        "2013 年及以后产生",
        "不得来自纳入管控的排放源",
    ]
    assert [w.zh for w in read("beijing").words()][1] == "其中北京市项目产生的不少于 50 %"
