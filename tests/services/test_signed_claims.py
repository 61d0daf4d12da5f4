"""R23: what a signed document claims is a hint, whatever it is: the registry builds it anew."""

import json
from typing import Any

import pytest

from app.evidence.documents import LARGEST
from app.services.decide import Request, decide
from app.services.signing.refused import SignatureRefused
from app.services.signing.signed import Signed
from tests.keys import SESSION, Keys
from tests.services.market import PE21, Market, lines

FORM = lines(**{PE21: 100})
# What is handed in, and the number it is refused with.
BYTES = {
    b"": 8002,
    b"[]": 8011,
    b"1": 8011,
    b'"x"': 8011,
    b"\xff": 8011,
    b"[" * 30_000: 8011,
    b'{"a":' * 9_000: 8011,
    b"x" * (LARGEST + 1): 8004,
}
MEMBERS: list[tuple[int, dict[str, Any]]] = [
    (8013, {"quantities": None}),
    (8013, {"quantities": "all"}),
    (8011, {"quantities": [1]}),
    (8013, {"quantities": [{"quantity": "1"}]}),
    (8013, {"quantities": [{"instrument": {"a": "1"}}]}),
    (8074, {"quantities": [{"instrument": "\0", "quantity": "1"}]}),
    (8004, {"quantities": [{"instrument": PE21, "quantity": "100"}] * 3_000}),
    (8013, {"bundle": ["x"]}),
    (8013, {"nonce": None}),
    (8013, {"nonce": "AB" * 32}),
    (8011, {"issued": 1}),
    (8013, {"issued": "2026-11-20 01:30:00+00"}),
    (8013, {"expires": "2099-12-31T23:59:59Z"}),
    (8013, {"origin": {"zh": "x"}}),
]


@pytest.fixture
def draft(a_market: Market, keys: Keys) -> int:
    """An application that the emitter is about to submit."""
    emitter = a_market.actor("emitter")
    return a_market.begin(emitter, a_market.notice(), FORM, submit=False)


def refused(market: Market, draft: int, signature: Signed) -> int:
    """Submit under a signature; return the number it is refused with, and nothing was written."""
    before = market.dump()
    request = Request(draft, market.key(draft), FORM, signature=signature, session=SESSION)
    with pytest.raises(SignatureRefused) as caught:
        decide(market.ctx, market.actor("emitter"), request)
    assert market.dump() == before
    return int(caught.value.findings[0].code)


def test_what_is_no_document_at_all_is_refused(a_market: Market, keys: Keys, draft: int):
    emitter = a_market.actor("emitter")
    found = {data: refused(a_market, draft, keys.signed(emitter, data)) for data in BYTES}
    assert found == BYTES


def test_a_document_of_other_shapes_is_refused_as_such(a_market: Market, keys: Keys, draft: int):
    emitter = a_market.actor("emitter")
    told = json.loads(keys.document(emitter, draft, FORM))
    for number, changed in MEMBERS:
        data = json.dumps(told | changed, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        signature = keys.signed(emitter, data.encode())
        assert refused(a_market, draft, signature) == number, changed


def test_nobody_is_asked_to_sign_what_nobody_could_verify(a_market: Market, keys: Keys, draft: int):
    emitter = a_market.actor("emitter")
    a_market.change(
        "UPDATE identity.holder SET name = repeat('长', 301) WHERE id = %(id)s",
        id=emitter.holder_id,
    )
    before = a_market.dump()
    with pytest.raises(SignatureRefused) as caught:
        keys.document(emitter, draft, FORM)
    assert caught.value.findings[0].code == "8013"
    assert a_market.dump() == before
