"""Provisioning: from a blank token to one that signs, and what is refused on the way."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pkcs11.constants import Attribute, ObjectClass

from tests.softhsm import OFFICER_PIN, PIN, issue
from usbkey import errors, pins, provision
from usbkey.authority import Authority
from usbkey.subject import Subject

TRAVELS = "4711908172635445"


@pytest.fixture
def a_new_token(softhsm):
    made = provision.initialise(softhsm.module, "33000000090", OFFICER_PIN, TRAVELS)
    yield made
    made.module.restart()


def private_keys(token, pin):
    with token.module.logins.alone(token, user_pin=pin) as session:
        return [
            {kind: key[kind] for kind in (Attribute.SENSITIVE, Attribute.EXTRACTABLE)}
            | {kind: key[kind] for kind in (Attribute.NEVER_EXTRACTABLE, Attribute.LOCAL)}
            for key in session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})
        ]


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_a_key_is_made_on_the_token_and_never_leaves_it(a_new_token, algorithm):
    provision.make_key(a_new_token, TRAVELS, algorithm)

    assert private_keys(a_new_token, TRAVELS) == [
        {
            Attribute.SENSITIVE: True,
            Attribute.EXTRACTABLE: False,
            Attribute.NEVER_EXTRACTABLE: True,
            Attribute.LOCAL: True,
        }
    ]


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_a_request_is_signed_by_the_tokens_own_key(a_new_token, algorithm):
    number = provision.make_key(a_new_token, TRAVELS, algorithm)
    asked = provision.request(a_new_token, TRAVELS, number, Subject("33000000090", "某公司"))

    assert asked.is_signature_valid
    assert Subject.of(asked.subject) == Subject("33000000090", "某公司")


def test_a_key_of_an_unknown_kind_is_not_made(a_new_token):
    with pytest.raises(ValueError, match="SM2"):
        provision.make_key(a_new_token, TRAVELS, "SM2")


def test_a_request_needs_a_key_that_is_there(a_new_token):
    with pytest.raises(errors.NoCertificate, match="key"):
        provision.request(a_new_token, TRAVELS, b"no such key", Subject("33000000090"))


def test_a_certificate_of_an_outside_authority_is_taken(a_new_token, now):
    number = provision.make_key(a_new_token, TRAVELS)
    subject = Subject("33000000090")
    outside = Authority.new("Some other authority", now)
    issued = issue(outside, provision.request(a_new_token, TRAVELS, number, subject), subject)

    held = provision.write(a_new_token, TRAVELS, [outside.root, outside.issuing, issued])

    assert a_new_token.certificates() == [held]
    provision.choose_pin(a_new_token, TRAVELS, PIN)
    with a_new_token.unlocked(held.fingerprint, PIN, now) as signer:
        assert [x509.load_der_x509_certificate(one) for one in signer.chain] == [outside.issuing]


def test_a_certificate_of_another_key_is_refused(a_new_token, authority, now):
    provision.make_key(a_new_token, TRAVELS)
    foreign = ec.generate_private_key(ec.SECP256R1()).public_key()

    with pytest.raises(errors.CertificateMismatch):
        provision.write(
            a_new_token, TRAVELS, [authority.issue(foreign, Subject("33000000090"), now)]
        )
    with pytest.raises(errors.NoCertificate):
        provision.write(a_new_token, TRAVELS, [authority.issuing, authority.root])
    assert a_new_token.certificates() == []


def test_the_next_certificate_of_a_key_takes_the_place_of_the_last(a_new_token, authority, now):
    number = provision.make_key(a_new_token, TRAVELS)
    subject = Subject("33000000090")
    asked = provision.request(a_new_token, TRAVELS, number, subject)
    for _ in range(2):
        last = provision.write(
            a_new_token, TRAVELS, [issue(authority, asked, subject), authority.issuing]
        )

    assert a_new_token.certificates() == [last]


def test_the_next_key_stands_beside_the_last(a_new_token, authority):
    subject = Subject("33000000090")
    made = []
    for algorithm in ("ES256", "RS256"):
        number = provision.make_key(a_new_token, TRAVELS, algorithm)
        asked = provision.request(a_new_token, TRAVELS, number, subject)
        made.append(provision.write(a_new_token, TRAVELS, [issue(authority, asked, subject)]))

    assert {held.algorithm for held in a_new_token.certificates()} == {"ES256", "RS256"}
    assert set(a_new_token.certificates()) == set(made)
    assert len({_spki(held) for held in made}) == 2


def _spki(held):
    key = held.parsed.public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_nothing_is_signed_until_the_person_has_chosen_a_pin(a_new_token, authority, now):
    number = provision.make_key(a_new_token, TRAVELS)
    subject = Subject("33000000090")
    asked = provision.request(a_new_token, TRAVELS, number, subject)
    held = provision.write(a_new_token, TRAVELS, [issue(authority, asked, subject)])

    with (
        pytest.raises(errors.PinToBeChanged, match="provision pin"),
        a_new_token.unlocked(held.fingerprint, TRAVELS, now),
    ):
        pass
    for refused in ("1234", "123456", "33000000090", TRAVELS):
        with pytest.raises(errors.PinRefused):
            provision.choose_pin(a_new_token, TRAVELS, refused)
    assert a_new_token.awaits_new_pin()
    provision.choose_pin(a_new_token, TRAVELS, PIN)
    assert not a_new_token.awaits_new_pin()
    with a_new_token.unlocked(held.fingerprint, PIN, now) as signer:
        assert signer.sign(b"at last")
    with (
        pytest.raises(errors.WrongPin),
        a_new_token.unlocked(held.fingerprint, TRAVELS, now),
    ):
        pass


def test_a_pin_is_changed_only_by_who_knows_the_last(a_new_token):
    with pytest.raises(errors.WrongPin):
        provision.choose_pin(a_new_token, "000000000000", PIN)
    assert a_new_token.awaits_new_pin()


def test_the_officer_unlocks_with_another_pin_to_travel_with(a_new_token):
    provision.choose_pin(a_new_token, TRAVELS, PIN)
    again = pins.new_transport_pin()

    with pytest.raises(errors.WrongPin):
        provision.unlock(a_new_token, "officer-0000", again)
    assert not a_new_token.awaits_new_pin()
    provision.unlock(a_new_token, OFFICER_PIN, again)
    assert a_new_token.awaits_new_pin()
    provision.choose_pin(a_new_token, again, "918273x")


def test_a_token_is_not_changed_while_it_is_used(a_p256_token, now):
    with (
        a_p256_token.token.unlocked(a_p256_token.held.fingerprint, PIN, now),
        pytest.raises(errors.TokenFailed, match="in use"),
    ):
        provision.choose_pin(a_p256_token.token, PIN, "918273x")


@pytest.mark.parametrize("officer", ["1234", "123456", "12345678", "short", TRAVELS])
def test_an_officers_pin_keeps_the_rules_too(softhsm, officer):
    before = len(softhsm.module.tokens())
    with pytest.raises(errors.PinRefused):
        provision.initialise(softhsm.module, "33000000091", officer, TRAVELS)
    assert len(softhsm.module.tokens()) == before


@pytest.mark.parametrize("label", ["", "长" * 11, "x" * 33])
def test_a_label_is_as_long_as_a_token_can_keep(softhsm, label):
    with pytest.raises(errors.LabelRefused):
        provision.initialise(softhsm.module, label, OFFICER_PIN, TRAVELS)


def test_erasing_asks_for_the_officers_pin_and_takes_everything_away(softhsm, authority):
    old = softhsm.plugged("33000000092", authority).token
    with pytest.raises(errors.WrongPin):
        provision.initialise(softhsm.module, "33000000093", "officer-0000", TRAVELS, erased=old)
    assert old.certificates()

    new = provision.initialise(softhsm.module, "33000000093", OFFICER_PIN, TRAVELS, erased=old)

    assert new.certificates() == []
    assert old not in softhsm.module.tokens()
