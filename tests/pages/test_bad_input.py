"""Input that makes no sense, on every page: a 4xx or the page itself, never a fault."""

import base64
import json
import re

import pytest
from werkzeug.datastructures import MultiDict

from tests.pages.conftest import AUDITOR, BUYER, EMITTER, OPERATOR, PROVINCE

OFFICER, NATION = "31000000031", "10000000001"  # of a pilot region, of the national authority
LONG = "9" * 400
HOSTILE = "'\"><script>alert(1)</script>%_\\{{7*7}}"
GETS = [
    (PROVINCE, "/inbox", ["q", "cursor", "step", "at_least", "due", "claimed", "visit"]),
    (EMITTER, "/records", ["q", "cursor", "status"]),
    (PROVINCE, "/records", ["q", "cursor", "status"]),
    (AUDITOR, "/history", ["q", "cursor", "status"]),
    (PROVINCE, "/notices", ["q", "cursor", "year"]),
    (EMITTER, "/holdings/{account}/registry", ["cursor", "instrument"]),
    (EMITTER, "/holdings/{account}/registry/ledger.csv", ["instrument", "since", "until", "sort"]),
    (EMITTER, "/holdings", ["date", "q", "type", "sort", "cursor"]),
    (EMITTER, "/holdings/{account}/holdings.csv", ["date", "sort"]),
    (EMITTER, "/allocations", ["q", "kind", "year", "since", "until", "sort", "cursor"]),
    (EMITTER, "/records/custody-return", ["q", "status", "since", "until", "sort", "cursor"]),
    (EMITTER, "/records/custody-link/file.csv", ["q", "status", "since", "until", "sort"]),
    (BUYER, "/records/cancellation", ["q", "sort", "cursor"]),
    (EMITTER, "/inbox/waiting", ["process", "due", "q", "cursor"]),
    (EMITTER, "/messages", ["cursor", "unread"]),
    (OFFICER, "/pilots/exports", ["year"]),
    (OFFICER, "/pilots/bases", ["pilot", "year"]),
]
VALUES = ["-1", "0", "1.5", "1e9", LONG, HOSTILE, "%", "x" * 3000, "１２", "²", "\u202e", "W10"]
CASES = [(member, path, name) for member, path, names in GETS for name in names]


@pytest.mark.parametrize(("member", "path", "name"), CASES)
def test_a_made_up_filter_is_never_a_fault(market, member, path, name):
    address = path.format(account=market.account_of("QL"))
    for value in VALUES:
        answer = market.as_(member).get(address, query_string={name: value})
        assert answer.status_code < 500, (value, answer.text[:500])
        assert "<script>alert" not in answer.text
        assert not re.search(r"Traceback|psycopg2|jinja2", answer.text)


@pytest.mark.parametrize(
    "path",
    [
        "/applications/0", "/applications/-1", "/applications/x", f"/applications/{LONG}",
        "/applications/1/tasks/x", f"/applications/1/tasks/{LONG}", "/holdings/0", "/holdings/x",
        "/holdings/1/other", "/holdings/1/registry/ledger.pdf", "/compliance/0/scope",
        "/applications/new/none", "/applications/new/compliance", "/applications/new/%ff",
        "/applications/new/compliance/0", "/notices/issue/0", "/applications/1/tasks/1%00",
        "/pilots/exports/x", "/pilots/exports/x/file.exe", "/pilots/exports/x/file.csv.sha256",
        "/certificates/x", "/certificates/%00", f"/certificates/{LONG}", "/inbox/bulk/0",
        "/inbox/bulk/9/report.exe", "/attachments/0", "/applications/1/certificate.pdf",
        "/records/none", "/applications/new/ccer_pilot_surrender/0",
    ],
)  # fmt: skip
def test_an_address_that_leads_nowhere_says_so(market, path):
    for member in (EMITTER, PROVINCE, OPERATOR):
        answer = market.as_(member).get(path)
        assert answer.status_code in {400, 403, 404}, (path, answer.status_code)
        assert "<h1" in answer.text


@pytest.mark.parametrize("text", ["\x00", "\ud800", "x", "", "\U0001f600"])
@pytest.mark.parametrize("sort", ["code", "batch", "-at", "quantity"])
def test_a_made_up_place_in_a_list_is_never_a_fault(market, sort, text):
    packed = json.dumps([False, text, 1, 1, 1]).encode()
    cursor = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    answer = market.as_(EMITTER).get(f"/allocations?sort={sort}&cursor={cursor}")
    assert answer.status_code in {200, 422}, answer.text[:500]


POSTS = [
    (NATION, "/pilots/1/authority", ["holder"]),
    (OFFICER, "/pilots/exports", ["chosen"]),
    (OFFICER, "/pilots/bases", ["pilot"]),
    (EMITTER, "/account/delegation", ["delegate", "from", "to", "reason"]),
    (PROVINCE, "/inbox/bulk/prepare", ["task"]),
    (PROVINCE, "/inbox/bulk", ["task", "verdict", "opinion", "once"]),
    (EMITTER, "/applications/1/comments", ["comment", "once", "next"]),
    (EMITTER, "/applications/new/custody_return", ["lines.lot", "lines.quantity", "add", "once"]),
    (EMITTER, "/applications/new/custody_link", ["holders", "reason"]),
    (EMITTER, "/applications/new/account_change", ["name", "seen", "representatives"]),
    (BUYER, "/applications/new/voluntary_cancel", ["lines.quantity", "beneficiary"]),
]


@pytest.mark.parametrize(("member", "path", "names"), POSTS)
def test_a_made_up_field_is_never_a_fault_and_needs_the_forms_token(market, member, path, names):
    browser = market.as_(member)
    browser.get("/home")
    assert browser.client.post(path, data={names[0]: "1"}).status_code == 400
    for name in names:
        for value in VALUES:
            given = [("csrf_token", browser.token), ("action", "submit"), (name, value)]
            answer = browser.client.post(path, data=MultiDict(given))
            assert answer.status_code < 500, (name, value, answer.text[:500])
            assert "<script>alert" not in answer.text


QUANTITIES = ["", "0", "-5", "1.5", "1e3", "abc", LONG, HOSTILE, "９９９９９９９９９"]


@pytest.mark.parametrize("action", ["submit", "save", "add", "", "other"])
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_form_with_any_quantity_comes_back_with_what_was_typed(market, action, quantity):
    browser = market.as_(EMITTER)
    browser.get("/home")
    data = MultiDict(
        [
            ("csrf_token", browser.token), ("action", action), ("lines.instrument", "PE2025000118"),
            ("lines.quantity", quantity), ("note", HOSTILE), ("once", HOSTILE), ("add", HOSTILE),
        ]
    )  # fmt: skip
    answer = browser.client.post(
        f"/applications/new/compliance/{market.notice_of('QL')}", data=data
    )
    if action == "save":
        assert answer.status_code in {302, 422}, answer.text[:500]
    elif action == "submit":
        assert answer.status_code == 422, answer.text[:500]
    else:
        assert answer.status_code == 200
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    "fields",
    [
        {}, {"lines.instrument": "PE2025000118"}, {"lines.quantity": "5"},
        {"lines.instrument": "NONE", "lines.quantity": "5"},
        {"lines.instrument": HOSTILE, "lines.quantity": "5"},
        {"lines.instrument": "PE2025000118", "lines.quantity": "5", "note": "x" * 600},
    ],
)  # fmt: skip
def test_a_submission_that_is_incomplete_names_what_is_wrong(market, fields):
    browser = market.as_(EMITTER)
    answer = browser.post(
        f"/applications/new/compliance/{market.notice_of('QL')}", {"action": "submit", **fields}
    )
    assert answer.status_code == 422
    assert "还不能提交" in answer.text
    assert "<li><a href=" in answer.text


@pytest.mark.parametrize(
    "form",
    [
        {"action": "submit"}, {"action": "submit", "verdict": "maybe"},
        {"action": "submit", "verdict": "return"},
        {"action": "submit", "verdict": "return", "opinion": " "},
        {"action": "submit", "verdict": "return", "opinion": "x" * 5000},
        {"action": "submit", "verdict": HOSTILE, "opinion": HOSTILE},
    ],
)  # fmt: skip
def test_a_review_without_a_conclusion_or_opinion_changes_nothing(market, form):
    instance, key = market.task_of("DP")
    before = market.one("SELECT version FROM workflow.instance WHERE id = %(i)s", i=instance)
    answer = market.as_(PROVINCE).post(f"/applications/{instance}/tasks/{key}", form)
    assert answer.status_code == 422
    assert "没有提交" in answer.text
    after = market.one("SELECT version FROM workflow.instance WHERE id = %(i)s", i=instance)
    assert before == after


@pytest.mark.parametrize(
    "change",
    [
        {"obligation": ""}, {"obligation": "0"}, {"obligation": "-1"}, {"obligation": LONG},
        {"year": "1"}, {"year": HOSTILE}, {"ccer_rate": "101"}, {"ccer_rate": "NaN"},
        {"ccer_rate": "x"}, {"ccer_rate": "1e999"}, {"deadline": "tomorrow"},
        {"deadline": "0001-01-01T00:00"}, {"deadline": "9999-12-31T23:59"},
        {"document_number": "x" * 200},
    ],
)  # fmt: skip
def test_a_notice_with_a_wrong_value_is_not_issued(market, change):
    emitter = market.holder_of("XH")
    form = {"year": "2025", "obligation": "1000", "ccer_rate": "5", "deadline": ""} | change
    answer = market.as_(PROVINCE).post(f"/notices/issue/{emitter}", form)
    assert answer.status_code == 422, answer.text[:800]


def test_claiming_nonsense_claims_nothing(market):
    browser = market.as_(PROVINCE)
    browser.get("/inbox")
    data = MultiDict(
        [("csrf_token", browser.token), *(("task", value) for value in [*VALUES, str(2**63 - 1)])]
    )
    assert browser.client.post("/inbox/claim", data=data).status_code == 302
    assert market.one("SELECT count(*) FROM workflow.task WHERE claimed_by IS NOT NULL") == 0


def test_a_second_notice_of_a_year_is_refused_in_plain_words(market):
    form = {"year": "2025", "obligation": "1000"}
    answer = market.as_(PROVINCE).post(f"/notices/issue/{market.holder_of('WH')}", form)
    assert answer.status_code == 422
    assert "履约通知书已下达" in answer.text


def test_a_right_notice_is_issued_from_the_page(market):
    emitter = market.holder_of("XH")
    form = {"year": "2025", "obligation": "52300", "ccer_rate": "5", "deadline": ""}
    assert market.as_(PROVINCE).post(f"/notices/issue/{emitter}", form).status_code == 302
    assert "52,300" in market.as_(PROVINCE).get("/notices").text
