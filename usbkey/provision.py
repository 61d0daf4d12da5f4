"""Making a USBKey: empty token, key on it, request, certificate, and a PIN only its person knows.

The PIN a token is made with is a random one for the way to its person (transport PIN). A mark on
the token says so, and nothing is signed until the person has chosen another (G29).
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from pkcs11 import KeyType
from pkcs11.constants import Attribute, CertificateType, MechanismFlag, ObjectClass
from pkcs11.util.ec import encode_named_curve_parameters

from usbkey import der, errors, objects, pins
from usbkey.certificates import Held, is_for_signing
from usbkey.failures import failed, typed
from usbkey.module import Module
from usbkey.subject import Subject
from usbkey.token import Token
from usbkey.token_key import token_key
from usbkey.token_signer import TokenSigner

ES256, RS256 = "ES256", "RS256"
RSA_BITS = 2048
P256 = "secp256r1"
SIGNING = MechanismFlag.SIGN | MechanismFlag.VERIFY
# Neither read out nor wrapped by another key, ever.
KEPT_IN = {
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
}


def initialise(
    module: Module, label: str, so_pin: str, pin: str, *, erased: Token | None = None
) -> Token:
    """Make the blank token, or erase one that is named, and set the officer's and transport PIN.

    Raises NoToken, SeveralTokens, LabelRefused, PinRefused, and WrongPin where an erased token has
    another officer's PIN.
    """
    pins.require_good(so_pin, names=(label,), shortest=pins.SHORTEST_OFFICER)
    if so_pin == pin:
        raise errors.PinRefused
    with module.using(), typed():
        before = {token for token in module.tokens() if token != erased}
        found = module.present(erased) if erased else module.blank()
        module.cryptoki.init_token(found.slot.slot_id, so_pin, label)
        made = [token for token in module.tokens() if token not in before]
    token = next((one for one in made if one.label == label), None)
    if token is None:
        raise errors.NoToken
    _set_transport_pin(token, so_pin, pin)
    return token


def unlock(token: Token, so_pin: str, pin: str) -> None:
    """Give a locked token a new transport PIN; raises WrongPin for the officer's PIN."""
    _set_transport_pin(token, so_pin, pin)


def choose_pin(token: Token, old: str, new: str, *, names: tuple[str, ...] = ()) -> None:
    """Change the user's PIN by the rules, and take the mark away.

    Raises PinRefused with the rule that is broken, WrongPin, PinLocked, PinNotSet.
    """
    pins.require_good(new, names=(token.label, token.serial, *names))
    if new == old:
        raise errors.PinRefused(
            zh="新 PIN 码不能与原 PIN 码相同。", en="The new PIN must not be the old one."
        )
    with _writing(token, user_pin=old) as session:
        session.set_pin(old, new)
        for mark in objects.marks(session):
            mark.destroy()


def make_key(token: Token, pin: str, algorithm: str = ES256) -> bytes:
    """Make a key on the token that never leaves it; its CKA_ID. Raises TokenFailed."""
    number = secrets.token_bytes(16)
    names = {"id": number, "label": token.label, "store": True, "capabilities": SIGNING}
    with _writing(token, user_pin=pin) as session:
        if algorithm == ES256:
            curve = {Attribute.EC_PARAMS: encode_named_curve_parameters(P256)}
            curve_keys = session.create_domain_parameters(KeyType.EC, curve, local=True)
            _, private = curve_keys.generate_keypair(**names, private_template=KEPT_IN)
        elif algorithm == RS256:
            _, private = session.generate_keypair(
                KeyType.RSA, RSA_BITS, **names, private_template=KEPT_IN
            )
        else:
            raise ValueError(f"no way of signing is called {algorithm!r}")
        _require_kept_in(private)
    return number


def request(
    token: Token, pin: str, number: bytes, subject: Subject
) -> x509.CertificateSigningRequest:
    """A request for a certificate (PKCS #10), signed by the token's key; raises NoCertificate."""
    with _writing(token, user_pin=pin) as session:
        private, public_key = objects.key_pair(session, number)
        signer = TokenSigner.of(token, public_key, private, pin)
        builder = x509.CertificateSigningRequestBuilder().subject_name(subject.name())
        return builder.sign(token_key(public_key, signer), SHA256())


def write(token: Token, pin: str, certificates: Sequence[x509.Certificate]) -> Held:
    """Write a certificate beside its key, with the authorities above it.

    The first that is for signing is the person's; raises NoCertificate where none is, and
    CertificateMismatch where it belongs to no key on this token.
    """
    leaf = next((one for one in certificates if is_for_signing(one)), None)
    if leaf is None:
        raise errors.NoCertificate(zh="文件中没有用户证书。", en="The file has no certificate.")
    with _writing(token, user_pin=pin) as session:
        number = objects.number_of(session, leaf)
        if number is None:
            raise errors.CertificateMismatch
        for old in objects.certificates_of(session, number):
            old.destroy()
        _store(session, leaf, number, token.label)
        there = objects.all_certificates(session)
        for one in certificates:
            if one is not leaf and one not in there:
                _store(session, one, one.fingerprint(SHA256())[:16], "CA")
    return Held(leaf.public_bytes(Encoding.DER), token.label)


def _set_transport_pin(token: Token, so_pin: str, pin: str) -> None:
    with _writing(token, so_pin=so_pin) as session:
        session.init_pin(pin)
    with _writing(token, user_pin=pin) as session:
        if not objects.has_mark(session):
            session.create_object(
                {
                    Attribute.CLASS: ObjectClass.DATA,
                    Attribute.TOKEN: True,
                    Attribute.PRIVATE: False,
                    Attribute.LABEL: objects.MARK,
                    Attribute.VALUE: b"1",
                }
            )


@contextmanager
def _writing(token: Token, **pin: str) -> Iterator[Any]:
    """A session that may write, in which the driver's answers become typed errors."""
    module = token.module
    with module.logins.alone(token, **pin) as session, typed(lambda: module.has(token)):
        yield session


def _require_kept_in(private: Any) -> None:
    """A driver that made the key readable all the same is not to be used."""
    if private[Attribute.EXTRACTABLE] or not private[Attribute.SENSITIVE]:
        private.destroy()
        raise failed(ValueError("the driver made a key that can be read out"))


def _store(session: Any, certificate: x509.Certificate, number: bytes, label: str) -> None:
    session.create_object(
        {
            Attribute.CLASS: ObjectClass.CERTIFICATE,
            Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
            Attribute.TOKEN: True,
            Attribute.PRIVATE: False,
            Attribute.ID: number,
            Attribute.LABEL: label,
            Attribute.SUBJECT: certificate.subject.public_bytes(),
            Attribute.ISSUER: certificate.issuer.public_bytes(),
            Attribute.SERIAL_NUMBER: der.integer(certificate.serial_number),
            Attribute.VALUE: certificate.public_bytes(Encoding.DER),
        }
    )
