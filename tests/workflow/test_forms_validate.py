"""A form validates what was submitted with the schema and marks of its one file."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.workflow.forms import RESERVED, Form, UnreadableForm
from tests.workflow.walks import ROOT

APPLICATION = (ROOT / "forms" / "surrender_application.json").read_bytes()
REVIEW = (ROOT / "forms" / "surrender_review.json").read_bytes()


@pytest.fixture
def application() -> Form:
    return Form.load(APPLICATION)


@pytest.fixture
def review() -> Form:
    return Form.load(REVIEW)


def line(instrument: str = "PE2021000025", quantity: str = "10") -> dict[str, str]:
    return {"instrument": instrument, "quantity": quantity}


def test_a_complete_application_is_clean(application: Form) -> None:
    submitted = {"lines": [line(), line("CC2021000001", " 7 ")], "note": " 说明\r\n二 "}
    clean, errors = application.validate(submitted)
    assert errors == {}
    assert clean == {"lines": [line(), line("CC2021000001", "7")], "note": "说明\n二"}


def test_an_application_needs_a_line(application: Form) -> None:
    for empty in ({}, {"lines": []}, {"lines": [{"instrument": "", "quantity": ""}]}):
        _, errors = application.validate(empty)
        assert list(errors) == ["lines"]
        assert "履约标的" in errors["lines"].zh


@pytest.mark.parametrize(
    "quantity",
    [
        "0",
        "-1",
        "1.5",
        "1e3",
        "1,000",
        "０１",
        "１",
        "٣",
        "01",
        "+1",
        "1 0",
        "x",
        "9" * 16,
        "9" * 99,
    ],
)
def test_a_quantity_is_a_whole_number_of_tonnes(application: Form, quantity: str) -> None:
    _, errors = application.validate({"lines": [line(quantity=quantity)]})
    assert list(errors) == ["lines/0/quantity"]


@pytest.mark.parametrize("quantity", [5, 5.0, True, ["5"], {"n": "5"}])
def test_a_quantity_is_a_text(application: Form, quantity: object) -> None:
    submitted = {"lines": [{"instrument": "A", "quantity": quantity}]}
    for strict in (True, False):
        _, errors = application.validate(submitted, strict=strict)
        assert list(errors) == ["lines/0/quantity"]


def test_an_instrument_stands_in_one_line_only(application: Form) -> None:
    _, errors = application.validate({"lines": [line(), line("B"), line()]})
    assert list(errors) == ["lines/2/instrument"]
    assert errors["lines/2/instrument"].en.startswith("Each instrument")


def test_half_a_line_says_what_is_missing(application: Form) -> None:
    submitted = {"lines": [{"instrument": "A"}, {"quantity": "3"}]}
    _, errors = application.validate(submitted)
    assert set(errors) == {"lines/0/quantity", "lines/1/instrument"}


def test_a_draft_may_be_incomplete_but_not_malformed(application: Form) -> None:
    clean, errors = application.validate({"lines": [line(quantity="abc")]}, strict=False)
    assert errors == {}
    assert clean["lines"][0]["quantity"] == "abc"
    assert application.validate({}, strict=False) == ({}, {})
    _, errors = application.validate({"lines": "x"}, strict=False)
    assert list(errors) == ["lines"]


def test_unknown_fields_are_dropped(application: Form) -> None:
    clean, errors = application.validate(
        {"lines": [{**line(), "price": "1"}], "transfer": "all", "typename": "x"}
    )
    assert (clean, errors) == ({"lines": [line()]}, {})


def test_approval_needs_no_opinion_and_return_does(review: Form) -> None:
    assert review.validate({"verdict": "approve", "opinion": "  "}) == ({"verdict": "approve"}, {})
    _, errors = review.validate({"verdict": "return", "opinion": "  "})
    assert list(errors) == ["opinion"]
    assert errors["opinion"].zh == "退回时须填写审核意见。"
    assert review.validate({"verdict": "return", "opinion": "数量有误"})[1] == {}


@pytest.mark.parametrize("verdict", ["", None, "maybe", "APPROVE", ["approve"], 1])
def test_a_verdict_is_one_of_the_choices(review: Form, verdict: object) -> None:
    _, errors = review.validate({"verdict": verdict})
    assert list(errors) == ["verdict"]


def test_nothing_is_preselected_and_each_choice_tells_its_consequence(review: Form) -> None:
    choices = review.field("verdict").choices
    assert [c.value for c in choices] == ["approve", "return"]
    assert [c.label.zh for c in choices] == ["通过", "退回"]
    assert all(c.hint.zh and c.hint.en for c in choices)


def test_an_analyst_changes_a_label_a_hint_and_a_required_mark_in_the_file() -> None:
    raw = json.loads(REVIEW)
    opinion = next(f for f in raw["layout"] if f["field"] == "opinion")
    opinion["label"] = {"zh": "意见", "en": "Opinion"}
    opinion["hint"] = {"zh": "总是必填", "en": "Always required"}
    opinion["required"] = True
    form = Form.load(json.dumps(raw).encode())
    assert form.field("opinion").label.zh == "意见"
    assert form.field("opinion").hint.en == "Always required"
    assert list(form.validate({"verdict": "approve"})[1]) == ["opinion"]


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_no_field_is_called_as_what_the_page_itself_sends(name: str) -> None:
    """A field `action` would stand where the pressed button does."""
    raw = json.loads(REVIEW)
    raw["properties"][name] = {"type": "string"}
    raw["layout"].append({"field": name, "widget": "text", "label": {"zh": "字段", "en": "Field"}})
    with pytest.raises(UnreadableForm, match=name):
        Form.load(json.dumps(raw).encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)
NAMES = st.sampled_from(["lines", "note", "instrument", "quantity", "verdict", "opinion"])
SUBMITTED = st.dictionaries(
    NAMES, JSON | st.lists(st.dictionaries(NAMES, JSON, max_size=3), max_size=4), max_size=4
)


@given(submitted=SUBMITTED, strict=st.booleans())
def test_whatever_is_submitted_is_answered(submitted: dict[str, object], strict: bool) -> None:
    for content in (APPLICATION, REVIEW):
        form = Form.load(content)
        clean, errors = form.validate(submitted, strict=strict)
        assert all(e.zh and e.en for e in errors.values())
        if not errors and strict:
            assert form.validate(clean) == (clean, {})


def test_depth_does_not_harm(application: Form) -> None:
    deep: object = "x"
    for _ in range(5000):
        deep = [deep]
    assert application.validate({"lines": deep})[1]
