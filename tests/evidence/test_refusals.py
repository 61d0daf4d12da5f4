"""Every refusal by its own number: one row a way in which a signature does not stand (R23)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.x509.oid import ExtendedKeyUsageOID

from app.evidence import documents, reasons
from app.evidence.cms import encoded, parsed
from app.evidence.judge import stands_at
from app.evidence.limits import NOT_PROVEN
from app.evidence.reasons import Reason, Rejected
from tests.evidence import shapes
from tests.evidence.papers import decision, decision_fields, sign_in
from tests.evidence.pki import (
    DAY,
    HOUR,
    ISSUING,
    NOW,
    ROOT,
    Case,
    Signer,
    a_signer,
    an_authority,
    authority,
    case,
    certificate,
    crl,
    der,
    entry,
    lists,
    member,
    odd_case,
    p256,
    revoked,
    rsa_key,
)
from tests.evidence.shapes import Shape
from usbkey import cms as making
from usbkey.authority import Authority
from usbkey.der import element, integer, sequence
from usbkey.seeds import ORDER_OF_P256

PAPER = decision()
GOOD = case(PAPER)
COMPROMISE = x509.ReasonFlags.key_compromise


def stands(given: Case) -> object:
    return stands_at(given.document, given.cms, given.anchors, given.crls, given.at)


def shaped(**changes: object) -> Case:
    return replace(GOOD, cms=Shape(PAPER, member(), **changes).encoded())


def with_cms(cms: bytes) -> Case:
    return replace(GOOD, cms=cms)


def signed_over(document: bytes) -> Case:
    return case(document)


def without_commas(document: bytes) -> bytes:
    return document.replace(b'","', b'", "')


def foreign() -> Authority:
    return Authority.derive(b"the seed of somebody else's authority")


def namesake() -> Case:
    """Another authority that bears the registry's names, with keys of its own."""
    fake = Authority.derive(b"the seed of a namesake of ours")
    signer = Signer(
        der(fake.issue(p256("fake").public_key(), _subject(), NOW - DAY)),
        (der(fake.issuing),),
        p256("fake"),
    )
    return replace(GOOD, cms=making.signed(PAPER, signer, NOW))


def _subject() -> object:
    from usbkey.subject import Subject

    return Subject("100200")


def untrusted() -> Case:
    other = foreign()
    return replace(GOOD, roots=(der(other.root),), intermediates=())


def of_another_person() -> Case:
    """A sign-in that names one member, signed by another."""
    return case(sign_in(member_no="999999"))


def with_a_certificate_more() -> Case:
    extra = der(foreign().issuing)
    signer = Signer(member().certificate, (*member().chain, extra), member().key)
    return replace(GOOD, cms=making.signed(PAPER, signer, NOW))


def with_the_root() -> Case:
    signer = Signer(member().certificate, (*member().chain, der(authority().root)), member().key)
    return replace(GOOD, cms=making.signed(PAPER, signer, NOW))


def without_intermediate() -> Case:
    signer = Signer(member().certificate, (), member().key)
    return replace(GOOD, cms=making.signed(PAPER, signer, NOW), intermediates=())


def compromised_since(at: datetime) -> x509.RevokedCertificate:
    """Revoked after the signature, for a key that was compromised before it."""
    return entry(
        77, NOW + DAY, x509.CRLReason(COMPROMISE), x509.InvalidityDate(at.replace(tzinfo=None))
    )


def odd(**changes: object) -> Case:
    return odd_case(PAPER, **changes)


def odd_lists(*given: bytes) -> Case:
    return odd_case(PAPER, crls=given)


def forged_list() -> bytes:
    """A list with the name of the issuing authority, by another key."""
    return crl(ISSUING.but(key=p256("forger")))


DISTRIBUTED = x509.IssuingDistributionPoint(
    full_name=None,
    relative_name=None,
    only_contains_user_certs=True,
    only_contains_ca_certs=False,
    only_some_reasons=None,
    indirect_crl=False,
    only_contains_attribute_certs=False,
)

TABLE: dict[str, tuple[Callable[[], Case], Reason]] = {
    # The document.
    "document: no JSON": (lambda: signed_over(b"yes, I agree"), reasons.DOCUMENT_MALFORMED),
    "document: a hash": (lambda: signed_over(b"\x00\xff" * 16), reasons.DOCUMENT_MALFORMED),
    "document: cut off": (lambda: signed_over(PAPER[:-9]), reasons.TRUNCATED),
    "document: a list": (lambda: signed_over(b'["a"]'), reasons.DOCUMENT_MALFORMED),
    "document: a number": (
        lambda: signed_over(PAPER.replace(b'"12345"', b"12345")),
        reasons.DOCUMENT_MALFORMED,
    ),
    "document: not canonical": (
        lambda: signed_over(without_commas(PAPER)),
        reasons.DOCUMENT_NOT_CANONICAL,
    ),
    "document: another escape": (
        lambda: signed_over(PAPER.replace("同意".encode(), b"\\u540c\\u610f")),
        reasons.DOCUMENT_NOT_CANONICAL,
    ),
    "document: a member twice": (
        lambda: signed_over(PAPER.replace(b'"visit":"1"', b'"visit":"1","visit":"1"')),
        reasons.DOCUMENT_NOT_CANONICAL,
    ),
    "document: unknown type": (
        lambda: signed_over(decision(type="registry/decision/2")),
        reasons.DOCUMENT_TYPE,
    ),
    "document: no type": (lambda: signed_over(decision(type=None)), reasons.DOCUMENT_TYPE),
    "document: unknown member": (
        lambda: signed_over(decision(footnote="x")),
        reasons.DOCUMENT_MEMBER,
    ),
    "document: unknown inner member": (
        lambda: signed_over(decision(action={"zh": "甲", "en": "A", "fr": "B"})),
        reasons.DOCUMENT_MEMBER,
    ),
    "document: missing member": (
        lambda: signed_over(decision(content=None)),
        reasons.DOCUMENT_MEMBER,
    ),
    "document: open too long": (
        lambda: signed_over(decision(expires="2026-11-21T08:10:01Z")),
        reasons.DOCUMENT_MEMBER,
    ),
    "document: too large": (
        lambda: signed_over(decision(opinion="长" * documents.LARGEST)),
        reasons.TOO_LARGE,
    ),
    # The envelope.
    "cms: empty": (lambda: with_cms(b""), reasons.TRUNCATED),
    "cms: cut off": (lambda: with_cms(GOOD.cms[:-1]), reasons.TRUNCATED),
    "cms: something after it": (lambda: with_cms(GOOD.cms + b"\x00"), reasons.CMS_MALFORMED),
    "cms: indefinite length": (
        lambda: with_cms(shapes.indefinite(GOOD.cms)),
        reasons.CMS_MALFORMED,
    ),
    "cms: a length longer than needed": (
        lambda: with_cms(shapes.long_length(GOOD.cms)),
        reasons.CMS_MALFORMED,
    ),
    "cms: too large": (lambda: with_cms(b"\x30" * 70000), reasons.TOO_LARGE),
    "cms: no signature at all": (lambda: with_cms(PAPER), reasons.CMS_MALFORMED),
    "cms: another content type": (
        lambda: with_cms(GOOD.cms.replace(b"\x01\x07\x02", b"\x01\x07\x03", 1)),
        reasons.CMS_SHAPE,
    ),
    "cms: content inside": (lambda: shaped(content=PAPER), reasons.CMS_SHAPE),
    "cms: another version": (lambda: shaped(version=3), reasons.CMS_SHAPE),
    "cms: digest with parameters": (
        lambda: shaped(digest_ids=[shapes.SHA256_NULL]),
        reasons.CMS_SHAPE,
    ),
    "cms: no certificate": (lambda: shaped(certificates=()), reasons.CMS_SHAPE),
    "cms: certificates in another order": (
        lambda: shaped(
            certificates=sorted((member().certificate, *member().chain), reverse=True),
            sorted_certificates=False,
        ),
        reasons.CMS_SHAPE,
    ),
    "cms: a certificate twice": (
        lambda: shaped(certificates=(member().certificate,) * 2),
        reasons.CMS_SHAPE,
    ),
    "cms: a list inside": (
        lambda: shaped(crls=shapes.der.element(0xA1, lists()[0])),
        reasons.CMS_SHAPE,
    ),
    "cms: attributes in another order": (
        lambda: shaped(
            attributes=sorted(shapes.attributes(PAPER, member().certificate), reverse=True),
            sorted_attributes=False,
        ),
        reasons.CMS_SHAPE,
    ),
    "cms: one more signed attribute": (
        lambda: shaped(
            attributes=[*shapes.attributes(PAPER, member().certificate), shapes.UNSIGNED]
        ),
        reasons.CMS_SHAPE,
    ),
    "cms: not naming the certificate inside": (
        lambda: shaped(attributes=shapes.attributes(PAPER, member().certificate, bound=False)),
        reasons.CMS_SHAPE,
    ),
    "cms: unsigned attributes": (
        lambda: shaped(unsigned=[shapes.UNSIGNED]),
        reasons.UNSIGNED_ATTRIBUTES,
    ),
    "cms: two signers": (lambda: shaped(signers=2), reasons.SEVERAL_SIGNERS),
    "cms: no signer": (lambda: shaped(signers=0), reasons.SEVERAL_SIGNERS),
    "cms: a signer of another number": (
        lambda: shaped(identified=shapes.identified(member().certificate, 5)),
        reasons.CMS_SHAPE,
    ),
    "cms: another certificate of the same key": (
        lambda: shaped(attributes=shapes.attributes(PAPER, member("5").certificate)),
        reasons.NOT_BOUND,
    ),
    # The signature.
    "another document": (
        lambda: replace(GOOD, document=decision(verdict="refuse")),
        reasons.DIGEST_DIFFERS,
    ),
    "a wrong signature": (lambda: with_cms(GOOD.cms[:-1] + b"\x01"), reasons.SIGNATURE_WRONG),
    "signed with another key": (
        lambda: replace(
            GOOD,
            cms=making.signed(
                PAPER, Signer(member().certificate, member().chain, p256("other")), NOW
            ),
        ),
        reasons.SIGNATURE_WRONG,
    ),
    "signed a day before it was asked for": (
        lambda: case(PAPER, at=NOW - DAY),
        reasons.SIGNING_TIME,
    ),
    "signed a day after it was asked for": (
        lambda: case(PAPER, at=NOW + DAY),
        reasons.SIGNING_TIME,
    ),
    "weak: SHA-1 throughout": (
        lambda: shaped(
            sha1=True,
            digest_ids=[shapes.SHA1_ID],
            digest_id=shapes.SHA1_ID,
            signature_id=shapes.ECDSA_SHA1,
        ),
        reasons.WEAK_ALGORITHM,
    ),
    "weak: ECDSA with SHA-1": (
        lambda: shaped(signature_id=shapes.ECDSA_SHA1),
        reasons.WEAK_ALGORITHM,
    ),
    "weak: a key of another curve": (
        lambda: odd(leaf=a_signer(key=ec.generate_private_key(ec.SECP224R1()))),
        reasons.WEAK_ALGORITHM,
    ),
    "weak: a larger curve that is no row": (
        lambda: odd(leaf=a_signer(key=ec.generate_private_key(ec.SECP384R1()))),
        reasons.WEAK_ALGORITHM,
    ),
    "weak: RSA of 1024 bits": (
        lambda: odd(leaf=a_signer(key=rsa_key(1024))),
        reasons.WEAK_ALGORITHM,
    ),
    "weak: an authority with RSA of 1024 bits": (
        lambda: odd(issuing=ISSUING.but(key=rsa_key(1024))),
        reasons.WEAK_ALGORITHM,
    ),
    # Certificates.
    "certificate: a root that nobody trusts": (untrusted, reasons.UNTRUSTED_ROOT),
    "certificate: a namesake of the authority": (namesake, reasons.UNTRUSTED_ROOT),
    "certificate: the intermediate missing": (without_intermediate, reasons.ISSUER_MISSING),
    "certificate: one that is not needed": (with_a_certificate_more, reasons.UNNEEDED_CERTIFICATE),
    "certificate: the root sent along": (with_the_root, reasons.UNNEEDED_CERTIFICATE),
    "certificate: an issuer that is no authority": (
        lambda: odd(issuing=ISSUING.but(ca=False, path_length=None)),
        reasons.CHAIN_BROKEN,
    ),
    "certificate: an issuer that may not sign certificates": (
        lambda: odd(issuing=ISSUING.but(cert_sign=False)),
        reasons.CHAIN_BROKEN,
    ),
    "certificate: a root that allows none below": (
        lambda: odd(root=an_authority("Odd Root", 0)),
        reasons.CHAIN_BROKEN,
    ),
    "certificate: the issuer's name with another key": (
        lambda: replace(odd(), roots=(certificate(ROOT.but(key=p256("else")), ROOT),)),
        reasons.CHAIN_BROKEN,
    ),
    "certificate: a critical extension nobody knows": (
        lambda: odd(leaf=a_signer(unknown_critical=True)),
        reasons.CHAIN_BROKEN,
    ),
    "certificate: an authority for websites only": (
        lambda: odd(issuing=ISSUING.but(purposes=(ExtendedKeyUsageOID.SERVER_AUTH,))),
        reasons.CHAIN_BROKEN,
    ),
    "certificate: a root for websites only": (
        lambda: odd(root=ROOT.but(purposes=(ExtendedKeyUsageOID.SERVER_AUTH,))),
        reasons.CHAIN_BROKEN,
    ),
    "certificate: an authority whose names are limited": (
        lambda: odd(issuing=ISSUING.but(limited=True)),
        reasons.CHAIN_BROKEN,
    ),
    "certificate: a signer that is an authority": (
        lambda: odd(leaf=a_signer(ca=True)),
        reasons.LEAF_USAGE,
    ),
    "certificate: not for signing": (lambda: odd(leaf=a_signer(signs=False)), reasons.LEAF_USAGE),
    "certificate: not for commitments": (
        lambda: odd(leaf=a_signer(commits=False)),
        reasons.LEAF_USAGE,
    ),
    "certificate: no key usage": (lambda: odd(leaf=a_signer(usage=False)), reasons.LEAF_USAGE),
    "certificate: for servers only": (
        lambda: odd(leaf=a_signer(purposes=(ExtendedKeyUsageOID.SERVER_AUTH,))),
        reasons.LEAF_USAGE,
    ),
    "certificate: expired": (
        lambda: odd(leaf=a_signer(until=NOW - HOUR)),
        reasons.CERTIFICATE_EXPIRED,
    ),
    "certificate: not yet valid": (
        lambda: odd(leaf=a_signer(since=NOW + HOUR)),
        reasons.CERTIFICATE_NOT_YET,
    ),
    "certificate: the authority expired": (
        lambda: odd(issuing=ISSUING.but(until=NOW - HOUR)),
        reasons.CERTIFICATE_EXPIRED,
    ),
    "certificate: the root expired": (
        lambda: odd(root=ROOT.but(until=NOW - HOUR)),
        reasons.CERTIFICATE_EXPIRED,
    ),
    # Revocation.
    "list: none": (lambda: replace(GOOD, crls=()), reasons.NO_REVOCATION_LIST),
    "list: none by the root": (
        lambda: replace(GOOD, crls=GOOD.crls[:1]),
        reasons.NO_REVOCATION_LIST,
    ),
    "list: none by the issuer": (
        lambda: replace(GOOD, crls=GOOD.crls[1:]),
        reasons.NO_REVOCATION_LIST,
    ),
    "list: out of date": (
        lambda: replace(GOOD, crls=lists(since=NOW - 8 * DAY)),
        reasons.LIST_STALE,
    ),
    "list: out of date this very second": (
        lambda: replace(GOOD, crls=lists(since=NOW - 7 * DAY)),
        reasons.LIST_STALE,
    ),
    "list: by a forger": (lambda: odd_lists(forged_list(), crl(ROOT)), reasons.LIST_SIGNATURE),
    "list: by an authority that may sign none": (
        lambda: odd(issuing=ISSUING.but(crl_sign=False)),
        reasons.LIST_FOREIGN,
    ),
    "list: of some certificates only": (
        lambda: odd_lists(crl(ISSUING, extensions=((DISTRIBUTED, True),)), crl(ROOT)),
        reasons.LIST_MALFORMED,
    ),
    "list: a delta": (
        lambda: odd_lists(crl(ISSUING, extensions=((x509.DeltaCRLIndicator(1), True),)), crl(ROOT)),
        reasons.LIST_MALFORMED,
    ),
    "list: not a list": (lambda: odd_lists(PAPER, crl(ROOT)), reasons.LIST_MALFORMED),
    "list: published after the certificate had expired": (
        lambda: odd_lists(crl(ISSUING, since=NOW + 400 * DAY, until=NOW + 407 * DAY), crl(ROOT)),
        reasons.NO_REVOCATION_LIST,
    ),
    "revoked: before": (
        lambda: replace(GOOD, crls=lists(revoked(NOW - DAY))),
        reasons.REVOKED,
    ),
    "revoked: this very second": (
        lambda: replace(GOOD, crls=lists(revoked(NOW))),
        reasons.REVOKED,
    ),
    "revoked: later, for a key compromised before": (
        lambda: odd_lists(crl(ISSUING, compromised_since(NOW - HOUR)), crl(ROOT)),
        reasons.REVOKED,
    ),
    "revoked: the authority": (
        lambda: odd_lists(crl(ISSUING), crl(ROOT, entry(77, NOW - DAY))),
        reasons.REVOKED,
    ),
    "revoked: by the newest of two lists": (
        lambda: replace(GOOD, crls=(*lists(), *lists(revoked(NOW - DAY), since=NOW - HOUR / 2))),
        reasons.REVOKED,
    ),
    # Whom it is for.
    "a sign-in in another member's name": (of_another_person, reasons.WRONG_PERSON),
}


@pytest.mark.parametrize("name", TABLE)
def test_it_is_refused_by_its_own_number(name: str):
    make, reason = TABLE[name]
    with pytest.raises(Rejected) as refused:
        stands(make())
    assert (refused.value.reason.code, refused.value.reason) == (reason.code, reason)
    assert refused.value.zh.startswith(f"{reason.code} {reason.text.zh}")
    assert refused.value.en.startswith(f"{reason.code} {reason.text.en}")


def below_the_root() -> Case:
    leaf = a_signer()
    signer = Signer(certificate(leaf, ROOT), (), leaf.key)
    root = certificate(ROOT, ROOT)
    return Case(PAPER, making.signed(PAPER, signer, NOW), (root,), (), (crl(ROOT),))


GOOD_ONES: dict[str, Callable[[], Case]] = {
    "a decision": lambda: GOOD,
    "a sign-in": lambda: case(sign_in()),
    "a decision handed over by an initiator": lambda: case(decision(initiator="0d" * 32)),
    "revoked afterwards": lambda: replace(GOOD, crls=lists(revoked(NOW + HOUR))),
    "revoked afterwards, with a list published afterwards": lambda: replace(
        GOOD, crls=lists(revoked(NOW + HOUR), since=NOW + DAY)
    ),
    "compromised only afterwards": lambda: odd_lists(
        crl(ISSUING, compromised_since(NOW + HOUR)), crl(ROOT)
    ),
    "a stale list beside a good one": lambda: replace(
        GOOD, crls=(*lists(since=NOW - 30 * DAY), *lists())
    ),
    "the intermediate known, not sent": lambda: replace(
        GOOD,
        cms=making.signed(PAPER, Signer(member().certificate, (), member().key), NOW),
    ),
    "RSA of 2048 bits": lambda: odd(leaf=a_signer(key=rsa_key())),
    "RSA throughout": lambda: odd(
        leaf=a_signer(key=rsa_key()),
        issuing=ISSUING.but(key=rsa_key()),
        root=ROOT.but(key=rsa_key()),
    ),
    "an authority that signs with SHA-512": lambda: odd(leaf=a_signer(hashed=SHA512())),
    "a signer right below the root": below_the_root,
    "a clock that is a minute fast": lambda: case(
        PAPER, at=datetime(2026, 11, 21, 8, 11, tzinfo=UTC)
    ),
}


@pytest.mark.parametrize("name", GOOD_ONES)
def test_it_stands(name: str):
    given = GOOD_ONES[name]()
    found = stands(given)
    assert found.verified.chain[-1] in given.roots
    assert len(found.verified.crl_indexes) == len(found.verified.chain) - 1
    assert all(given.crls[index] for index in found.verified.crl_indexes)


def test_every_number_is_used_once_and_every_text_has_both_languages():
    codes = [each.code for each in reasons.REASONS]
    assert len(codes) == len(set(codes)) == len(reasons.BY_CODE)
    assert all(each.text.zh and each.text.en for each in reasons.REASONS)
    assert all(8001 <= each.code <= 8099 for each in reasons.REASONS)


ASKED = {
    "foreign-origin": ({"origin": "https://elsewhere.example"}, reasons.FOREIGN_ORIGIN),
    "wrong-person": ({"person": "99" * 32}, reasons.WRONG_PERSON),
    "wrong-initiator": ({"initiator": "99" * 32}, reasons.WRONG_PERSON),
    "wrong-task": ({"task": "confirm_surrender"}, reasons.WRONG_TASK),
    "wrong-instance": ({"instance": "QJ-2021-000124"}, reasons.WRONG_TASK),
    "wrong-visit": ({"visit": "2"}, reasons.WRONG_TASK),
    "another challenge": ({"nonce": "77" * 32}, reasons.UNKNOWN_NONCE),
    "another window": ({"expires": "2026-11-21T08:09:00Z"}, reasons.UNKNOWN_NONCE),
    "another verdict": ({"verdict": "refuse"}, reasons.CONTENT_DIFFERS),
    "another quantity": (
        {"quantities": [{"instrument": "CEA2021", "quantity": "1"}]},
        reasons.CONTENT_DIFFERS,
    ),
    "the gravest counts": (
        {"origin": "https://elsewhere.example", "verdict": "refuse", "visit": "2"},
        reasons.FOREIGN_ORIGIN,
    ),
}


@pytest.mark.parametrize("name", ASKED)
def test_what_was_signed_must_be_what_was_asked_for(name: str):
    changes, reason = ASKED[name]
    with pytest.raises(Rejected) as refused:
        documents.require_same(decision(**changes), PAPER)
    assert refused.value.reason is reason
    assert refused.value.detail.en.split(", ")[0] in decision_fields(**changes)


def test_the_very_same_document_is_what_was_asked_for():
    documents.require_same(bytes(PAPER), decision())


def test_a_document_is_handed_in_within_its_window():
    read = documents.read(PAPER)
    read.require_open(read.issued)
    read.require_open(read.expires)
    for at, reason in (
        (read.issued - HOUR, reasons.NOT_YET),
        (read.expires + HOUR / 3600, reasons.EXPIRED),
    ):
        with pytest.raises(Rejected) as refused:
            read.require_open(at)
        assert refused.value.reason is reason


def handed_in_late() -> None:
    documents.read(PAPER).require_open(NOW + DAY)


def signed_for(**changes: object) -> Callable[[], None]:
    return lambda: documents.require_same(decision(**changes), PAPER)


def refused_as(name: str) -> Callable[[], object]:
    return lambda: stands(TABLE[name][0]())


# And replayed: test_program.py judges two files that answer one challenge.
THE_ISSUES_OWN = {
    "expired": (handed_in_late, reasons.EXPIRED),
    "foreign-origin": (signed_for(origin="https://elsewhere.example"), reasons.FOREIGN_ORIGIN),
    "wrong-person": (signed_for(person="99" * 32), reasons.WRONG_PERSON),
    "wrong-task": (signed_for(task="confirm_surrender"), reasons.WRONG_TASK),
    "revoked": (refused_as("revoked: before"), reasons.REVOKED),
    "untrusted-root": (
        refused_as("certificate: a root that nobody trusts"),
        reasons.UNTRUSTED_ROOT,
    ),
    "weak-algorithm": (refused_as("weak: RSA of 1024 bits"), reasons.WEAK_ALGORITHM),
    "truncated": (refused_as("cms: cut off"), reasons.TRUNCATED),
}


@pytest.mark.parametrize("name", THE_ISSUES_OWN)
def test_each_kind_of_refusal_has_a_number_of_its_own(name: str):
    attempt, reason = THE_ISSUES_OWN[name]
    with pytest.raises(Rejected) as refused:
        attempt()
    assert refused.value.reason is reason
    others = [each for key, (_, each) in THE_ISSUES_OWN.items() if key != name]
    assert reason not in [*others, reasons.REPLAYED]


def twin(signature: bytes) -> bytes:
    """The other signature that anybody can make of one by ECDSA: (r, n-s)."""
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, ORDER_OF_P256 - s)


def test_a_signature_by_ecdsa_has_a_twin_that_stands_too_as_the_report_says():
    """Whoever needs a signature's identity takes the document's nonce, never these bytes."""
    found = parsed(GOOD.cms)
    other = encoded(replace(found, signature=twin(found.signature)))
    assert other != GOOD.cms
    assert stands(with_cms(other))
    assert any("(r, n-s)" in each.en for each in NOT_PROVEN)


@pytest.mark.parametrize("loosen", ["long r", "something after it", "negative r"])
def test_a_signature_by_ecdsa_has_no_other_encoding(loosen: str):
    found = parsed(GOOD.cms)
    r, s = decode_dss_signature(found.signature)
    signature = {
        "long r": sequence(element(0x02, b"\x00" + r.to_bytes(33, "big")), integer(s)),
        "something after it": found.signature + b"\x00",
        "negative r": sequence(element(0x02, (r | 1 << 255).to_bytes(32, "big")), integer(s)),
    }[loosen]
    with pytest.raises(Rejected) as refused:
        stands(with_cms(encoded(replace(found, signature=signature))))
    assert refused.value.reason is reasons.SIGNATURE_WRONG
