"""The checks of a change of data, each alone: what passes, and the one thing that fails it."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.account_changes import CHECKS, ChangeFacts, findings, run_checks
from app.domain.credit_code import check_character
from app.domain.label import Label

FIRST = "91330100MA2000001"
NOW = {"name": "甲", "credit_code": FIRST + check_character(FIRST), "representatives": "one"}
GOOD = ChangeFacts(
    labels={name: Label(name, name) for name in NOW},
    shown=NOW,
    current=NOW,
    asked={**NOW, "name": "乙"},
    opening_complete=True,
    code_taken=False,
    two_can_act=False,
    said={("representatives", "two"): Label("双人办理", "Two people")},
)

Change = Callable[[ChangeFacts], ChangeFacts]
FAILING: dict[str, Change] = {
    "4001": lambda f: replace(f, opening_complete=False),
    "4002": lambda f: replace(f, asked=NOW),
    "4003": lambda f: replace(f, shown={**NOW, "representatives": "two"}),
    "4004": lambda f: replace(f, asked={**NOW, "credit_code": NOW["credit_code"][::-1]}),
    "4005": lambda f: replace(f, code_taken=True),
    "4006": lambda f: replace(f, asked={**NOW, "representatives": "two"}),
}


def test_a_good_change_passes_every_check() -> None:
    assert findings(GOOD) == []
    assert [check.code for check, _ in run_checks(GOOD)] == list(FAILING)


@pytest.mark.parametrize("code", FAILING)
def test_each_check_fails_alone(code: str) -> None:
    assert [finding.code for finding in findings(FAILING[code](GOOD))] == [code]


def test_all_that_fails_is_said_at_once() -> None:
    bad = replace(FAILING["4001"](FAILING["4003"](FAILING["4006"](GOOD))), code_taken=True)
    assert [finding.code for finding in findings(bad)] == ["4001", "4003", "4005", "4006"]


def test_an_old_code_that_is_wrong_stops_no_other_change() -> None:
    odd = {**NOW, "credit_code": "91330100MA20000010"}
    facts = replace(GOOD, shown=odd, current=odd, asked={**odd, "name": "乙"})
    assert findings(facts) == []


def test_what_has_changed_is_named_in_the_words_of_the_form() -> None:
    [finding] = findings(FAILING["4003"](GOOD))
    assert "双人办理" in finding.message.zh
    assert finding.facts["field"] == "representatives"


TEXTS = st.dictionaries(st.sampled_from(list(NOW)), st.sampled_from(["甲", "乙", "two"]))


@given(shown=st.none() | TEXTS, current=TEXTS, asked=TEXTS)
def test_a_change_passes_only_when_what_was_shown_is_still_so(
    shown: dict[str, str] | None, current: dict[str, str], asked: dict[str, str]
) -> None:
    found = {f.code for f in findings(replace(GOOD, shown=shown, current=current, asked=asked))}
    assert ("4003" in found) == (shown is not None and shown != current)
    assert ("4002" in found) == (asked == current)
    assert found <= {check.code for check in CHECKS}
