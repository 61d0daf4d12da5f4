"""CMS signatures of other shapes than the one that is accepted; each verifies, as CMS goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha1, sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA1

from tests.evidence.pki import NOW
from usbkey import der
from usbkey.software import SoftwareKey

SHA256_ID = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"))
SHA256_NULL = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"), b"\x05\x00")
SHA1_ID = der.sequence(der.oid("1.3.14.3.2.26"))
ECDSA = der.sequence(der.oid("1.2.840.10045.4.3.2"))
ECDSA_SHA1 = der.sequence(der.oid("1.2.840.10045.4.1"))
DATA = "1.2.840.113549.1.7.1"
SIGNED_DATA = "1.2.840.113549.1.7.2"
UNSIGNED = der.sequence(der.oid("1.2.840.113549.1.9.6"), der.set_of(der.octets(b"x")))


def attribute(kind: str, *values: bytes) -> bytes:
    return der.sequence(der.oid(kind), der.set_of(*values))


def utc(at: datetime) -> bytes:
    return der.element(der.UTC_TIME, f"{at:%y%m%d%H%M%S}Z".encode())


def essential(certificate: bytes) -> bytes:
    hashed = der.sequence(der.octets(sha256(certificate).digest()))
    return der.sequence(der.sequence(hashed))


def attributes(
    document: bytes, certificate: bytes, digest: bytes | None = None, bound: bool = True
) -> list[bytes]:
    found = [
        attribute("1.2.840.113549.1.9.3", der.oid(DATA)),
        attribute("1.2.840.113549.1.9.5", utc(NOW)),
        attribute("1.2.840.113549.1.9.4", der.octets(digest or sha256(document).digest())),
    ]
    if bound:
        found.append(attribute("1.2.840.113549.1.9.16.2.47", essential(certificate)))
    return found


@dataclass
class Shape:
    """The parts of a CMS; changing one gives another shape."""

    document: bytes
    signer: SoftwareKey
    digest_ids: Sequence[bytes] = (SHA256_ID,)
    digest_id: bytes = SHA256_ID
    signature_id: bytes = ECDSA
    attributes: list[bytes] | None = None
    sorted_attributes: bool = True
    content: bytes = b""
    certificates: Sequence[bytes] | None = None
    sorted_certificates: bool = True
    crls: bytes = b""
    unsigned: Sequence[bytes] = ()
    signers: int = 1
    version: int = 1
    sha1: bool = False
    identified: bytes | None = None

    def info(self) -> bytes:
        found = self.attributes
        if found is None:
            digest = sha1(self.document).digest() if self.sha1 else None  # noqa: S324
            found = attributes(self.document, self.signer.certificate, digest)
        joined = b"".join(sorted(found) if self.sorted_attributes else found)
        hashed = ec.ECDSA(SHA1()) if self.sha1 else None  # noqa: S303
        signed = der.element(der.SET, joined)
        signature = self.signer.key.sign(signed, hashed) if hashed else self.signer.sign(signed)
        return der.sequence(
            der.integer(self.version),
            self.identified or identified(self.signer.certificate),
            self.digest_id,
            der.element(0xA0, joined),
            self.signature_id,
            der.octets(signature),
            der.element(0xA1, b"".join(self.unsigned)) if self.unsigned else b"",
        )

    def encoded(self) -> bytes:
        sent = self.certificates
        sent = (self.signer.certificate, *self.signer.chain) if sent is None else sent
        joined = b"".join(sorted(sent) if self.sorted_certificates else sent)
        inside = der.element(0xA0, der.octets(self.content)) if self.content else b""
        data = der.sequence(
            der.integer(self.version),
            der.set_of(*self.digest_ids),
            der.sequence(der.oid(DATA), inside),
            der.element(0xA0, joined) if joined else b"",
            self.crls,
            der.set_of(*(self.info() for _ in range(self.signers))),
        )
        return der.sequence(der.oid(SIGNED_DATA), der.element(0xA0, data))


def identified(certificate: bytes, serial: int | None = None) -> bytes:
    loaded = x509.load_der_x509_certificate(certificate)
    number = loaded.serial_number if serial is None else serial
    return der.sequence(loaded.issuer.public_bytes(), der.integer(number))


def indefinite(cms: bytes) -> bytes:
    """The same signature with an indefinite length outside, as BER allows."""
    return b"\x30\x80" + der.only(cms) + b"\x00\x00"


def long_length(cms: bytes) -> bytes:
    """The same signature with one more byte for its length than it needs."""
    inner = der.only(cms)
    return b"\x30\x83" + len(inner).to_bytes(3, "big") + inner
