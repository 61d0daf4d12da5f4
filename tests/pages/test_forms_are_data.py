"""A page of a form says what the form's file says: labels, hints, required marks, in order."""

import json

from app.config import ROOT
from tests.pages.conftest import EMITTER, PROVINCE


def layout_of(name: str) -> list[dict]:
    return json.loads((ROOT / "forms" / name).read_text(encoding="utf-8"))["layout"]


def test_the_review_page_shows_each_label_hint_and_choice_of_its_form(market):
    instance, key = market.task_of("DP")
    for language, name in (("zh-CN", "zh"), ("en", "en")):
        page = market.as_(PROVINCE).get(
            f"/applications/{instance}/tasks/{key}", headers={"Accept-Language": language}
        ).text  # fmt: skip
        for field in layout_of("surrender_review.json"):
            assert field["label"][name] in page
            for choice in field.get("choices", ()):
                assert choice["label"][name] in page
                assert choice["hint"][name] in page


def test_nothing_is_preselected_in_a_review(market):
    instance, key = market.task_of("DP")
    browser = market.as_(PROVINCE)
    path = f"/applications/{instance}/tasks/{key}"
    assert " checked" not in browser.get(path).text.split('id="decide"')[1]
    data = {"action": "save", "verdict": "approve", "opinion": "先记下。"}
    assert browser.post(path, data).status_code == 302
    page = browser.get(path).text.split('id="decide"')[1]
    assert "先记下。" in page
    assert " checked" not in page


def test_the_application_form_names_its_fields_in_both_languages(market):
    path = f"/applications/new/compliance/{market.notice_of('QL')}"
    for language, name in (("zh-CN", "zh"), ("en", "en")):
        page = market.as_(EMITTER).get(path, headers={"Accept-Language": language}).text
        for field in layout_of("surrender_application.json"):
            assert field["label"][name] in page


def test_a_form_handed_in_twice_begins_one_application(market):
    browser = market.as_(EMITTER)
    data = {
        "action": "submit", "lines.instrument": "PE2025000118", "lines.quantity": "11",
        "once": "a" * 32,
    }  # fmt: skip
    path = f"/applications/new/compliance/{market.notice_of('QL')}"
    first, again = browser.post(path, data), browser.post(path, data)
    assert first.status_code == again.status_code == 302
    assert first.location == again.location
