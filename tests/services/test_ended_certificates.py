"""What a certificate signed before its end stays valid; after it, it decides nothing (R23, W10)."""

import pytest

from app.evidence import reasons
from app.evidence.chain import Anchors
from app.evidence.verify import verified
from app.identity.actor import Actor
from app.services.applications import begin
from app.services.credentials.loss import report_lost
from app.services.signing.refused import SignatureRefused
from tests.keys import Keys
from tests.services.credentials import FLOW, form
from tests.services.market import APPROVE, PE21, RETURN, Market, lines

pytestmark = pytest.mark.database

UNITS = lines(**{PE21: 100})


@pytest.fixture
def an_emitter(a_market: Market, keys: Keys) -> Actor:
    """The emitter's person, whose account asks for signatures by now."""
    assert keys.policy == "decisions"
    return a_market.actor("emitter")


@pytest.fixture
def a_signed_application(a_market: Market, an_emitter: Actor, keys: Keys) -> int:
    """Submitted by the emitter under its own key, and returned to it."""
    instance = a_market.begin(an_emitter, a_market.notice(), UNITS, submit=False)
    keys.decide(an_emitter, instance, UNITS)
    keys.decide(a_market.actor("province"), instance, RETURN)
    return instance


def certificate_of(market: Market, actor: Actor) -> tuple[int, str]:
    """The id and the fingerprint of a person's certificate."""
    [row] = market.rows(
        """SELECT id, encode(fingerprint, 'hex') FROM trust.certificate
           WHERE person_id = %(p)s""",
        p=actor.person_id,
    )
    return row


def two_officers_end(market: Market, keys: Keys, whose: Actor, action: str) -> None:
    """Two officers of the registry end a person's certificate, each under their own key."""
    _, fingerprint = certificate_of(market, whose)
    filled = form(market, action, fingerprint=fingerprint)
    first, other = market.actor("registry"), market.actor("registry", 1)
    instance = begin(market.ctx, first, FLOW, None, filled, submit=False).instance_id
    keys.decide(first, instance, filled)
    keys.decide(other, instance, APPROVE)


def stands(market: Market, instance: int, person: Actor) -> bool:
    """Whether the person's signature in an application still verifies, by the kept evidence."""
    [(document, cms, ids, at)] = market.rows(
        """SELECT s.document, s.cms, s.crl_ids, s.at FROM trust.signature s
           JOIN workflow.decision d ON d.id = s.decision_id
           WHERE d.instance_id = %(i)s AND d.person_id = %(p)s""",
        i=instance,
        p=person.person_id,
    )
    anchors = market.rows("SELECT kind, der FROM trust.anchor")
    lists = market.rows("SELECT der FROM trust.crl WHERE id = ANY (%(ids)s)", ids=ids)
    of = {k: [bytes(d) for kind, d in anchors if kind == k] for k in ("root", "intermediate")}
    found = verified(
        bytes(document),
        bytes(cms),
        Anchors(of["root"], of["intermediate"]),
        [bytes(der) for (der,) in lists],
        at,
    )
    return found.fingerprint.hex() == certificate_of(market, person)[1]


@pytest.mark.parametrize("action", ["lost", "revoked", "compromised", "replaced"])
def test_a_signature_before_the_end_stands_and_one_after_it_is_refused(
    a_market: Market, an_emitter: Actor, keys: Keys, a_signed_application: int, action: str
):
    two_officers_end(a_market, keys, an_emitter, action)
    assert stands(a_market, a_signed_application, an_emitter)
    with pytest.raises(SignatureRefused) as refused:
        keys.decide(an_emitter, a_signed_application, UNITS)
    assert refused.value.reason is reasons.CERTIFICATE_ENDED
    assert a_market.instance(a_signed_application)["version"] == 2


def test_a_reported_loss_refuses_the_same_certificate_at_once(
    a_market: Market, an_emitter: Actor, keys: Keys, a_signed_application: int
):
    report_lost(a_market.ctx, an_emitter, certificate_of(a_market, an_emitter)[0])
    assert stands(a_market, a_signed_application, an_emitter)
    with pytest.raises(SignatureRefused) as refused:
        keys.decide(an_emitter, a_signed_application, UNITS)
    assert refused.value.reason is reasons.CERTIFICATE_ENDED


def test_the_decision_of_two_officers_is_itself_signed_by_both(
    a_market: Market, an_emitter: Actor, keys: Keys, a_signed_application: int
):
    two_officers_end(a_market, keys, an_emitter, "lost")
    [(signers,)] = a_market.rows(
        """SELECT array_agg(c.person_id ORDER BY d.id) FROM workflow.decision d
           JOIN trust.signature s ON s.decision_id = d.id
           JOIN trust.certificate c ON c.id = s.certificate_id
           JOIN workflow.instance i ON i.id = d.instance_id WHERE i.process_id = %(f)s""",
        f=FLOW,
    )
    assert signers == [a_market.actor("registry", place).person_id for place in (0, 1)]
