"""Finding tokens and their certificates, and signing with them."""

import os
import shutil
import subprocess
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from pkcs11.constants import Attribute, CertificateType, ObjectClass, TokenFlag

from tests.softhsm import OFFICER_PIN, PIN
from usbkey import algorithms, errors, provision
from usbkey.certificates import EXPIRED, VALID, is_for_signing
from usbkey.module import Module
from usbkey.pins import new_transport_pin
from usbkey.subject import Subject


def signs(plugged, data=b"what is signed", pin=None):
    """Sign with a token; the signature is checked by its certificate."""
    with plugged.token.unlocked(
        plugged.held.fingerprint, plugged.pin if pin is None else pin, datetime.now(UTC)
    ) as signer:
        signature = signer.sign(data)
        key = plugged.held.parsed.public_key()
        return algorithms.named(signer.algorithm).verify(key, signature, data)


def test_a_token_signs_with_the_key_of_its_certificate(a_token):
    assert signs(a_token)


def test_a_token_is_found_by_label_and_by_serial_number(softhsm, a_p256_token):
    label, serial = a_p256_token.token.label, a_p256_token.token.serial

    assert softhsm.module.token(label=label) == a_p256_token.token
    assert softhsm.module.token(serial=serial) == a_p256_token.token
    with pytest.raises(errors.NoToken):
        softhsm.module.token(label=label, serial="nobody's")
    with pytest.raises(errors.NoToken):
        softhsm.module.token(label="nobody's")


def test_two_tokens_of_one_label_are_not_mistaken_for_each_other(softhsm, authority):
    first = softhsm.plugged("33000000020", authority)
    second = softhsm.plugged("33000000020", authority)

    with pytest.raises(errors.SeveralTokens):
        softhsm.module.token(label="33000000020")
    assert softhsm.module.token(serial=second.token.serial) == second.token != first.token
    shutil.rmtree(folder_of(softhsm, second.token))


def test_a_token_is_found_after_its_slot_has_changed(softhsm, a_p256_token, authority):
    slots = {slot_of(a_p256_token.token)}
    for member_no in ("33000000031", "33000000032"):
        softhsm.plugged(member_no, authority)
        softhsm.module.restart()
        slots.add(slot_of(a_p256_token.token))
        assert signs(a_p256_token)
    moved = folder_of(softhsm, a_p256_token.token)
    shutil.move(moved, moved.with_name("00000000-moved"))
    softhsm.module.restart()
    assert signs(a_p256_token)
    shutil.move(moved.with_name("00000000-moved"), moved)
    softhsm.module.restart()


def test_certificates_are_listed_without_a_pin_and_name_their_member(a_token):
    [held] = a_token.token.certificates()

    assert held == a_token.held
    assert held.subject == Subject(a_token.token.label, "某发电有限公司")
    assert held.state(datetime.now(UTC)) == VALID


def test_the_chain_comes_from_the_token_without_the_root(a_token, authority, now):
    with a_token.token.unlocked(a_token.held.fingerprint, PIN, now) as signer:
        assert [x509.load_der_x509_certificate(one) for one in signer.chain] == [authority.issuing]


def test_an_expired_certificate_is_listed_as_such_and_signs_nothing(softhsm, authority, now):
    since = now - timedelta(days=400)
    expired = softhsm.plugged("33000000040", authority, now=since, days=365)

    [held] = expired.token.certificates()
    assert held.state(now) == EXPIRED
    with pytest.raises(errors.CertificateExpired, match="expired on"):
        signs(expired)
    with expired.token.unlocked(held.fingerprint, PIN, since + timedelta(days=1)) as signer:
        assert signer.sign(b"in its time")


def test_a_certificate_is_not_used_before_its_time(softhsm, authority, now):
    early = softhsm.plugged("33000000041", authority, now=now + timedelta(days=2))

    with pytest.raises(errors.CertificateNotYetValid):
        signs(early)


def test_a_certificate_beside_another_key_is_not_listed(softhsm, authority, now):
    plugged = softhsm.plugged("33000000042", authority)
    foreign = ec.generate_private_key(ec.SECP256R1()).public_key()
    stray = authority.issue(foreign, Subject("33000000042"), now)
    with plugged.token.module.logins.alone(plugged.token, user_pin=PIN) as session:
        [ours] = [
            found
            for found in session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE})
            if found[Attribute.LABEL] != "CA"
        ]
        ours.copy({Attribute.LABEL: "kept"})
        provision._store(session, stray, ours[Attribute.ID], "stray")
        provision._store(session, stray, b"no key of this number", "alone")

    assert {held.fingerprint for held in plugged.token.certificates()} == {plugged.held.fingerprint}


def test_a_certificate_that_is_not_there_is_named_so(a_p256_token, an_rsa_token, now):
    with (
        pytest.raises(errors.NoCertificate),
        a_p256_token.token.unlocked(an_rsa_token.held.fingerprint, PIN, now),
    ):
        pass


def test_a_wrong_pin_is_told_and_the_right_one_still_works(a_token):
    with pytest.raises(errors.WrongPin) as told:
        signs(a_token, pin="000001")

    assert told.value.low  # SoftHSM says that a wrong one was entered, never how many are left
    assert told.value.tries_left is None
    assert signs(a_token)


def test_whoever_comes_second_must_know_the_pin_too(a_p256_token, now):
    with a_p256_token.token.unlocked(a_p256_token.held.fingerprint, PIN, now) as signer:
        with pytest.raises(errors.WrongPin):
            signs(a_p256_token, pin="000001")
        assert signs(a_p256_token)
        assert signer.sign(b"still open")


def test_a_login_left_over_by_other_code_does_not_let_a_wrong_pin_in(softhsm, a_p256_token):
    with softhsm.module.using():
        softhsm.module.present(a_p256_token.token).open(user_pin=PIN)

    with pytest.raises(errors.WrongPin):
        signs(a_p256_token, pin="000001")
    assert signs(a_p256_token)


def test_wrong_pins_leave_no_session_open(softhsm, authority):
    plugged = softhsm.plugged("33000000050", authority)
    for _ in range(20):
        with pytest.raises(errors.WrongPin):
            signs(plugged, pin="000001")

    # A driver does not initialise a token while a session is open on it (CKR_SESSION_EXISTS).
    made = provision.initialise(
        softhsm.module, "33000000051", OFFICER_PIN, new_transport_pin(), erased=plugged.token
    )
    assert made.label == "33000000051"


def test_eight_threads_sign_at_once(a_token):
    right: list[bool] = []

    def work(number: int) -> None:
        right.extend(signs(a_token, f"{number} {turn}".encode()) for turn in range(10))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert right == [True] * 80


def test_eight_threads_share_one_signer(a_p256_token, now):
    key = a_p256_token.held.parsed.public_key()
    right: list[bool] = []
    with a_p256_token.token.unlocked(a_p256_token.held.fingerprint, PIN, now) as signer:

        def work(number: int) -> None:
            for turn in range(20):
                data = f"{number} {turn}".encode()
                right.append(algorithms.ES256.verify(key, signer.sign(data), data))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

    assert right == [True] * 160


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_signs_after_its_parent_did(a_p256_token, now):
    with a_p256_token.token.unlocked(a_p256_token.held.fingerprint, PIN, now) as signer:
        signer.sign(b"before")
        child = os.fork()
        if child == 0:  # pragma: no cover
            wrong = True
            try:
                try:
                    signs(a_p256_token, pin="000001")
                except errors.WrongPin:
                    wrong = not signs(a_p256_token)
            finally:
                os._exit(int(wrong))
        _, ended = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(ended) == 0
        assert signer.sign(b"after")
    assert signs(a_p256_token)


def test_a_token_that_is_pulled_out_while_it_signs_is_named_so(softhsm, authority, now):
    plugged = softhsm.plugged("33000000060", authority)
    place = folder_of(softhsm, plugged.token)
    with plugged.token.unlocked(plugged.held.fingerprint, PIN, now) as signer:
        assert signer.sign(b"before")
        shutil.rmtree(place)
        with pytest.raises(errors.TokenRemoved, match="nothing was signed"):
            signer.sign(b"after")
    with pytest.raises(errors.TokenRemoved):
        plugged.token.certificates()


def test_a_token_that_is_plugged_in_again_signs_again(softhsm, authority, now, tmp_path):
    plugged = softhsm.plugged("33000000062", authority)
    place = folder_of(softhsm, plugged.token)
    with plugged.token.unlocked(plugged.held.fingerprint, PIN, now) as signer:
        shutil.move(place, tmp_path / "pulled out")
        with pytest.raises(errors.TokenRemoved):
            signer.sign(b"out")
    shutil.move(tmp_path / "pulled out", place)
    softhsm.module.restart()

    assert signs(plugged)


@pytest.mark.parametrize("pin", ["", "\0", "749261x\0", "\ud800"])
def test_what_no_pin_can_be_is_wrong_and_costs_no_try(softhsm, authority, pin):
    plugged = softhsm.plugged("33000000063", authority)
    with pytest.raises(errors.WrongPin) as told:
        signs(plugged, pin=pin)
    with pytest.raises(errors.WrongPin):
        provision.choose_pin(plugged.token, pin, "918273x")

    assert not told.value.low
    assert not plugged.token.module.present(plugged.token).flags & TokenFlag.USER_PIN_COUNT_LOW


@pytest.mark.parametrize("pin", ["1", "x" * 300])
def test_a_pin_of_an_impossible_length_is_a_wrong_one(a_p256_token, pin):
    with pytest.raises(errors.WrongPin):
        signs(a_p256_token, pin=pin)


@pytest.mark.openssl
def test_a_certificate_of_an_unknown_kind_on_the_token_is_passed_over(softhsm, authority, tmp_path):
    plugged = softhsm.plugged("33000000064", authority)
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:SM2", "-nodes",
         "-subj", "/CN=SM2", "-keyout", "/dev/null", "-outform", "DER"],
        check=True, capture_output=True, cwd=tmp_path,
    ).stdout  # fmt: skip
    with plugged.token.module.logins.alone(plugged.token, user_pin=PIN) as session:
        for number, value in ((b"sm2", made), (b"cut off", made[:50]), (b"none", b"\x30\x00")):
            session.create_object(
                {
                    Attribute.CLASS: ObjectClass.CERTIFICATE,
                    Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
                    Attribute.TOKEN: True,
                    Attribute.PRIVATE: False,
                    Attribute.ID: number,
                    Attribute.SUBJECT: b"\x30\x00",
                    Attribute.VALUE: value,
                }
            )

    assert plugged.token.certificates() == [plugged.held]
    assert not is_for_signing(x509.load_der_x509_certificate(made))
    assert signs(plugged)


def test_pulling_one_token_out_leaves_the_other_usable(softhsm, a_p256_token, authority):
    other = softhsm.plugged("33000000061", authority)
    shutil.rmtree(folder_of(softhsm, other.token))

    assert other.token not in softhsm.module.tokens()
    assert signs(a_p256_token)


def test_a_driver_that_is_not_there_is_named_so(tmp_path):
    with pytest.raises(errors.NoModule, match="--module"):
        Module.load(tmp_path / "nothing.so")


@pytest.mark.parametrize("content", [b"", b"not a library", b"\x7fELF" + bytes(60)])
def test_a_file_that_is_no_driver_is_named_so(tmp_path, content):
    (tmp_path / "wrong.so").write_bytes(content)

    with pytest.raises(errors.WrongModule):
        Module.load(tmp_path / "wrong.so")


def test_a_library_of_another_kind_is_no_driver():
    from cryptography.hazmat.bindings import _rust

    with pytest.raises(errors.WrongModule):
        Module.load(_rust.__file__)


def slot_of(token):
    return token.module.present(token).slot.slot_id


def folder_of(softhsm, token):
    """The folder of a token: its name ends with the serial number."""
    [found] = [
        path
        for path in softhsm.tokens.iterdir()
        if path.name.replace("-", "").endswith(token.serial)
    ]
    return found
