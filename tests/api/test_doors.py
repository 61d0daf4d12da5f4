"""Who may call what: tokens, scopes, foreign objects, bodies that make no sense; the document."""

import json

import pytest

from tests.pages.conftest import AUDITOR, EMITTER, OTHER_EMITTER, OTHER_PROVINCE, PROVINCE


def test_the_document_is_openapi_3_1_and_names_every_route(market):
    answer = market.app.test_client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    document = json.loads(answer.text)
    assert document["openapi"] == "3.1.0"
    rules = {r.rule for r in market.app.url_map.iter_rules() if r.rule.startswith("/api/v1/")}
    assert len(document["paths"]) == len(rules - {"/api/v1/openapi.json"})
    named = {"/api/v1/inbox", "/api/v1/applications", "/api/v1/notices", "/api/v1/accounts"}
    assert named <= set(document["paths"])


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer nonsense", "Basic eDp5", "Bearer " + "x" * 500]
)
def test_without_a_valid_token_nothing_opens(market, header):
    headers = {"Authorization": header} if header is not None else {}
    answer = market.app.test_client().get("/api/v1/inbox", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json["message"]["zh"]


def test_a_cookie_is_no_token(market):
    assert market.as_(EMITTER).get("/api/v1/inbox").status_code == 401


def test_a_scope_opens_only_what_it_names(client, market):
    reader = client(EMITTER, "read")
    assert reader.get("/inbox").status_code == 200
    body = {"process": "compliance", "subject_id": market.notice_of("QL"), "form": {}}
    assert reader.post("/applications", body).status_code == 403
    assert client(EMITTER, "apply").get("/inbox").status_code == 403
    instance, key = market.task_of("DP")
    form = {"form": {"verdict": "approve"}}
    path = f"/applications/{instance}/tasks/{key}/decision"
    assert client(PROVINCE, "read").post(path, form).status_code == 403
    assert client(PROVINCE, "apply").post(path, form).status_code == 403


def paths_of(market) -> list[tuple[str, str, object]]:
    instance, key = market.task_of("DP")
    notice, account = market.notice_of("DP"), market.account_of("DP")
    form = {"form": {"verdict": "approve"}}
    return [
        ("GET", f"/applications/{instance}", None),
        ("GET", f"/applications/{instance}/tasks/{key}", None),
        ("PUT", f"/applications/{instance}/tasks/{key}/draft", form),
        ("POST", f"/applications/{instance}/tasks/{key}/decision", form),
        ("POST", f"/applications/{instance}/events/withdraw", None),
        ("GET", f"/notices/{notice}", None),
        ("GET", f"/notices/{notice}/instruments", None),
        ("GET", f"/accounts/{account}/holdings", None),
        ("GET", f"/accounts/{account}/ledgers/registry", None),
        ("POST", "/applications", {"process": "compliance", "subject_id": notice, "form": {}}),
    ]


def test_what_is_somebody_elses_does_not_exist(client, market):
    for member in (EMITTER, OTHER_PROVINCE):
        for method, path, body in paths_of(market):
            answer = client(member).call(method, path, json=body)
            assert answer.status_code in {403, 404} if path == "/applications" else 404, path
            if path != "/applications":
                assert answer.status_code == 404, (member, method, path, answer.json)


def test_an_auditor_reads_and_never_acts(client, market):
    instance, key = market.task_of("DP")
    auditor = client(AUDITOR)
    assert auditor.get(f"/applications/{instance}").status_code == 200
    answer = auditor.post(
        f"/applications/{instance}/tasks/{key}/decision", {"form": {"verdict": "approve"}}
    )
    assert answer.status_code == 403


BAD = [
    ("GET", "/inbox?cursor=x", None), ("GET", "/inbox?at_least=-1", None),
    ("GET", "/inbox?due=never", None), ("GET", "/inbox?step=" + "x" * 300, None),
    ("GET", "/applications?status=maybe", None), ("GET", "/applications?cursor=%00", None),
    ("GET", "/applications/99999999999999999999", None), ("GET", "/applications/0", None),
    ("GET", "/notices/1e3", None), ("GET", "/accounts/1/ledgers/other", None),
    ("POST", "/applications", []), ("POST", "/applications", {}), ("POST", "/applications", "x"),
    ("POST", "/applications", {"process": "compliance", "form": [], "submit": True}),
    ("POST", "/applications", {"process": "none", "form": {}, "submit": True}),
    ("POST", "/applications", {"process": "compliance", "form": {"lines": "x"}, "submit": True}),
    ("POST", "/applications", {"process": "compliance", "subject_id": 2**70, "form": {}}),
    ("POST", "/applications", {"process": "compliance", "subject_id": "1", "form": {}, "x": 1}),
    ("POST", "/notices", {"emitter_id": 1, "year": 2025, "obligation": 5}),
    ("POST", "/notices", {"emitter_id": 1, "year": 2025, "obligation": "5"}),
    ("POST", "/inbox/1/claim?x=%ff", None),
    ("DELETE", "/inbox", None), ("PUT", "/applications/1", {}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), BAD)
def test_what_makes_no_sense_gets_a_4xx_and_a_plain_sentence(client, method, path, body):
    for member in (EMITTER, OTHER_EMITTER, PROVINCE):
        answer = client(member).call(method, path, json=body)
        assert 400 <= answer.status_code < 500, (answer.status_code, answer.text)
        assert answer.json["message"]["zh"]
        assert answer.json["message"]["en"]


def test_a_body_that_is_not_json_is_refused(client):
    for data in (b"{", b"\xff\xfe", b'{"form": "\\u0000"}', b"[" * 5000):
        answer = client(EMITTER).call(
            "POST", "/applications", data=data, content_type="application/json"
        )
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.json["message"]["en"]
