"""A bundle with one mistake is refused with the element's id and a plain reason."""

import tomllib

import pytest

from app.workflow.bundle import Bundle
from app.workflow.definition import Definition
from app.workflow.refusals import Refusal, Refused
from app.workflow.rules import RULES, refusals_of
from app.workflow.rules.case import Case, Rule, read_case
from app.workflow.rules.people import forms_are_readable
from tests.workflow.walks import HERE, OPERATORS, definition


def edited(process_id: str, *changes: tuple[str, str], file: str | None = None) -> Bundle:
    bundle = definition(process_id).bundle
    name = file or f"{process_id}.bpmn"
    text = bundle.files[name].decode()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return Bundle(process_id, {**bundle.files, name: text.encode()})


def without(process_id: str, file: str) -> Bundle:
    bundle = definition(process_id).bundle
    return Bundle(process_id, {n: c for n, c in bundle.files.items() if n != file})


def refused(bundle: Bundle) -> list[Refusal]:
    with pytest.raises(Refused) as error:
        Definition.load(bundle, OPERATORS)
    return list(error.value.refusals)


GATEWAY_DEFAULT = ' default="flow_return"'
APPROVE = 'verdict == "approve"'
POST = 'serviceTaskOperator id="ledger/post"'
MISTAKES = tomllib.loads((HERE / "diagrams" / "mistakes.toml").read_text())["mistake"]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: f"{m['element']}: {m['reason']}")
def test_a_mistake_is_refused_with_its_element_and_a_plain_reason(mistake: dict[str, str]) -> None:
    refusals = refused(edited(mistake["process"], (mistake["old"], mistake["new"])))
    found = [r.reason for r in refusals if r.element_id == mistake["element"]]
    reasons = [(r.element_id, r.reason.en) for r in refusals]
    assert any(mistake["reason"] in label.en for label in found), reasons
    assert all(label.zh.strip() and label.zh != label.en for label in found)


def test_all_reasons_come_at_once() -> None:
    bundle = edited(
        "compliance",
        (GATEWAY_DEFAULT, ""),
        ('value="surrender_review.json"', 'value="nothing.json"'),
        (APPROVE, "unknown == 1"),
        (POST, 'serviceTaskOperator id="ledger/burn"'),
    )
    ids = {r.element_id for r in refused(bundle)}
    assert ids >= {"verdict_given", "review_surrender", "flow_approve", "post_surrender"}


def test_a_refusal_tells_every_reason_in_both_languages() -> None:
    with pytest.raises(Refused) as error:
        Definition.load(edited("compliance", (GATEWAY_DEFAULT, "")), OPERATORS)
    assert "verdict_given" in error.value.message.zh
    assert "no default exit" in error.value.message.en


@pytest.mark.parametrize("file", ["lanes.toml", "compliance.bpmn"])
def test_a_bundle_without_a_file_it_needs_is_refused(file: str) -> None:
    assert file in {r.element_id for r in refused(without("compliance", file))}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"$schema"', '$schema"'),
        ('"zh": "审核意见", ', ""),
        ('"widget": "textarea"', '"widget": "editor"'),
        ('"required": {"verdict": "return"}', '"required": {"nothing": "return"}'),
        ('"field": "opinion"', '"field": "opinions"'),
        ('"enum": ["approve", "return"]', '"enum": ["approve"]'),
        ('"type": "string"', '"type": "strong"'),
        ('"minLength": 2', '"$ref": "https://example.org/schema"'),
    ],
)
def test_a_broken_form_is_refused(old: str, new: str) -> None:
    bundle = edited("compliance", (old, new), file="forms/surrender_review.json")
    assert [r.element_id for r in refused(bundle)] == ["forms/surrender_review.json"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('key = "emitter"', 'key = "system"'),
        ('key = "emitter"', ""),
        ('party = "applicant" ', "#"),
        ('party = "applicant" ', 'party = "everybody" '),
        ('label_en = "Key emitter"', ""),
        ('role = "emitter"', 'rolle = "emitter"'),
        ('["重点排放单位"]', '["重点排放单位"'),
    ],
)
def test_a_broken_lane_table_is_refused(old: str, new: str) -> None:
    bundle = edited("compliance", (old, new), file="lanes.toml")
    assert "lanes.toml" in [r.element_id for r in refused(bundle)]


def test_entities_and_doctypes_are_refused() -> None:
    bundle = edited(
        "compliance",
        (
            "<bpmn:definitions",
            '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><bpmn:definitions',
        ),
    )
    assert "DOCTYPE" in refused(bundle)[0].reason.en


def test_a_bundle_accepted_once_runs_on_whatever_the_rules_become() -> None:
    bundle = definition("compliance").bundle
    assert Definition.accepted(bundle) is Definition.load(bundle, OPERATORS)


def test_the_rules_refuse_nothing_in_a_good_bundle() -> None:
    assert refusals_of(definition("compliance").bundle, OPERATORS) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_is_shown_by_a_mistake(rule: Rule) -> None:
    if rule is forms_are_readable:
        return  # shown by test_a_broken_form_is_refused
    cases = (read_case(edited(m["process"], (m["old"], m["new"])), OPERATORS) for m in MISTAKES)
    assert any(isinstance(case, Case) and list(rule(case)) for case in cases)


def test_a_pool_of_no_process_is_refused() -> None:
    (reason,) = refused(edited("compliance", (' processRef="compliance"', "")))
    assert reason.element_id == "compliance"
