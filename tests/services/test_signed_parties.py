"""R23 with several people in one decision: two of a holder, twenty of a return, own lines only."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from app.domain.canonical import canonical
from app.domain.errors import RegistryError
from app.evidence import documents
from app.identity.actor import Actor
from app.services.decide import Request, decide
from app.services.drafts import save
from app.services.opening import Opening, PersonOpening
from app.services.signing.prepare import prepare
from tests.keys import SESSION, Keys
from tests.services.custody import AGREED, Custody
from tests.services.market import PE21, Market, lines


def test_who_confirms_signs_and_names_who_filled_in(a_market, keys):
    a_market.change("UPDATE identity.account SET two_person = true WHERE type = 'compliance'")
    first, second = a_market.actor("emitter"), a_market.actor("emitter", 1)
    form = lines(**{PE21: 100})
    draft = a_market.begin(first, a_market.notice(), form, submit=False)
    save(a_market.ctx, first, draft, a_market.key(draft), form, ready=True)
    told = documents.read(keys.document(second, draft, form)).fields
    assert (told["person"], told["initiator"]) == (second.person_hash, first.person_hash)
    with pytest.raises(RegistryError):
        keys.document(first, draft, form)
    keys.decide(second, draft, form)
    assert a_market.rows("SELECT count(*) FROM trust.signature") == [(1,)]


@pytest.fixture
def a_return(a_market: Market) -> tuple[Custody, int, list[str]]:
    """A return of 10 t to each of twenty linked holders, all of whom sign from now on."""
    custody = Custody(a_market)
    codes = [f"R{n:02}" for n in range(20)]
    province = a_market.holder("province")
    a_market.open(*(_recipient(province, n, code) for n, code in enumerate(codes)))
    lot = custody.deposit(200)
    custody.link(*codes)
    instance = custody.give_back(*((lot.id, code, 10) for code in codes))
    return custody, instance, codes


def _recipient(province: int, n: int, code: str) -> Opening:
    person = PersonOpening(f"代表{n}", f"Person {n}", "both", f"2201040{n:04}")
    return Opening(
        code, f"接收单位{n}", "emitter", ("compliance",), (person,), province_id=province
    )


def test_twenty_recipients_sign_their_own_line_and_decide_at_once(a_market, a_return):
    """All prepare before anybody decides: no document goes stale by another's decision."""
    _custody, instance, codes = a_return
    keys = Keys(a_market.database, a_market.ctx)
    asked = [_signed(a_market, keys, instance, code) for code in codes]
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda one: decide(a_market.ctx, *one), asked))
    assert len({outcome.decision_id for outcome in done}) == len(codes)
    rows = a_market.rows(
        """SELECT d.holder_id, convert_from(s.document, 'UTF8')::jsonb
           FROM trust.signature s JOIN workflow.decision d ON d.id = s.decision_id"""
    )
    assert len(rows) == len(codes)
    for holder, told in rows:
        assert [quantity["quantity"] for quantity in told["quantities"]] == ["10"]
        [(name,)] = a_market.rows("SELECT name FROM identity.holder WHERE id = %(h)s", h=holder)
        assert [party["holder"]["zh"] for party in told["to"]] == [name]


def test_what_a_recipient_signs_hashes_only_what_it_may_see(a_market, a_return):
    _custody, instance, codes = a_return
    keys = Keys(a_market.database, a_market.ctx)
    _actor, request = _signed(a_market, keys, instance, codes[3])
    assert request.signature is not None
    told = documents.read(request.signature.document).fields
    [(text,)] = a_market.rows(
        "SELECT content::jsonb FROM workflow.instance WHERE id = %(i)s", i=instance
    )
    own = [line for line in text["lines"] if line["recipient"] == codes[3]]
    seen = canonical({**text, "lines": own})
    assert told["content"] == hashlib.sha256(seen).hexdigest()


def _signed(market: Market, keys: Keys, instance: int, code: str) -> tuple[Actor, Request]:
    actor = market.actor(code)
    [(key,)] = market.rows(
        "SELECT key FROM workflow.task WHERE instance_id = %(i)s AND holder_id = %(h)s",
        i=instance,
        h=actor.holder_id,
    )
    request = Request(instance, key, AGREED, session=SESSION)
    document = prepare(market.ctx, actor, request).document
    assert document is not None
    return actor, replace(request, signature=keys.signed(actor, document))
