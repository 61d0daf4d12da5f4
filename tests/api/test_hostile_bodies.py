"""Bodies that JSON allows and the registry does not: whatever is sent, a page still opens."""

import json

import pytest

from app.web.pages.typed import plain_number
from tests.pages.conftest import EMITTER, PROVINCE

FORMS = [
    {"lines": "abc"},
    {"lines": 5},
    {"lines": {"a": 1}},
    {"lines": [1, "x", None]},
    {"lines": [{"instrument": 5, "quantity": 10**30}]},
    {"lines": [{"instrument": ["x"], "quantity": {"a": 1}}]},
    {"lines": [[]] * 10},
    {"lines": [{"instrument": "x", "quantity": "1"}] * 3000},
    {"note": 5},
    {"note": float("nan")},
    {"note": "x" * 5000},
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: json.dumps(form)[:40])
def test_a_draft_that_no_page_could_have_sent_is_refused(client, market, form):
    body = {"process": "compliance", "subject_id": market.notice_of("QL"), "form": form}
    answer = client(EMITTER).post("/applications", body)
    assert answer.status_code == 422, answer.text
    assert answer.json["fields"]
    for path in ("/home", "/records"):
        assert market.as_(EMITTER).get(path).status_code == 200


def test_a_draft_keeps_the_fields_of_its_form_and_nothing_else(client, market):
    emitter = client(EMITTER)
    form = {"note": " 附注 ", "__proto__": {"a": 1}, "typename": "x", "lines": [{"to_account": 1}]}
    body = {"process": "compliance", "subject_id": market.notice_of("QL"), "form": form}
    begun = emitter.post("/applications", body).json
    task = emitter.get(f"/applications/{begun['application_id']}/tasks/{begun['key']}").json
    assert task["draft"] == {"note": "附注"}
    assert market.as_(EMITTER).get("/records").status_code == 200
    gone = emitter.post(f"/applications/{begun['application_id']}/events/discard")
    assert gone.status_code == 200


@pytest.mark.parametrize("kind", ["application/json", "application/x+json"])
@pytest.mark.parametrize("text", ["\\u0000", "\\ud800"])
def test_text_that_no_database_holds_is_refused_under_every_name_of_json(
    client, market, kind, text
):
    body = f'{{"process": "compliance", "subject_id": {market.notice_of("QL")}, "form":'
    data = (body + f' {{"note": "a{text}b"}}}}').encode()
    answer = client(EMITTER).call("POST", "/applications", data=data, content_type=kind)
    assert answer.status_code == 400, answer.text
    data = f'{{"emitter_id": 1, "year": 2021, "obligation": "5", "document_number": "{text}"}}'
    answer = client(PROVINCE).call("POST", "/notices", data=data.encode(), content_type=kind)
    assert answer.status_code == 400, answer.text


def test_a_number_without_end_is_refused(client):
    data = b'{"process": "compliance", "form": {"note": ' + b"9" * 6000 + b"}}"
    answer = client(EMITTER).call(
        "POST", "/applications", data=data, content_type="application/json"
    )
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (" 1,000 ", "1000"),
        ("１，０００", "1000"),
        ("1 000 000", "1000000"),
        ("1\u00a0000", "1000"),
        ("386400", "386400"),
        ("1,5", "1,5"),
        ("1 5", "1 5"),
        ("1,000 000", "1,000 000"),
        ("10²", "10²"),
        ("①", "①"),
        ("1e3", "1e3"),
    ],
)
def test_only_groups_of_three_are_read_as_one_number(typed, read):
    assert plain_number(typed) == read
