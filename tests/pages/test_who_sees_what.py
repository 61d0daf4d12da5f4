"""What belongs to somebody else does not exist: every address with a foreign number is a 404."""

import pytest

from tests.pages.conftest import AUDITOR, EMITTER, OPERATOR, OTHER_PROVINCE, PROVINCE

FOREIGN = [
    ("GET", "/applications/{instance}"),
    ("GET", "/applications/{instance}/diagram.bpmn"),
    ("GET", "/applications/{instance}/resume"),
    ("GET", "/applications/{instance}/tasks/{key}"),
    ("POST", "/applications/{instance}/tasks/{key}"),
    ("POST", "/applications/{instance}/send/withdraw"),
    ("POST", "/applications/{instance}/send/discard"),
    ("GET", "/applications/new/compliance/{notice}"),
    ("POST", "/applications/new/compliance/{notice}"),
    ("GET", "/compliance/{notice}/scope"),
    ("GET", "/holdings/{account}"),
    ("GET", "/holdings/{account}/registry"),
    ("GET", "/holdings/{account}/trading"),
    ("GET", "/holdings/{account}/holdings.csv"),
    ("GET", "/holdings/{account}/holdings.xlsx"),
    ("GET", "/holdings/{account}/registry/ledger.csv"),
    ("GET", "/holdings/{account}/registry/ledger.xlsx"),
    ("POST", "/inbox/{task}/claim"),
    ("POST", "/inbox/{task}/release"),
    ("POST", "/inbox/notifications/{notification}/read"),
]


def numbers(market) -> dict[str, object]:
    instance, key = market.task_of("DP")
    return {
        "instance": instance,
        "key": key,
        "notice": market.notice_of("DP"),
        "account": market.account_of("DP"),
        "task": market.one("SELECT id FROM workflow.task WHERE instance_id = %(i)s", i=instance),
        "notification": market.one(
            """SELECT n.id FROM workflow.notification n JOIN workflow.instance i
               ON i.id = n.instance_id JOIN identity.holder h ON h.id = i.applicant_id
               WHERE n.holder_id <> %(h)s LIMIT 1""",
            h=market.holder_of("QL"),
        ) or 10**9,
    }  # fmt: skip


@pytest.mark.parametrize(("method", "path"), FOREIGN)
@pytest.mark.parametrize("member", [EMITTER, OTHER_PROVINCE, OPERATOR])
def test_a_foreign_number_is_not_found(market, method, path, member):
    browser = market.as_(member)
    browser.get("/home")
    address = path.format(**numbers(market))
    data = {"action": "submit", "verdict": "approve", "opinion": "mine"}
    answer = browser.get(address) if method == "GET" else browser.post(address, data)
    assert answer.status_code == 404, answer.text[:2000]
    assert "没有找到" in answer.text or "这项待办" in answer.text or "您没有认领" in answer.text


def test_a_province_cannot_issue_to_an_emitter_of_another(market):
    answer = market.as_(OTHER_PROVINCE).get(f"/notices/issue/{market.holder_of('DP')}")
    assert answer.status_code == 404


def test_a_province_does_not_see_what_an_emitter_has_not_submitted(market):
    draft = market.first_of("SY")
    for member in (PROVINCE, AUDITOR):
        assert market.as_(member).get(f"/applications/{draft}").status_code == 404


def test_a_province_does_not_see_the_holdings_of_its_emitters(market):
    assert market.as_(PROVINCE).get(f"/holdings/{market.account_of('QL')}").status_code == 404


def test_an_auditor_sees_and_has_no_button_that_acts(market):
    instance, key = market.task_of("DP")
    page = market.as_(AUDITOR).get(f"/applications/{instance}/tasks/{key}").text
    assert 'name="action"' not in page
    answer = market.as_(AUDITOR).post(
        f"/applications/{instance}/tasks/{key}", {"action": "submit", "verdict": "approve"}
    )
    assert answer.status_code in {403, 404}
