"""Only the registry's two kinds of documents are signed, and the person reads what they say."""

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from usbkey import documents
from usbkey.errors import DocumentRefused
from usbkey.summary import summary

HASH = "0a" * 32
SIGN_IN = {
    "type": "registry/sign-in/1",
    "origin": "https://registry.example",
    "action": {"zh": "登录", "en": "Sign in"},
    "member_no": "33000000001",
    "nonce": HASH,
    "issued": "2026-11-21T08:00:00Z",
    "expires": "2026-11-21T08:05:00Z",
}
DECISION = {
    "type": "registry/decision/1",
    "origin": "https://registry.example",
    "action": {"zh": "清缴 · 复核", "en": "Surrender · Review"},
    "instance": "42",
    "process": "surrender",
    "bundle": HASH,
    "task": "review_surrender",
    "visit": "1",
    "kind": "complete",
    "verdict": "approve",
    "verdict_text": {"zh": "同意", "en": "Approved"},
    "opinion": "材料齐全",
    "form": HASH,
    "content": HASH,
    "from": {"account": "10001", "holder": {"zh": "某发电有限公司", "en": "A power company"}},
    "to": [{"holder": {"zh": "注册登记机构", "en": "The registry"}}],
    "quantities": [{"instrument": "CEA2021", "quantity": "1234567", "to": "清缴"}],
    "person": HASH,
    "account": "1",
    "role": "reviewer",
    "nonce": HASH,
    "issued": "2026-11-21T08:00:00Z",
    "expires": "2026-11-21T08:10:00Z",
}


@pytest.mark.parametrize("fields", [SIGN_IN, DECISION, {**DECISION, "initiator": HASH}])
def test_the_two_kinds_are_read(fields):
    assert documents.parsed(rfc8785.dumps(fields)) == fields


@pytest.mark.parametrize("fields", [SIGN_IN, DECISION])
def test_every_member_is_needed(fields):
    for name in fields:
        without = {other: value for other, value in fields.items() if other != name}
        with pytest.raises(DocumentRefused):
            documents.parsed(rfc8785.dumps(without))


@pytest.mark.parametrize("fields", [SIGN_IN, DECISION])
@pytest.mark.parametrize("wrong", [1, 1.5, None, True, {}, ["x"], {"zh": "x"}, [None]])
def test_a_member_of_another_shape_is_refused(fields, wrong):
    for name in fields:
        with pytest.raises(DocumentRefused):
            documents.parsed(rfc8785.dumps({**fields, name: wrong}))


@pytest.mark.parametrize(
    "more",
    [
        {"amount": "5"},
        {"type": "registry/sign-in/2"},
        {"origin": "https://registry.example/path"},
        {"origin": "HTTPS://registry.example"},
        {"action": {"zh": "登录", "en": "Sign in", "de": "Anmelden"}},
        {"nonce": "0A" * 32},
        {"issued": "2026-11-21T08:00:00+00:00"},
        {"issued": "2026-02-30T08:00:00Z"},
        {"expires": "2026-11-21T08:05:01Z"},
        {"expires": "2026-11-21T08:00:00Z"},
    ],
)
def test_what_nobody_would_read_in_the_window_is_refused(more):
    with pytest.raises(DocumentRefused):
        documents.parsed(rfc8785.dumps({**SIGN_IN, **more}))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 32,
        b"[]",
        b"null",
        b'"registry/sign-in/1"',
        b"\xff\xfe",
        b"[" * 60000,
        b"{" * 100000,
        json.dumps(SIGN_IN).encode(),
        rfc8785.dumps(SIGN_IN) + b"\n",
        rfc8785.dumps(SIGN_IN).replace(b"{", b'{"nonce":"1",', 1),
        rfc8785.dumps(SIGN_IN).replace("登".encode(), b"\\u767b"),
    ],
)
def test_bytes_that_are_no_canonical_document_are_refused(data):
    with pytest.raises(DocumentRefused) as told:
        documents.parsed(data)
    assert told.value.zh
    assert "Do not sign" in told.value.next_step.en


@given(st.binary(max_size=200))
def test_no_bytes_of_somebody_elses_are_signed(data):
    with pytest.raises(DocumentRefused):
        documents.parsed(data)


def test_the_person_reads_all_that_moves():
    rows = {row.label.en: row.value for row in summary(rfc8785.dumps(DECISION))}

    assert rows["Website"].en == "https://registry.example"
    assert rows["Action"].zh == "清缴 · 复核"
    assert rows["From"].en == "A power company 10001"
    assert rows["To"].zh == "注册登记机构"
    assert rows["Quantity (t)"].en == "CEA2021  1,234,567 → 清缴"
    assert (rows["Verdict"].zh, rows["Opinion"].zh) == ("同意", "材料齐全")
    assert "Member number" not in rows
    signing_in = {row.label.en: row.value.en for row in summary(rfc8785.dumps(SIGN_IN))}
    assert signing_in["Member number"] == "33000000001"


def test_nothing_is_hidden_from_the_reader():
    turned = {**DECISION, "opinion": "no\u202egnitcejer\x1b[2J\u200b"}
    [opinion] = [row for row in summary(rfc8785.dumps(turned)) if row.label.en == "Opinion"]

    assert opinion.value.en == "no\ufffdgnitcejer\ufffd[2J\ufffd"
