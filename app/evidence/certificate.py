"""A certificate, read strictly: the fields a chain is judged by, from its own bytes (RFC 5280)."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import ExtensionOID, NameOID

from app.evidence import algorithms, der, reasons
from app.evidence.reasons import Rejected

_LARGEST = 16384
_VERSION_3 = bytes.fromhex("a003020102")
# A critical extension that nobody looks at must refuse the certificate (RFC 5280, 4.2). Limits on
# the names below an authority must be critical; one whose are not is not understood either.
_LOOKED_AT = {
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
}
UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True, eq=False)
class Certificate:
    """One certificate: its bytes, names as bytes, key and the extensions that count."""

    der: bytes
    fingerprint: bytes
    issuer: bytes
    subject: bytes
    serial: int
    loaded: x509.Certificate
    key: Any
    algorithm: algorithms.Algorithm
    not_before: datetime
    not_after: datetime
    constraints: x509.BasicConstraints | None
    usage: x509.KeyUsage | None
    purposes: frozenset[str]
    key_id: bytes | None
    issuer_key_id: bytes | None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and self.der == other.der

    def __hash__(self) -> int:
        return hash(self.der)

    @property
    def authority(self) -> bool:
        """Whether it may issue certificates at all."""
        return self.constraints is not None and self.constraints.ca

    @property
    def serial_number(self) -> str:
        """The subject's serialNumber: the member's number."""
        return self._named(NameOID.SERIAL_NUMBER)

    @property
    def name(self) -> str:
        """The subject's common name, or its organisation."""
        return self._named(NameOID.COMMON_NAME) or self._named(NameOID.ORGANIZATION_NAME)

    @property
    def holder(self) -> str:
        """The subject's organisation, as its issuer wrote it."""
        return self._named(NameOID.ORGANIZATION_NAME)

    def _named(self, oid: x509.ObjectIdentifier) -> str:
        found = self.loaded.subject.get_attributes_for_oid(oid)
        return str(found[0].value) if len(found) == 1 else ""


@lru_cache(maxsize=2048)
def read(data: bytes) -> Certificate:
    """Read a certificate; raises Rejected if it cannot be read or its algorithms are too weak."""
    if len(data) > _LARGEST:
        raise Rejected(reasons.CERTIFICATE_MALFORMED)
    issuer, subject = _names(data)
    try:
        return _read(data, issuer, subject)
    except UNREADABLE as error:
        raise Rejected(reasons.CERTIFICATE_MALFORMED, str(error)[:200]) from error


def _names(data: bytes) -> tuple[bytes, bytes]:
    """Return the names' bytes; the algorithm must be named alike inside and outside."""
    outer = der.Reader(data, reason=reasons.CERTIFICATE_MALFORMED)
    whole = outer.open(der.SEQUENCE)
    outer.close()
    tbs = whole.open(der.SEQUENCE)
    named = whole.whole(der.SEQUENCE)
    signature = whole.content(der.BIT_STRING)
    whole.close()
    if tbs.whole(der.FIRST) != _VERSION_3 or not any(tbs.integer()) or signature[:1] != b"\0":
        raise Rejected(reasons.CERTIFICATE_MALFORMED)
    inside = tbs.whole(der.SEQUENCE)
    issuer = tbs.whole(der.SEQUENCE)
    tbs.whole(der.SEQUENCE)
    subject = tbs.whole(der.SEQUENCE)
    if inside != named:
        raise Rejected(reasons.CERTIFICATE_MALFORMED, "signatureAlgorithm")
    if inside not in algorithms.ISSUING:
        raise Rejected(reasons.WEAK_ALGORITHM, "signatureAlgorithm")
    return issuer, subject


def _read(data: bytes, issuer: bytes, subject: bytes) -> Certificate:
    loaded = x509.load_der_x509_certificate(data)
    extensions = loaded.extensions
    for each in extensions:
        limited = each.oid == ExtensionOID.NAME_CONSTRAINTS
        if limited or (each.critical and each.oid not in _LOOKED_AT):
            raise Rejected(reasons.CHAIN_BROKEN, f"extension {each.oid.dotted_string}")
    key = loaded.public_key()
    return Certificate(
        der=data,
        fingerprint=sha256(data).digest(),
        issuer=issuer,
        subject=subject,
        serial=loaded.serial_number,
        loaded=loaded,
        key=key,
        algorithm=algorithms.of_key(key),
        not_before=loaded.not_valid_before_utc,
        not_after=loaded.not_valid_after_utc,
        constraints=_value(extensions, x509.BasicConstraints),
        usage=_value(extensions, x509.KeyUsage),
        purposes=_purposes(extensions),
        key_id=_key_id(extensions),
        issuer_key_id=_issuer_key_id(extensions),
    )


def _value(extensions: x509.Extensions, kind: type[Any]) -> Any:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _purposes(extensions: x509.Extensions) -> frozenset[str]:
    found = _value(extensions, x509.ExtendedKeyUsage)
    return frozenset(each.dotted_string for each in found or ())


def _key_id(extensions: x509.Extensions) -> bytes | None:
    found = _value(extensions, x509.SubjectKeyIdentifier)
    return None if found is None else bytes(found.digest)


def _issuer_key_id(extensions: x509.Extensions) -> bytes | None:
    found = _value(extensions, x509.AuthorityKeyIdentifier)
    return None if found is None else found.key_identifier


def issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Return whether the issuer's key made the certificate's signature."""
    try:
        certificate.loaded.verify_directly_issued_by(issuer.loaded)
    except (InvalidSignature, *UNREADABLE):
        return False
    return True
