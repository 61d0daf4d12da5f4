"""A token in a folder is used like a real one, and locks."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from usbkey import algorithms, errors
from usbkey.software_token import TRIES, SoftwareToken
from usbkey.subject import Subject

PIN, WRONG = "749261x", "000001"
AT = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)


@pytest.fixture(params=["ES256", "RS256"])
def a_software_token(request, tmp_path, authority):
    key = (
        ec.generate_private_key(ec.SECP256R1())
        if request.param == "ES256"
        else rsa.generate_private_key(65537, 2048)
    )
    issued = authority.issue(key.public_key(), Subject("33000000001"), AT, 365)
    token = SoftwareToken(tmp_path / "demo")
    token.add(key, issued, [authority.issuing], PIN)
    return token


def signs(token, pin=PIN, now=AT):
    [held] = token.certificates()
    with token.unlocked(held.fingerprint, pin, now) as signer:
        key = held.parsed.public_key()
        return algorithms.named(signer.algorithm).verify(key, signer.sign(b"data"), b"data")


def test_it_signs_with_its_pin_also_when_opened_again(a_software_token):
    assert signs(a_software_token)
    assert signs(SoftwareToken(a_software_token.folder))


def test_it_says_how_many_tries_are_left_and_then_locks(a_software_token):
    told = []
    for _ in range(TRIES - 1):
        with pytest.raises(errors.WrongPin) as wrong:
            signs(a_software_token, WRONG)
        told.append(wrong.value.tries_left)
    with pytest.raises(errors.PinLocked):
        signs(a_software_token, WRONG)

    assert told == [4, 3, 2, 1]
    with pytest.raises(errors.PinLocked):
        signs(SoftwareToken(a_software_token.folder))


def test_the_right_pin_wins_the_tries_back(a_software_token):
    for _ in range(2):
        for _ in range(TRIES - 1):
            with pytest.raises(errors.WrongPin):
                signs(a_software_token, WRONG)
        assert signs(a_software_token)


@pytest.mark.parametrize("content", [None, b"", b"\xff", b"many"])
def test_a_count_that_was_taken_away_is_as_good_as_locked(a_software_token, content):
    count = a_software_token.folder / "33000000001.failures"
    count.unlink() if content is None else count.write_bytes(content)

    with pytest.raises(errors.PinLocked):
        signs(a_software_token)


def test_an_expired_certificate_signs_nothing(a_software_token):
    with pytest.raises(errors.CertificateExpired):
        signs(a_software_token, now=AT + timedelta(days=366))


def test_its_pin_changes_by_the_rules(a_software_token):
    with pytest.raises(errors.WrongPin):
        a_software_token.change_pin("33000000001", WRONG, "918273x")
    with pytest.raises(errors.PinRefused):
        a_software_token.change_pin("33000000001", PIN, "1234")
    with pytest.raises(errors.NoCertificate):
        a_software_token.change_pin("33000000002", PIN, "918273x")
    a_software_token.change_pin("33000000001", PIN, "918273x")

    assert signs(a_software_token, "918273x")
    with pytest.raises(errors.WrongPin):
        signs(a_software_token, PIN)


def test_no_key_is_readable_for_others(a_software_token):
    files = list(a_software_token.folder.iterdir())

    assert len(files) == 3
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)
    assert b"ENCRYPTED" in (a_software_token.folder / "33000000001.key.pem").read_bytes()


def test_what_does_not_belong_together_is_refused(tmp_path, authority):
    key, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    token = SoftwareToken(tmp_path / "demo")

    for subject in ("33000000001", "../../etc/passwd"):
        issued = authority.issue(other.public_key(), Subject(subject), AT)
        with pytest.raises(errors.CertificateMismatch):
            token.add(key if subject.isdigit() else other, issued, [], PIN)
    assert not (tmp_path / "demo").exists()


def test_a_missing_folder_is_no_token_and_a_missing_key_no_certificate(a_software_token, tmp_path):
    with pytest.raises(errors.NoToken):
        SoftwareToken(tmp_path / "nothing").certificates()
    (a_software_token.folder / "33000000001.key.pem").unlink()
    with pytest.raises(errors.NoCertificate):
        signs(a_software_token)
