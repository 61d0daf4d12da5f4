"""What lies on a token: certificates and keys, joined by CKA_ID.

Without a PIN the private keys are not seen; the public ones beside them are. Where neither is,
every certificate is shown, and the PIN tells whether its key is there.
"""

from collections.abc import Iterator
from typing import Any

import pkcs11
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pkcs11.constants import Attribute, ObjectClass

from usbkey import der
from usbkey.certificates import Held, chain_of, is_for_signing
from usbkey.errors import NoCertificate
from usbkey.profile import SubjectKey

# A public note on the token; the user's first own PIN takes it away (G29).
MARK = "carbon registry: choose a PIN of your own"
POINT = 65  # bytes of an uncompressed point of P-256


def held(session: Any, label: str) -> list[tuple[Held, Any]]:
    """The certificates that can be used, each with the key object of its CKA_ID (None: unseen)."""
    keys = _keys(session, ObjectClass.PRIVATE_KEY)
    public = _keys(session, ObjectClass.PUBLIC_KEY)
    seen = keys or public
    found = []
    for number, certificate in _certificates(session):
        if not is_for_signing(certificate) or (seen and number not in seen):
            continue
        if number in public and not _same_key(certificate, public[number]):
            continue
        held = Held(certificate.public_bytes(Encoding.DER), label)
        found.append((held, keys.get(number)))
    return found


def chain(session: Any, held: Held) -> tuple[bytes, ...]:
    """The authorities that the token holds between a certificate and its root, DER."""
    above = chain_of(held.parsed, all_certificates(session))
    return tuple(one.public_bytes(Encoding.DER) for one in above)


def has_mark(session: Any) -> bool:
    """Whether the user still has to choose a PIN."""
    return bool(marks(session))


def marks(session: Any) -> list[Any]:
    """The notes that say so."""
    return list(session.get_objects({Attribute.CLASS: ObjectClass.DATA, Attribute.LABEL: MARK}))


def all_certificates(session: Any) -> list[x509.Certificate]:
    """Every certificate on the token, also those of authorities."""
    return [certificate for _, certificate in _certificates(session)]


def certificates_of(session: Any, number: bytes) -> list[Any]:
    """The certificate objects of a CKA_ID."""
    return list(
        session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE, Attribute.ID: number})
    )


def key_pair(session: Any, number: bytes) -> tuple[Any, SubjectKey]:
    """The private key object of a CKA_ID, and its public key; raises NoCertificate."""
    private = _keys(session, ObjectClass.PRIVATE_KEY).get(number)
    public = _keys(session, ObjectClass.PUBLIC_KEY).get(number)
    if private is None or public is None:
        raise NoCertificate(zh="USBKey 中没有该密钥。", en="That key is not on the USBKey.")
    return private, public_key(public)


def number_of(session: Any, certificate: x509.Certificate) -> bytes | None:
    """The CKA_ID of the key that a certificate belongs to, if it is on the token."""
    private = _keys(session, ObjectClass.PRIVATE_KEY)
    for number, found in _keys(session, ObjectClass.PUBLIC_KEY).items():
        if number in private and _same_key(certificate, found):
            return number
    return None


def public_key(found: Any) -> SubjectKey:
    """The key of a public key object; raises ValueError for one of another kind."""
    key_type = found[Attribute.KEY_TYPE]
    if key_type == pkcs11.KeyType.RSA:
        modulus = _number(found[Attribute.MODULUS])
        exponent = _number(found[Attribute.PUBLIC_EXPONENT])
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    if key_type == pkcs11.KeyType.EC:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _point(found))
    raise ValueError(f"no way of signing with a key of type {key_type}")


def _keys(session: Any, kind: ObjectClass) -> dict[bytes, Any]:
    found = list(session.get_objects({Attribute.CLASS: kind}))
    return {number: key for key in found if (number := _attribute(key, Attribute.ID))}


def _certificates(session: Any) -> Iterator[tuple[bytes, x509.Certificate]]:
    for found in list(session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE})):
        try:
            certificate = x509.load_der_x509_certificate(_attribute(found, Attribute.VALUE) or b"")
        except ValueError:
            continue
        yield _attribute(found, Attribute.ID) or b"", certificate


def _same_key(certificate: x509.Certificate, found: Any) -> bool:
    """Whether a certificate belongs to a key; one that does not tell itself is believed."""
    try:
        key = public_key(found)
    except pkcs11.PKCS11Error:
        return True
    except ValueError:
        return False
    return _spki(key) == _spki(certificate.public_key())


def _spki(key: Any) -> bytes:
    return bytes(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _point(found: Any) -> bytes:
    """CKA_EC_POINT is an OCTET STRING around the point; some drivers give the bare point."""
    value = bytes(found[Attribute.EC_POINT])
    try:
        return der.only(value) if value[:1] == b"\x04" and len(value) > POINT else value
    except der.BadDer:
        return value


def _number(value: Any) -> int:
    """A big integer, which python-pkcs11 gives as bytes."""
    return int.from_bytes(bytes(value), "big")


def _attribute(found: Any, kind: Attribute) -> bytes | None:
    try:
        return bytes(found[kind])
    except (pkcs11.PKCS11Error, TypeError):
        return None
