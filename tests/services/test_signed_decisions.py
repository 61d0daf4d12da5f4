"""R23: a decision is signed with the person's own key, over exactly what is decided (M4, W10)."""

import hashlib
import json

import pytest

from app.evidence import documents
from app.services.decide import Request, decide
from app.services.signing import named
from app.services.signing.names import asked_for
from app.services.signing.prepare import prepare
from app.services.signing.refused import SignatureRefused
from tests.keys import SESSION, SITE, Keys
from tests.services.market import APPROVE, PE21, RETURN, Market, lines


@pytest.fixture
def an_application(a_market: Market, keys: Keys) -> int:
    """A draft of the emitter for its notice."""
    emitter = a_market.actor("emitter")
    return a_market.begin(emitter, a_market.notice(), lines(**{PE21: 100}), submit=False)


def test_a_submission_and_its_approval_are_each_signed(a_market, keys, an_application):
    emitter, officer = a_market.actor("emitter"), a_market.actor("province")
    keys.decide(emitter, an_application, lines(**{PE21: 100}))
    keys.decide(officer, an_application, APPROVE)
    assert a_market.instance(an_application)["outcome"]
    rows = a_market.rows(
        """SELECT d.person_id, c.person_id, d.document, s.document, s.crl_ids
           FROM workflow.decision d JOIN trust.signature s ON s.decision_id = d.id
           JOIN trust.certificate c ON c.id = s.certificate_id ORDER BY d.id"""
    )
    assert [row[:2] for row in rows] == [(p, p) for p in (emitter.person_id, officer.person_id)]
    for _, _, decided, signed, lists in rows:
        hashed = hashlib.sha256(bytes(signed)).hexdigest()
        assert json.loads(bytes(decided))["signed"] == hashed
        assert len(lists) == 2


def test_the_document_says_who_decides_what_from_whom_to_whom(a_market, keys, an_application):
    emitter, officer = a_market.actor("emitter"), a_market.actor("province")
    form = lines(**{PE21: 100})
    keys.decide(emitter, an_application, form)
    answer = RETURN | {"opinion": "请核对。"}
    told = documents.read(keys.document(officer, an_application, answer)).fields
    number = a_market.instance(an_application)["number"]
    [(account,)] = a_market.rows(
        "SELECT number FROM identity.account WHERE id = %(a)s", a=emitter.account_id
    )
    [(surrender,)] = a_market.rows("SELECT number FROM identity.account WHERE type = 'surrender'")
    assert told["origin"] == SITE
    assert told["action"] == {"zh": "履约清缴 · 审核履约申请", "en": told["action"]["en"]}
    assert (told["instance"], told["task"], told["visit"]) == (number, "review_surrender", "1")
    assert (told["verdict"], told["opinion"]) == ("return", "请核对。")
    assert told["verdict_text"]["zh"]
    assert told["from"]["account"] == account
    assert told["to"][0]["account"] == surrender
    assert told["quantities"] == [{"instrument": PE21, "quantity": "100", "to": surrender}]
    assert (told["person"], told["role"]) == (officer.person_hash, "provincial_authority")
    assert (
        told["content"]
        == hashlib.sha256(
            json.dumps(form, sort_keys=True, separators=(",", ":")).encode()
        ).hexdigest()
    )


def test_the_names_in_a_document_are_read_with_its_task(
    a_market, keys, an_application, monkeypatch
):
    """A round trip less; what the document names itself is looked up, never believed."""
    asked = []

    def counted(*given):
        asked.append(given)
        return asked_for(*given)

    monkeypatch.setattr(named, "asked_for", counted)
    emitter, officer = a_market.actor("emitter"), a_market.actor("province")
    for who, form in ((emitter, lines(**{PE21: 100})), (officer, APPROVE)):
        keys.decide(who, an_application, form)
        assert len(asked) == 1  # to prepare the document
        asked.clear()


def test_a_decision_without_a_signature_is_refused_and_nothing_is_written(
    a_market, keys, an_application
):
    before = a_market.dump()
    with pytest.raises(SignatureRefused) as refused:
        a_market.decide(a_market.actor("emitter"), an_application, lines(**{PE21: 100}))
    assert [finding.code for finding in refused.value.findings] == ["8081"]
    assert a_market.dump() == before


def test_what_would_be_refused_is_refused_before_it_is_signed(a_market, keys, an_application):
    from app.domain.errors import Refused

    with pytest.raises(Refused):
        keys.document(a_market.actor("emitter"), an_application, lines(**{PE21: 100_000_000}))


def test_the_same_key_and_signature_again_give_the_first_answer(a_market, keys, an_application):
    emitter, form = a_market.actor("emitter"), lines(**{PE21: 100})
    key = a_market.key(an_application)
    document = keys.document(emitter, an_application, form)
    request = Request(an_application, key, form, "once", keys.signed(emitter, document), SESSION)
    first = decide(a_market.ctx, emitter, request)
    again = decide(a_market.ctx, emitter, request)
    assert again.replayed
    assert again.decision_id == first.decision_id


def test_where_no_signature_is_asked_for_nothing_is_prepared(a_market):
    emitter = a_market.actor("emitter")
    draft = a_market.begin(emitter, a_market.notice(), lines(**{PE21: 100}), submit=False)
    request = Request(draft, a_market.key(draft), lines(**{PE21: 100}), session=SESSION)
    assert not prepare(a_market.ctx, emitter, request).needed
    a_market.decide(emitter, draft, lines(**{PE21: 100}))
    assert a_market.rows("SELECT count(*) FROM trust.signature") == [(0,)]
