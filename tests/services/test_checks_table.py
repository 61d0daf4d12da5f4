"""Each numbered check alone: what passes, and the one change that makes it fail (1001-3103)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.domain.checks import CHECKS, findings, run_checks
from app.domain.checks.claim_facts import ClaimFacts, Taken
from app.domain.checks.facts import (
    AccountFacts,
    Facts,
    LineFacts,
    NoticeFacts,
    ReversalFacts,
    UnitFacts,
)
from app.domain.checks.pilot_facts import PilotFacts
from app.domain.external_numbers import Stretch
from app.domain.label import Label
from app.domain.offset_rule import OffsetRule
from app.domain.pilot_rule import PilotRule
from app.domain.scope import Scope
from app.services.types import _types, type_facts

ALLOWANCE = UnitFacts(1, "PE2021000025", "配额", "allowance", 2021)
REDUCTION = UnitFacts(2, "CCER2020001", "风电", "ccer", None, "甘肃", "wind", 2020)
OWN = AccountFacts(11, "1011", "compliance", "open", 7)
SURRENDER = AccountFacts(12, "1012", "surrender", "open", 9)
OFFSET = AccountFacts(13, "1013", "ccer_offset", "open", 9)
NOTICE = NoticeFacts(
    number="TZ-2021-1",
    obligation=400,
    surrendered=100,
    pending=50,
    ccer_limit=20,
    ccer_surrendered=5,
    ccer_pending=5,
    scope=Scope(2020, 2021),
    ccer_rule=OffsetRule(),
    deadline=datetime(2022, 4, 30, tzinfo=UTC),
)
GOOD = Facts(
    type=type_facts("surrender"),
    role="emitter",
    acting_holder=7,
    sender=OWN,
    lines=(
        LineFacts("PE2021000025", 240, 240, ALLOWANCE, SURRENDER),
        LineFacts("CCER2020001", 10, 10, REDUCTION, OFFSET),
    ),
    notice=NOTICE,
)
LINKED = replace(
    GOOD,
    type=type_facts("transfer_to_trading_account"),
    lines=(
        LineFacts(
            "PE2021000025", 5, 5, ALLOWANCE, AccountFacts(20, "1020", "trading", "open", 7, 11)
        ),
    ),
    notice=None,
)
FROM_CUSTODY = replace(
    GOOD,
    type=type_facts("custody_return"),
    sender=AccountFacts(30, "1030", "custody", "open", 9),
    lines=(LineFacts("PE2021000025", 5, 0, ALLOWANCE, OWN, lot=1, lot_remaining=5),),
    notice=None,
    linked=frozenset({OWN.holder_id}),
)
INTO_CUSTODY = replace(
    GOOD,
    type=type_facts("custody"),
    lines=(
        LineFacts("PE2021000025", 5, 5, ALLOWANCE, AccountFacts(30, "1030", "custody", "open", 9)),
    ),
    notice=None,
)
PILOT_RULE = PilotRule(
    OffsetRule(), "allocation", "甘肃", Decimal("0.5"), date(2013, 1, 1), verified=True
)
TO_PILOT = replace(  # 5 % of 419 t, rounded down, are 20 t: 6 cancelled, 4 pending, 10 applied
    GOOD,
    type=type_facts("pilot_surrender"),
    role="participant",
    sender=AccountFacts(50, "1050", "general", "open", 7),
    lines=(
        LineFacts(
            "CCER2020001",
            10,
            10,
            REDUCTION,
            AccountFacts(51, "1051", "government_cancellation", "open", 9),
        ),
    ),
    notice=None,
    pilot=PilotFacts(Label("某试点", "Some pilot"), 2021, PILOT_RULE, 419, 6, 4, home=0),
)
CLAIM = ClaimFacts("ccer_registry", 30, [Stretch("CCER-", 3, 1, 30)], "compliance")
CLAIMED = replace(
    GOOD,
    type=type_facts("external_mark"),
    sender=None,
    lines=(LineFacts("WB-2022-0000001", 30, 0, None, OWN),),
    notice=None,
    claim=CLAIM,
)
REVERSAL = replace(
    GOOD,
    type=type_facts("surrender_reversal"),
    role="provincial_authority",
    sender=SURRENDER,
    lines=(LineFacts("PE2021000025", 5, 5, ALLOWANCE, OWN),),
    notice=None,
    reversal=ReversalFacts(4, reversed_by=None, missing=0),
)


def sender(**changes: object) -> Callable[[Facts], Facts]:
    return lambda facts: replace(facts, sender=replace(facts.sender, **changes))


def line(place: int, **changes: object) -> Callable[[Facts], Facts]:
    def changed(facts: Facts) -> Facts:
        lines = list(facts.lines)
        lines[place] = replace(lines[place], **changes)
        return replace(facts, lines=tuple(lines))

    return changed


def notice(**changes: object) -> Callable[[Facts], Facts]:
    return lambda facts: replace(facts, notice=replace(facts.notice, **changes))


def pilot(**changes: object) -> Callable[[Facts], Facts]:
    return lambda facts: replace(facts, pilot=replace(facts.pilot, **changes))


def rule(**changes: object) -> Callable[[Facts], Facts]:
    return pilot(rule=replace(PILOT_RULE, **changes))


def facts(**changes: object) -> Callable[[Facts], Facts]:
    return lambda given: replace(given, **changes)


def status(account: AccountFacts, word: str) -> AccountFacts:
    return replace(account, status=word)


TABLE = [
    ("1001", GOOD, sender(status="restricted")),
    ("1001", GOOD, sender(status="frozen")),
    ("1001", GOOD, sender(status="closure_pending")),
    ("1001", GOOD, sender(status="closed")),
    ("1002", GOOD, line(0, to=status(SURRENDER, "frozen"))),
    ("1002", GOOD, line(0, to=status(SURRENDER, "closure_pending"))),
    ("1002", GOOD, line(1, to=status(OFFSET, "closed"))),
    ("1003", GOOD, line(0, to=OFFSET)),
    ("1003", GOOD, line(1, to=SURRENDER)),
    ("1003", GOOD, sender(type="general")),
    ("1004", GOOD, facts(role="provincial_authority")),
    ("1005", LINKED, line(0, to=AccountFacts(21, "1021", "trading", "open", 7, 99))),
    ("1005", LINKED, line(0, to=AccountFacts(21, "1021", "trading", "open", 8, None))),
    ("1006", GOOD, sender(holder_id=8)),
    ("2001", GOOD, line(1, unit=None)),
    ("2001", GOOD, facts(lines=())),
    ("2002", GOOD, line(1, quantity=0)),
    ("2002", GOOD, line(1, quantity=-3)),
    ("2003", GOOD, facts(lines=(replace(GOOD.lines[0], quantity=1),) * 2)),
    ("2004", GOOD, line(1, available=9)),
    ("2003", FROM_CUSTODY, facts(lines=(replace(FROM_CUSTODY.lines[0], quantity=2),) * 2)),
    ("2005", INTO_CUSTODY, facts(custody_strictly_less=True)),
    ("2006", FROM_CUSTODY, line(0, quantity=6)),
    ("2006", FROM_CUSTODY, line(0, lot_remaining=None)),
    ("3004", FROM_CUSTODY, facts(linked=frozenset({99}))),
    ("3001", GOOD, notice(pending=51)),
    ("3001", GOOD, notice(surrendered=101)),
    ("3001", GOOD, notice(obligation=399)),
    ("3001", GOOD, facts(notice=None)),
    ("3002", GOOD, notice(scope=Scope(2022, None))),
    ("3002", GOOD, notice(scope=Scope(None, 2020))),
    ("3002", GOOD, notice(ccer_rule=OffsetRule(regions=("青海",)))),
    ("3002", GOOD, notice(ccer_rule=OffsetRule(project_types=("solar",)))),
    ("3002", GOOD, notice(ccer_rule=OffsetRule(vintage_from=2021))),
    ("3002", GOOD, notice(ccer_rule=OffsetRule(vintage_to=2019))),
    ("3002", GOOD, notice(ccer_rule=OffsetRule(rate=Decimal(0)))),
    ("3002", GOOD, line(1, unit=replace(REDUCTION, covered_source=True))),
    ("3003", GOOD, notice(ccer_limit=19)),
    ("3003", GOOD, notice(ccer_pending=6)),
    ("3003", GOOD, notice(ccer_surrendered=6)),
    ("3101", TO_PILOT, facts(pilot=None)),
    ("3101", TO_PILOT, pilot(rule=None)),
    ("3101", TO_PILOT, rule(kinds=OffsetRule(vintage_from=2021))),
    ("3101", TO_PILOT, rule(kinds=OffsetRule(regions=("青海",)))),
    ("3101", TO_PILOT, line(0, unit=replace(REDUCTION, covered_source=True))),
    ("3102", TO_PILOT, pilot(base=399)),
    ("3102", TO_PILOT, pilot(cancelled=7, home=1)),
    ("3102", TO_PILOT, pilot(pending=5, home=1)),
    ("3103", TO_PILOT, rule(home_share=Decimal("0.51"))),
    ("3103", TO_PILOT, rule(home_region="青海")),
    ("2007", REVERSAL, lambda facts: replace(facts, reversal=None)),
    ("2007", REVERSAL, lambda facts: replace(facts, reversal=ReversalFacts(4, 9, 0))),
    ("2008", REVERSAL, lambda facts: replace(facts, reversal=ReversalFacts(4, None, 1))),
    ("3201", CLAIMED, lambda f: replace(f, claim=replace(CLAIM, account_type="general"))),
    ("3202", CLAIMED, lambda f: replace(f, claim=replace(CLAIM, quantity=31))),
    ("3202", CLAIMED, lambda facts: replace(facts, claim=None)),
    ("3203", CLAIMED, lambda f: replace(f, claim=replace(CLAIM, taken=[Taken("CCER-007", "WB")]))),
]


@pytest.mark.parametrize("good", [GOOD, LINKED, FROM_CUSTODY, TO_PILOT, REVERSAL, CLAIMED])
def test_what_is_exactly_within_the_rules_passes(good: Facts) -> None:
    assert findings(good) == []


@pytest.mark.parametrize(("code", "good", "change"), TABLE)
def test_one_change_fails_one_check_in_both_languages(
    code: str, good: Facts, change: Callable[[Facts], Facts]
) -> None:
    found = findings(change(good))
    assert {finding.code for finding in found} == {code}
    assert found[0].message.zh
    assert found[0].message.en
    assert found[0].message.zh != found[0].message.en


def test_every_check_stands_in_the_table() -> None:
    assert {code for code, _, _ in TABLE} == set(CHECKS)


def test_every_check_of_a_movement_exists() -> None:
    assert {c for t in _types().values() for c in t.checks} <= set(CHECKS)


def test_an_act_of_an_authority_reaches_restricted_and_frozen_accounts_but_no_closed_one() -> None:
    recall = replace(
        GOOD,
        type=type_facts("allowance_recall"),
        role="provincial_authority",
        lines=(
            LineFacts(
                "PE2021000025",
                5,
                5,
                ALLOWANCE,
                AccountFacts(40, "1040", "provincial_total", "open", 3),
            ),
        ),
        notice=None,
    )
    for word in ("open", "restricted", "frozen", "closure_pending"):
        assert findings(sender(status=word)(recall)) == []
    assert [f.code for f in findings(sender(status="closed")(recall))] == ["1001"]


def test_a_refusal_of_the_obligation_carries_all_its_numbers() -> None:
    [found] = findings(notice(pending=51)(GOOD))
    assert found.facts == {
        "applied": 250,
        "obligation": 400,
        "surrendered": 100,
        "pending": 51,
        "left": 249,
    }
    assert "请减少 1 吨" in found.message.zh
    assert "reduce by 1 t" in found.message.en


def test_all_that_fail_are_found_at_once() -> None:
    wrong = GOOD
    for change in (
        sender(status="frozen", holder_id=8),
        line(0, available=1, to=replace(status(OFFSET, "frozen"), id=99)),
        line(1, quantity=30, available=30),
        facts(role="auditor"),
        notice(scope=Scope(2022, None)),
    ):
        wrong = change(wrong)
    assert {f.code for f in findings(wrong)} == {
        "1001",
        "1002",
        "1003",
        "1004",
        "1006",
        "2004",
        "3001",
        "3002",
        "3003",
    }


def test_a_lot_is_judged_over_all_its_recipients() -> None:
    """Each line fits into what remains, both together do not."""
    other = replace(OWN, id=14, number="1014", holder_id=8)
    lines = (
        replace(FROM_CUSTODY.lines[0], quantity=3),
        replace(FROM_CUSTODY.lines[0], quantity=3, to=other),
    )
    both = replace(FROM_CUSTODY, lines=lines, linked=frozenset({7, 8}))
    [found] = findings(both)
    assert (found.code, found.facts["quantity"], found.facts["remaining"]) == ("2006", 6, 5)


def test_a_whole_holding_may_go_into_custody_unless_the_registry_says_less() -> None:
    """G12: a merger puts everything in custody; strictly less would forbid just that."""
    assert findings(INTO_CUSTODY) == []
    less = line(0, quantity=4)(facts(custody_strictly_less=True)(INTO_CUSTODY))
    assert findings(less) == []


def test_a_missing_base_and_a_doubtful_rule_warn_and_refuse_nothing() -> None:
    """G18: the base is not in this registry; whoever reviews has to look elsewhere."""

    def warned(given: Facts) -> dict[str, str]:
        checks = [c for c in map(CHECKS.get, given.type.checks) if c and c.warning]
        said = {check.code: check.warning(given) for check in checks if check.warning}
        return {code: label.zh for code, label in said.items() if label}

    assert warned(TO_PILOT) == {}
    doubtful = pilot(base=None, rule=replace(PILOT_RULE, verified=False))(TO_PILOT)
    assert findings(doubtful) == []
    assert set(warned(doubtful)) == {"3101", "3102"}
    assert "6 + 4 + 10" in warned(doubtful)["3102"]


def test_a_reviewer_sees_the_values_compared_of_checks_that_pass_too() -> None:
    shown = {c.code: c.shown(GOOD) for c, found in run_checks(GOOD) if c.shown and not found}
    assert set(shown) == {"2004", "3001", "3002", "3003"}
    assert "400 - 100 - 50 = 250" in shown["3001"].zh
    assert "10 + 10 = 20 ≤ 20" in shown["3003"].en


@pytest.mark.parametrize(
    ("obligation", "limit"), [(19, 0), (20, 1), (39, 1), (40, 2), (1_286_419, 64_320)]
)
def test_the_ccer_limit_is_five_percent_rounded_down(obligation: int, limit: int) -> None:
    assert OffsetRule().limit(obligation) == limit
