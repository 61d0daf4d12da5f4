"""Decisions by machine where an account asks for a signature: prepare, sign, decide, check."""

import json
from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from app.domain.clock import local_day
from app.evidence import bundle, documents
from app.evidence.judge import judged
from app.identity.mandates import actor_by_member_no
from tests.keys import Keys
from tests.pages.conftest import AUDITOR, EMITTER, OTHER_EMITTER, PROVINCE
from usbkey import cms

FORM = {"lines": [{"instrument": "PE2025000118", "quantity": "700"}]}


@pytest.fixture(scope="module")
def keys(market, module_database) -> Keys:
    """Every account of the demo asks for signatures, and nobody's key is the server's."""
    return Keys(module_database, market.ctx)


def signed(keys, market, member_no: str, document: str) -> dict[str, str]:
    with market.ctx.database.transaction() as tx:
        actor = actor_by_member_no(tx, member_no, local_day(market.clock.now()))
    assert actor is not None
    content = b64decode(document)
    signature = cms.signed(content, keys.of(actor), market.clock.now())
    return {"document": document, "cms": b64encode(signature).decode()}


@pytest.fixture(scope="module")
def a_draft(client, market, keys) -> dict:
    """An emitter's draft for its notice."""
    body = {"process": "compliance", "subject_id": market.notice_of("QL"), "form": FORM}
    answer = client(EMITTER).post("/applications", body)
    assert answer.status_code == 201, answer.json
    return answer.json


@pytest.fixture(scope="module")
def a_decision(client, market, keys, a_draft) -> dict:
    """The emitter's signed submission of it."""
    path = f"/applications/{a_draft['application_id']}/tasks/{a_draft['key']}"
    prepared = client(EMITTER).post(path + "/prepare", {"form": FORM}).json
    assert prepared["needed"]
    signature = signed(keys, market, EMITTER, prepared["document"])
    answer = client(EMITTER).post(path + "/decision", {"form": FORM, "signature": signature})
    assert answer.status_code == 200, answer.json
    return answer.json


def test_who_signs_themselves_begins_a_draft_first(client, market, keys):
    body = {
        "process": "compliance",
        "subject_id": market.notice_of("QL"),
        "form": FORM,
        "submit": True,
    }
    answer = client(EMITTER).post("/applications", body)
    assert answer.status_code == 422
    assert [finding["code"] for finding in answer.json["findings"]] == ["8081"]


def test_a_prepared_document_is_signed_and_decides(client, a_draft, a_decision):
    found = client(EMITTER).get(f"/applications/{a_draft['application_id']}").json
    [decision] = found["decisions"]
    assert decision["id"] == a_decision["decision_id"]
    assert decision["signed"]["algorithm"] == "ES256"
    assert decision["signed"]["not_after"] > decision["signed"]["signed_at"]


def test_the_document_is_for_the_site_and_the_token_that_asked(client, market, keys, a_draft):
    [(number,)] = market.rows(
        "SELECT number FROM workflow.instance WHERE id = %(i)s", i=a_draft["application_id"]
    )
    body = {"process": "compliance", "subject_id": market.notice_of("QL"), "form": FORM}
    again = client(EMITTER).post("/applications", body).json
    path = f"/applications/{again['application_id']}/tasks/{again['key']}"
    prepared = client(EMITTER).post(path + "/prepare", {"form": FORM}).json
    told = documents.read(b64decode(prepared["document"])).fields
    assert told["origin"] == "http://localhost"
    assert told["instance"] != number
    signature = signed(keys, market, EMITTER, prepared["document"])
    other = client(EMITTER, "apply").post(
        path + "/decision", {"form": FORM, "signature": signature}
    )
    assert [finding["code"] for finding in other.json["findings"]] == ["8078"]
    bad = client(EMITTER).post(
        path + "/decision", {"form": FORM, "signature": signature | {"cms": "?"}}
    )
    assert bad.status_code == 422


def test_whose_account_asks_for_none_prepares_nothing(client, market, a_decision):
    number = a_decision["application_id"]
    answer = client(EMITTER).post(f"/applications/{number}/events/withdraw/prepare")
    assert answer.status_code == 200
    assert answer.json == {"needed": False, "document": None}


def test_the_evidence_is_for_parties_and_auditors_and_stands_by_itself(client, keys, a_decision):
    path = f"/applications/{a_decision['application_id']}/decisions/{a_decision['decision_id']}"
    files = {client(who).get(f"{path}/evidence").data for who in (EMITTER, PROVINCE, AUDITOR)}
    [content] = files
    found = bundle.decode(content)
    root = keys.authority.root.public_bytes(Encoding.DER)
    assert judged(found, [root]).stands
    assert json.loads(found.document)["instance"] == a_decision["number"]
    assert client(OTHER_EMITTER).get(f"{path}/evidence").status_code == 404
    assert client(EMITTER).get(f"{path[:-1]}99/evidence").status_code == 404
