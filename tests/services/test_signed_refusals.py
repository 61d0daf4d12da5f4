"""R23: each way in which a signature does not count has its own number, and nothing is written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from app.services.decide import Request, decide
from app.services.signing.refused import SignatureRefused
from app.services.signing.signed import Session, Signed
from tests.keys import SEED, SESSION, Keys
from tests.services.market import PE21, Market, lines
from usbkey import cms
from usbkey.authority import Authority
from usbkey.profile import Revoked
from usbkey.software import SoftwareKey

FORM = lines(**{PE21: 100})
OTHER = lines(**{PE21: 99})


@dataclass
class Case:
    """A draft of the emitter that is about to be submitted under a signature."""

    market: Market
    keys: Keys
    instance: int
    form: Mapping[str, Any]
    session: Session = SESSION

    @property
    def emitter(self) -> Any:
        return self.market.actor("emitter")

    def document(self, **more: Any) -> bytes:
        return self.keys.document(self.emitter, self.instance, self.form, **more)

    def signed(self, document: bytes | None = None) -> Signed:
        return self.keys.signed(self.emitter, document or self.document())

    def by(self, key: Any, document: bytes | None = None) -> Signed:
        document = document or self.document()
        return Signed(document, cms.signed(document, key, self.keys.now))


@pytest.fixture
def a_case(a_market: Market) -> Case:
    """Everybody signs; the emitter has a draft."""
    keys = Keys(a_market.database, a_market.ctx)
    emitter = a_market.actor("emitter")
    draft = a_market.begin(emitter, a_market.notice(), FORM, submit=False)
    return Case(a_market, keys, draft, FORM)


def replayed(case: Case) -> Signed:
    """A signature that has served for this very task, which is open again."""
    signed = case.signed()
    case.market.change(
        "UPDATE trust.challenge SET used_at = %(at)s WHERE used_at IS NULL", at=case.keys.now
    )
    return signed


def expired(case: Case) -> Signed:
    signed = case.signed()
    case.market.clock.set(case.keys.now + timedelta(minutes=10, seconds=1))
    return signed


def foreign_origin(case: Case) -> Signed:
    return case.signed(case.document(session=replace(SESSION, origin="https://evil.test")))


def wrong_person(case: Case) -> Signed:
    other = case.market.actor("emitter", 1)
    document = case.keys.document(other, case.instance, FORM)
    return case.keys.signed(other, document)


def another_persons_certificate(case: Case) -> Signed:
    """The right document, signed by somebody else's key."""
    return case.by(case.keys.of(case.market.actor("province")))


def wrong_task(case: Case) -> Signed:
    neighbour = case.market.actor("neighbour")
    other = case.market.begin(neighbour, case.market.notice("neighbour"), FORM, submit=False)
    document = case.document().replace(
        str(case.market.instance(case.instance)["number"]).encode(),
        str(case.market.instance(other)["number"]).encode(),
    )
    return case.signed(document)


def changed_form(case: Case) -> Signed:
    """Signed for 100 tonnes, handed in with 99."""
    signed = case.signed()
    case.form = OTHER
    return signed


def changed_verdict(case: Case) -> Signed:
    return case.signed(case.document().replace(b'"quantity":"100"', b'"quantity":"900"'))


def longer(case: Case) -> Signed:
    """The times of the document are not those of its challenge."""
    document = case.document()
    later = (case.keys.now + timedelta(minutes=9)).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    now = (case.keys.now + timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    return case.signed(document.replace(now, later))


def another_session(case: Case) -> Signed:
    signed = case.signed()
    case.session = replace(SESSION, hash=b"t" * 32)
    return signed


def never_asked_for(case: Case) -> Signed:
    document = case.document()
    at = document.index(b'"nonce":"') + 9
    return case.signed(document[:at] + b"0" * 64 + document[at + 64 :])


def revoked(case: Case) -> Signed:
    signed = case.signed()
    certificate = x509.load_der_x509_certificate(case.keys.of(case.emitter).certificate)
    case.market.clock.set(case.keys.now + timedelta(seconds=2))
    case.keys.publish(Revoked(certificate.serial_number, case.keys.now - timedelta(seconds=1)))
    return signed


def ended(case: Case) -> Signed:
    signed = case.signed()
    case.market.change(
        """INSERT INTO trust.certificate_end (certificate_id, reason, at)
           SELECT id, 'lost', %(at)s FROM trust.certificate""",
        at=case.keys.now,
    )
    return signed


def outdated_list(case: Case) -> Signed:
    case.market.clock.set(case.keys.now + timedelta(days=401))
    return case.signed()


def untrusted_root(case: Case) -> Signed:
    """A key with a certificate of the same names from an authority that nobody believes."""
    stranger = Authority.derive(b"somebody else's authority", "Carbon Registry Demonstration")
    key = SoftwareKey.derive(SEED, f"{case.emitter.person_id}", stranger, case.keys.now)
    return case.by(key)


def unbound(case: Case) -> Signed:
    """A good certificate of a key that was never bound to the person."""
    return case.by(SoftwareKey.derive(SEED, "unbound", case.keys.authority, case.keys.now))


@dataclass
class WeakKey:
    """RSA of 1024 bits, with a certificate made past the authority's own refusal."""

    key: rsa.RSAPrivateKey
    certificate: bytes
    chain: tuple[bytes, ...]
    algorithm: str = "RS256"

    def sign(self, data: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric import padding

        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def weak_algorithm(case: Case) -> Signed:
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505 -- that it is weak is the point
    good = x509.load_der_x509_certificate(case.keys.of(case.emitter).certificate)
    made = (
        x509.CertificateBuilder()
        .subject_name(good.subject)
        .issuer_name(good.issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
    )
    for extension in good.extensions:
        made = made.add_extension(extension.value, extension.critical)
    issuing = case.keys.authority.key
    assert isinstance(issuing, ec.EllipticCurvePrivateKey)
    weak = made.sign(issuing, hashes.SHA256()).public_bytes(Encoding.DER)
    return case.by(WeakKey(key, weak, case.keys.of(case.emitter).chain))


def truncated_signature(case: Case) -> Signed:
    signed = case.signed()
    return replace(signed, cms=signed.cms[:-20])


def truncated_document(case: Case) -> Signed:
    signed = case.signed()
    return replace(signed, document=signed.document[:-20])


def other_document(case: Case) -> Signed:
    """The signature of another document, over nothing else than its nonce."""
    return replace(case.signed(), document=case.document())


def flipped(case: Case) -> Signed:
    signed = case.signed()
    return replace(signed, cms=signed.cms[:-1] + bytes([signed.cms[-1] ^ 1]))


def not_canonical(case: Case) -> Signed:
    return case.signed(case.document().replace(b'":"', b'": "', 1))


def unknown_member(case: Case) -> Signed:
    return case.signed(case.document().replace(b'{"account"', b'{"Z":"1","account"', 1))


def wrong_clock(case: Case) -> Signed:
    document = case.document()
    at = case.keys.now + timedelta(hours=3)
    return Signed(document, cms.signed(document, case.keys.of(case.emitter), at))


def missing(_case: Case) -> None:
    return None


TABLE: Mapping[Callable[[Case], Signed | None], int] = {
    truncated_document: 8002,
    unknown_member: 8013,
    not_canonical: 8014,
    truncated_signature: 8002,
    other_document: 8031,
    flipped: 8032,
    weak_algorithm: 8033,
    wrong_clock: 8034,
    untrusted_root: 8044,
    outdated_list: 8062,
    revoked: 8066,
    foreign_origin: 8071,
    wrong_person: 8072,
    wrong_task: 8073,
    changed_form: 8074,
    changed_verdict: 8074,
    expired: 8075,
    replayed: 8077,
    another_session: 8078,
    never_asked_for: 8078,
    longer: 8078,
    unbound: 8079,
    another_persons_certificate: 8079,
    ended: 8080,
    missing: 8081,
}


@pytest.mark.parametrize("attack", TABLE, ids=lambda attack: attack.__name__)
def test_each_bad_signature_is_refused_with_its_own_number(a_case: Case, attack):
    signature = attack(a_case)
    before = a_case.market.dump()
    used = a_case.market.rows("SELECT nonce FROM trust.challenge WHERE used_at IS NOT NULL")
    request = Request(
        a_case.instance,
        a_case.market.key(a_case.instance),
        a_case.form,
        signature=signature,
        session=a_case.session,
    )
    with pytest.raises(SignatureRefused) as refused:
        decide(a_case.market.ctx, a_case.emitter, request)
    [finding] = refused.value.findings
    assert finding.code == str(TABLE[attack]), refused.value
    assert finding.message.zh
    assert finding.message.en
    assert a_case.market.dump() == before
    assert a_case.market.rows("SELECT nonce FROM trust.challenge WHERE used_at IS NOT NULL") == used
    assert a_case.market.rows("SELECT count(*) FROM trust.signature") == [(0,)]


def test_a_content_that_changed_after_the_reviewer_signed_is_not_what_is_approved(a_case: Case):
    """The application as the reviewer read it, and another one in the database."""
    market, keys = a_case.market, a_case.keys
    officer = market.actor("province")
    keys.decide(a_case.emitter, a_case.instance, FORM)
    signed = keys.signed(officer, keys.document(officer, a_case.instance, {"verdict": "approve"}))
    market.change(
        "UPDATE workflow.instance SET content = replace(content, '100', '101') WHERE id = %(i)s",
        i=a_case.instance,
    )
    request = Request(
        a_case.instance, market.key(a_case.instance), {"verdict": "approve"}, None, signed, SESSION
    )
    with pytest.raises(SignatureRefused) as refused:
        decide(market.ctx, officer, request)
    assert refused.value.reason.code == 8074
