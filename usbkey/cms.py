"""A detached signature as a CMS SignedData (RFC 5652) of exactly one shape.

One shape only, so that a verifier can write it again and compare bytes: nothing in it may be
changed or added unseen. ``openssl cms -verify -binary -inform DER -content ... -CAfile root.pem``
accepts it. The signer's certificate is named inside what is signed (signing-certificate-v2,
RFC 5035), so that no other certificate of the same key can be put in its place.
"""

from datetime import UTC, datetime
from hashlib import sha256

from usbkey import algorithms, der
from usbkey.signer import Signer

DATA = "1.2.840.113549.1.7.1"
SIGNED_DATA = "1.2.840.113549.1.7.2"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_TIME = "1.2.840.113549.1.9.5"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
SHA256 = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"))
FIRST_YEAR, LAST_YEAR = 1950, 2049
EXPLICIT_0 = 0xA0


def signed(document: bytes, signer: Signer, at: datetime) -> bytes:
    """Sign a document; the answer is the DER of a ContentInfo without the document.

    ``at`` is the time that the signer claims, kept to the second. Raises what the signer raises,
    and ValueError for a time that UTCTime cannot hold.
    """
    attributes = _signed_attributes(document, signer.certificate, at)
    signature = signer.sign(der.set_of(*attributes))
    info = der.sequence(
        der.integer(1),
        _issuer_and_serial(signer.certificate),
        SHA256,
        der.set_of(*attributes, tag=EXPLICIT_0),
        algorithms.named(signer.algorithm).identifier,
        der.octets(signature),
    )
    content = der.sequence(
        der.integer(1),
        der.set_of(SHA256),
        der.sequence(der.oid(DATA)),
        der.set_of(signer.certificate, *signer.chain, tag=EXPLICIT_0),
        der.set_of(info),
    )
    return der.sequence(der.oid(SIGNED_DATA), der.element(EXPLICIT_0, content))


def _signed_attributes(document: bytes, certificate: bytes, at: datetime) -> list[bytes]:
    # The default hash of signing-certificate-v2 is SHA-256, which DER leaves out.
    named = der.sequence(der.sequence(der.sequence(der.octets(sha256(certificate).digest()))))
    return [
        _attribute(CONTENT_TYPE, der.oid(DATA)),
        _attribute(SIGNING_TIME, _utc_time(at)),
        _attribute(MESSAGE_DIGEST, der.octets(sha256(document).digest())),
        _attribute(SIGNING_CERTIFICATE_V2, named),
    ]


def _attribute(kind: str, value: bytes) -> bytes:
    return der.sequence(der.oid(kind), der.set_of(value))


def _utc_time(at: datetime) -> bytes:
    moment = at.astimezone(UTC)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"UTCTime cannot hold the year {moment.year}")
    return der.element(der.UTC_TIME, f"{moment:%y%m%d%H%M%S}Z".encode())


def _issuer_and_serial(certificate: bytes) -> bytes:
    """Both taken as they stand in the certificate: [0] version, serial, algorithm, issuer."""
    tbs = next(der.elements(der.only(certificate)))[1]
    _, (_, _, serial), _, (_, _, issuer) = list(der.elements(tbs))[:4]
    return der.sequence(issuer, serial)
