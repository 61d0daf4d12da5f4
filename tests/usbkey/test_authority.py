"""The registry's own authority, and keys in software out of a seed."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from usbkey import algorithms, seeds
from usbkey.authority import Authority
from usbkey.certificates import chain_of, is_for_signing
from usbkey.profile import Period, Revoked
from usbkey.register import NoAuthority, Register
from usbkey.software import SoftwareKey
from usbkey.subject import Subject
from usbkey.token_key import token_key

SEED = b"a seed of tests alone, 32 bytes!"
PASSPHRASE = "a long passphrase"
AT = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)


def a_key():
    return ec.generate_private_key(ec.SECP256R1()).public_key()


def test_the_authority_of_a_seed_is_the_same_each_time():
    assert Authority.derive(SEED).root == Authority.derive(SEED).root
    assert Authority.derive(SEED).issuing == Authority.derive(SEED).issuing
    assert Authority.derive(SEED).root != Authority.derive(SEED, "Another").root


def test_a_member_has_one_key_and_one_certificate_a_year():
    authority = Authority.derive(SEED)
    first = SoftwareKey.derive(SEED, "33000000001", authority, AT)

    assert SoftwareKey.derive(SEED, "33000000001", authority, AT + timedelta(days=40)) == first
    assert SoftwareKey.derive(SEED, "33000000002", authority, AT).certificate != first.certificate
    assert SoftwareKey.derive(SEED[::-1], "33000000001", authority, AT) != first
    past = SoftwareKey.derive(SEED, "33000000001", authority, AT.replace(year=2021))
    assert past.key.public_key() == first.key.public_key()
    assert x509.load_der_x509_certificate(past.certificate).not_valid_before_utc.year == 2021


def test_a_key_takes_its_earlier_certificate_and_no_other_members():
    authority = Authority.derive(SEED)
    mine = SoftwareKey.derive(SEED, "33000000001", authority, AT)
    certificate = x509.load_der_x509_certificate(mine.certificate)

    assert SoftwareKey.of(SEED, "33000000001", certificate, authority) == mine
    with pytest.raises(ValueError, match="33000000002"):
        SoftwareKey.of(SEED, "33000000002", certificate, authority)


def test_a_seed_is_not_too_short_to_be_guessed():
    with pytest.raises(ValueError, match="16 bytes"):
        seeds.p256(b"short", "anything")


def test_a_leaf_signs_and_is_no_authority():
    authority = Authority.new("Test", AT)
    leaf = authority.issue(a_key(), Subject("33000000001", "某公司"), AT, 30)
    of = leaf.extensions.get_extension_for_class

    assert Subject.of(leaf.subject) == Subject("33000000001", "某公司")
    assert not of(x509.BasicConstraints).value.ca
    assert of(x509.BasicConstraints).critical
    usage = of(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment
    assert not usage.value.key_cert_sign
    assert set(of(x509.ExtendedKeyUsage).value) == {
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.EMAIL_PROTECTION,
    }
    assert leaf.not_valid_before_utc == AT
    assert leaf.not_valid_after_utc == AT + timedelta(days=30)


def test_the_chain_goes_from_leaf_to_root():
    authority = Authority.new("Test", AT)
    leaf = authority.issue(a_key(), Subject("33000000001"), AT)

    leaf.verify_directly_issued_by(authority.issuing)
    authority.issuing.verify_directly_issued_by(authority.root)
    authority.root.verify_directly_issued_by(authority.root)
    assert chain_of(leaf, [authority.root, authority.issuing]) == [authority.issuing]
    depths = [
        one.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
        for one in (authority.root, authority.issuing)
    ]
    assert depths == [1, 0]
    assert not is_for_signing(authority.issuing)
    assert is_for_signing(leaf)


def test_no_certificate_outlives_its_authority():
    authority = Authority.new("Test", AT, years=1)
    leaf = authority.issue(a_key(), Subject("33000000001"), AT, 3000)

    assert leaf.not_valid_after_utc == authority.issuing.not_valid_after_utc


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 1024).public_key(),  # noqa: S505 - weak on purpose
        ec.generate_private_key(ec.SECP384R1()).public_key(),
        ed25519.Ed25519PrivateKey.generate().public_key(),
    ],
    ids=["RSA-1024", "P-384", "Ed25519"],
)
def test_weak_and_unknown_keys_get_no_certificate(key):
    with pytest.raises(algorithms.UnknownAlgorithm):
        Authority.new("Test", AT).issue(key, Subject("33000000001"), AT)


def test_a_crl_names_what_was_revoked_and_when():
    authority = Authority.new("Test", AT)
    lost = Revoked(5, AT - timedelta(hours=1), x509.ReasonFlags.key_compromise)
    crl = authority.crl([Revoked(9, AT), lost], 3, AT, 7)

    assert crl.is_signature_valid(authority.issuing.public_key())
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 3
    assert [entry.serial_number for entry in crl] == [5, 9]
    found = crl.get_revoked_certificate_by_serial_number(5)
    assert found.revocation_date_utc == AT - timedelta(hours=1)
    reason = found.extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert reason == x509.ReasonFlags.key_compromise
    assert (crl.last_update_utc, crl.next_update_utc) == (AT, AT + timedelta(days=7))
    assert authority.root_crl([], 1, AT).is_signature_valid(authority.root.public_key())


def test_an_authority_whose_key_lies_on_a_token_issues_too(a_token, now):
    root_key = ec.generate_private_key(ec.SECP256R1())
    with a_token.token.unlocked(a_token.held.fingerprint, a_token.pin, now) as signer:
        key = token_key(a_token.held.parsed.public_key(), signer)
        authority = Authority.with_keys(
            "Token", root_key, key, Period(now, now + timedelta(days=9))
        )
        leaf = authority.issue(a_key(), Subject("33000000001"), now)
        crl = authority.crl([], 1, now)

    leaf.verify_directly_issued_by(authority.issuing)
    assert crl.is_signature_valid(authority.issuing.public_key())
    with pytest.raises(NotImplementedError, match="stays on its token"):
        key.private_bytes(None, None, None)


def test_a_register_opens_again_with_its_passphrase_alone(tmp_path):
    register, authority = Register(tmp_path / "ca"), Authority.new("Test", AT)
    register.create(authority, PASSPHRASE)

    opened = register.open(PASSPHRASE)
    assert (opened.root, opened.issuing) == (authority.root, authority.issuing)
    assert opened.key.private_numbers() == authority.key.private_numbers()
    with pytest.raises(NoAuthority):
        register.open("another passphrase")
    with pytest.raises(FileExistsError):
        register.create(authority, PASSPHRASE)
    assert (tmp_path / "ca" / "issuing.key.pem").stat().st_mode & 0o077 == 0
    with pytest.raises(NoAuthority):
        Register(tmp_path / "nothing").open(PASSPHRASE)


def test_the_authority_issues_while_its_roots_key_is_kept_elsewhere(tmp_path):
    register = Register(tmp_path)
    register.create(Authority.new("Test", AT), PASSPHRASE)
    (tmp_path / "root.key.pem").unlink()
    authority = register.open(PASSPHRASE)

    assert register.issue(authority, a_key(), Subject("33000000001"), AT, 30)
    with pytest.raises(NoAuthority, match=r"root\.key\.pem"):
        register.root_crl(authority, AT, 30)


def test_a_register_remembers_whom_it_issued_and_revoked_what(tmp_path):
    register = Register(tmp_path)
    authority = Authority.new("Test", AT)
    register.create(authority, PASSPHRASE)
    first, second = (
        register.issue(authority, a_key(), Subject(f"3300000000{n}"), AT, 30) for n in (1, 2)
    )

    for _ in range(2):
        register.revoke(first.serial_number, x509.ReasonFlags.key_compromise, AT)
    crls = [register.crl(authority, AT + timedelta(days=day), 7) for day in (0, 1)]

    assert [line["fingerprint"] for line in register.issued()] == [
        one.fingerprint(SHA256()).hex() for one in (first, second)
    ]
    assert [[entry.serial_number for entry in crl] for crl in crls] == [[first.serial_number]] * 2
    numbers = [
        crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number for crl in crls
    ]
    assert numbers == [1, 2]
    with pytest.raises(NoAuthority, match="issued here"):
        register.revoke(12345, x509.ReasonFlags.unspecified, AT)
    assert crls[0].public_bytes(Encoding.DER) != crls[1].public_bytes(Encoding.DER)
