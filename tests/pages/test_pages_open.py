"""Every page opens for those it is for, in both languages, and for nobody else."""

import pytest

from tests.pages.conftest import AUDITOR, EMITTER, OPERATOR, PROVINCE, REVIEWER

PAGES = {
    EMITTER: ["/home", "/inbox", "/compliance", "/records", "/holdings"],
    PROVINCE: ["/home", "/inbox", "/notices", "/records", "/holdings"],
    AUDITOR: ["/home", "/history", "/inbox"],
    OPERATOR: ["/home", "/operator"],
}
OPEN = [(member, path) for member, paths in PAGES.items() for path in paths]


@pytest.mark.parametrize(("member", "path"), OPEN)
def test_a_page_opens_in_chinese_and_in_english(market, member, path):
    for language in ("zh-CN", "en"):
        answer = market.as_(member).get(path, headers={"Accept-Language": language})
        assert answer.status_code == 200, answer.text
        assert "<h1" in answer.text


@pytest.mark.parametrize(
    ("member", "path"),
    [
        (EMITTER, "/notices"), (EMITTER, "/history"), (EMITTER, "/operator"),
        (PROVINCE, "/compliance"), (PROVINCE, "/history"), (PROVINCE, "/operator"),
        (AUDITOR, "/notices"), (AUDITOR, "/operator"), (OPERATOR, "/history"),
    ],
)  # fmt: skip
def test_a_page_of_another_role_is_refused(market, member, path):
    assert market.as_(member).get(path).status_code == 403


def test_the_pages_of_one_application_open_for_its_parties_and_auditors(market):
    for code in ("QL", "DP", "ZY", "SQ", "LJ"):
        for member in (PROVINCE, REVIEWER, AUDITOR):
            instance = market.first_of(code)
            answer = market.as_(member).get(f"/applications/{instance}")
            assert answer.status_code == 200, answer.text
            drawing = market.as_(member).get(f"/applications/{instance}/diagram.bpmn")
            assert drawing.status_code == 200
            assert b"<bpmn:process" in drawing.data


def test_a_review_and_a_form_open(market):
    instance, key = market.task_of("DP")
    answer = market.as_(PROVINCE).get(f"/applications/{instance}/tasks/{key}")
    assert answer.status_code == 200, answer.text
    form = market.as_(EMITTER).get(f"/applications/new/compliance/{market.notice_of('QL')}")
    assert form.status_code == 200, form.text


def test_a_role_without_work_meets_no_empty_list_of_it(market):
    for member in (AUDITOR, OPERATOR):
        page = market.as_(member).get("/", follow_redirects=True).text
        assert "todo-link" not in page
        assert "没有待办" not in page
    assert "todo-link" in market.as_(EMITTER).get("/", follow_redirects=True).text
