"""Another registry's reductions meet the rules of our own (R10, G17, G18)."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.domain.checks import findings
from app.domain.checks.facts import Facts, LineFacts, UnitFacts
from app.domain.offset_rule import OffsetRule
from app.domain.scope import Scope
from tests.services.test_checks_table import GOOD, NOTICE, OFFSET

RULES = st.builds(
    OffsetRule,
    regions=st.sampled_from([(), ("甘肃",)]),
    vintage_from=st.sampled_from([None, 2018]),
    exclude_covered_sources=st.booleans(),
)
UNITS = st.builds(
    UnitFacts,
    id=st.just(1),
    code=st.just("X"),
    name=st.just("X"),
    unit_type=st.just("ccer"),
    year=st.none(),
    region=st.sampled_from(["甘肃", "青海"]),
    vintage=st.integers(2015, 2021),
    covered_source=st.booleans(),
)


@given(UNITS, RULES)
def test_the_rule_of_a_notice_asks_the_same_of_both(unit: UnitFacts, rule: OffsetRule) -> None:
    external = replace(unit, unit_type="external_ccer")
    assert Scope().objection(external, rule) == Scope().objection(unit, rule)


@given(st.integers(1, 30), st.integers(1, 30))
def test_both_draw_on_the_one_limit(own: int, external: int) -> None:
    """20 t, of which 10 t are used or pending."""
    unit = UnitFacts(1, "X", "X", "ccer", None, "甘肃", "wind", 2020)
    facts: Facts = replace(
        GOOD,
        lines=(
            LineFacts("X", own, 50, unit, OFFSET),
            LineFacts("Y", external, 50, replace(unit, unit_type="external_ccer"), OFFSET),
        ),
        notice=NOTICE,
    )
    assert (facts.ccer, facts.external) == (own + external, external)
    failing = {finding.code for finding in findings(facts)}
    assert failing == ({"3003"} if own + external > 10 else set())
