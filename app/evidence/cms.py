"""The one shape of a detached CMS signature that is accepted (RFC 5652, RFC 5035).

Everything in it is fixed but five fields, so the verifier builds the bytes anew from what it read
and compares: nothing can hide in another encoding, another order or an unsigned place.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise

from app.evidence import der, reasons
from app.evidence.algorithms import BY_SIGNATURE_ID, SHA256_ID, Algorithm
from app.evidence.reasons import Rejected

_LARGEST = 65536
_MOST_CERTIFICATES = 4

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_VERSION_1 = bytes.fromhex("020101")
_DIGESTS = der.element(der.SET, SHA256_ID)
_NO_CONTENT = bytes.fromhex("300b06092a864886f70d010701")
_SHA1 = bytes.fromhex("06052b0e03021a")
_SHA1_RSA = bytes.fromhex("06092a864886f70d010105")
_SHA1_ECDSA = bytes.fromhex("06072a8648ce3d0401")

# The signed attributes are 162 bytes with three holes; DER orders them by their lengths.
_BEFORE_TIME = bytes.fromhex(
    "301806092a864886f70d010903310b06092a864886f70d010701301c06092a864886f70d010905310f170d"
)
_BEFORE_DIGEST = bytes.fromhex("302f06092a864886f70d01090431220420")
_BEFORE_CERTIFICATE = bytes.fromhex("3037060b2a864886f70d010910022f31283026302430220420")
_TIME_LENGTH = 13
_HASH_LENGTH = 32
_ATTRIBUTES_LENGTH = (
    len(_BEFORE_TIME)
    + _TIME_LENGTH
    + len(_BEFORE_DIGEST)
    + len(_BEFORE_CERTIFICATE)
    + 2 * _HASH_LENGTH
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a signature says; ``certificates`` starts with the signer's, then as they were sent."""

    certificates: tuple[bytes, ...]
    signed_at: datetime
    digest: bytes
    attributes: bytes
    algorithm: Algorithm
    signature: bytes

    @property
    def leaf(self) -> bytes:
        """The signer's certificate."""
        return self.certificates[0]


def parsed(cms: bytes) -> Parsed:
    """Read a signature; raises Rejected for anything but the one shape, byte for byte."""
    if len(cms) > _LARGEST:
        raise Rejected(reasons.TOO_LARGE)
    data = _signed_data(cms)
    if data.whole(der.INTEGER) != _VERSION_1:
        raise Rejected(reasons.CMS_SHAPE, "version")
    _same(data.whole(der.SET), _DIGESTS, "digestAlgorithms")
    _same(data.whole(der.SEQUENCE), _NO_CONTENT, "encapContentInfo")
    sent = _certificates(data)
    signers = data.open(der.SET)
    data.close()
    if signers.peek() is None:
        raise Rejected(reasons.SEVERAL_SIGNERS)
    signer = signers.open(der.SEQUENCE)
    if signers.peek() is not None:
        raise Rejected(reasons.SEVERAL_SIGNERS)
    return _signer(signer, sent, cms)


def _signed_data(cms: bytes) -> der.Reader:
    outer = der.Reader(cms)
    info = outer.open(der.SEQUENCE)
    outer.close()
    _same(info.whole(der.OID), _SIGNED_DATA, "contentType")
    explicit = info.open(der.FIRST)
    info.close()
    data = explicit.open(der.SEQUENCE)
    explicit.close()
    return data


def _same(found: bytes, wanted: bytes, name: str) -> None:
    """Refuse what is not exactly what it has to be; old hash functions by their own reason."""
    if found == wanted:
        return
    if any(weak in found for weak in (_SHA1, _SHA1_RSA, _SHA1_ECDSA)):
        raise Rejected(reasons.WEAK_ALGORITHM, "SHA-1")
    raise Rejected(reasons.CMS_SHAPE, name)


def _certificates(data: der.Reader) -> list[bytes]:
    """Return the certificates as sent: in order, none twice."""
    if data.peek() != der.FIRST:
        raise Rejected(reasons.CMS_SHAPE, "certificates")
    inner = data.open(der.FIRST)
    found: list[bytes] = []
    while inner.peek() is not None:
        found.append(inner.whole(der.SEQUENCE))
    if not 0 < len(found) <= _MOST_CERTIFICATES:
        raise Rejected(reasons.CMS_SHAPE, "certificates")
    if any(not one < other for one, other in pairwise(found)):
        raise Rejected(reasons.CMS_SHAPE, "certificates: order")
    if data.peek() == der.SECOND:
        raise Rejected(reasons.CMS_SHAPE, "crls")
    return found


def _signer(signer: der.Reader, sent: list[bytes], cms: bytes) -> Parsed:
    if signer.whole(der.INTEGER) != _VERSION_1:
        raise Rejected(reasons.CMS_SHAPE, "signer version")
    named = signer.whole(der.SEQUENCE)
    _same(signer.whole(der.SEQUENCE), SHA256_ID, "digestAlgorithm")
    attributes = signer.content(der.FIRST)
    algorithm = _algorithm(signer.whole(der.SEQUENCE))
    signature = signer.content(der.OCTET_STRING)
    if signer.peek() == der.SECOND:
        raise Rejected(reasons.UNSIGNED_ATTRIBUTES)
    signer.close()
    signed_at, digest, certificate_hash = _attributes(attributes)
    leaf = _bound(sent, certificate_hash)
    _same(named, issuer_and_serial(leaf), "signerIdentifier")
    others = [each for each in sent if each is not leaf]
    found = Parsed(
        certificates=(leaf, *others),
        signed_at=signed_at,
        digest=digest,
        attributes=der.element(der.SET, attributes),
        algorithm=algorithm,
        signature=signature,
    )
    if encoded(found) != cms:
        raise Rejected(reasons.CMS_SHAPE, "DER")
    return found


def _algorithm(found: bytes) -> Algorithm:
    algorithm = BY_SIGNATURE_ID.get(found)
    if algorithm is None:
        raise Rejected(reasons.WEAK_ALGORITHM, "signatureAlgorithm")
    return algorithm


def _attributes(found: bytes) -> tuple[datetime, bytes, bytes]:
    """Return signing time, message digest and hash of the certificate from the one template."""
    if len(found) != _ATTRIBUTES_LENGTH:
        raise Rejected(reasons.CMS_SHAPE, "signedAttrs")
    place = len(_BEFORE_TIME)
    time, place = found[place : place + _TIME_LENGTH], place + _TIME_LENGTH + len(_BEFORE_DIGEST)
    digest, place = (
        found[place : place + _HASH_LENGTH],
        place + _HASH_LENGTH + len(_BEFORE_CERTIFICATE),
    )
    certificate_hash = found[place:]
    if attributes(time, digest, certificate_hash) != found:
        raise Rejected(reasons.CMS_SHAPE, "signedAttrs")
    return utc_time(time), digest, certificate_hash


def attributes(time: bytes, digest: bytes, certificate_hash: bytes) -> bytes:
    """Return the content of the signed attributes."""
    return b"".join(
        (_BEFORE_TIME, time, _BEFORE_DIGEST, digest, _BEFORE_CERTIFICATE, certificate_hash)
    )


def utc_time(text: bytes) -> datetime:
    """Return the moment of a UTCTime with seconds, in UTC."""
    if len(text) != _TIME_LENGTH or text[-1:] != b"Z" or not text[:-1].isdigit():
        raise Rejected(reasons.CMS_MALFORMED, "signingTime")
    year, month, day, hour, minute, second = (int(text[i : i + 2]) for i in range(0, 12, 2))
    century = 2000 if year < 50 else 1900
    try:
        return datetime(century + year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise Rejected(reasons.CMS_MALFORMED, "signingTime") from error


def _bound(sent: list[bytes], certificate_hash: bytes) -> bytes:
    """Return the certificate that the signed attributes name by its hash."""
    for each in sent:
        if sha256(each).digest() == certificate_hash:
            return each
    raise Rejected(reasons.NOT_BOUND)


def issuer_and_serial(certificate: bytes) -> bytes:
    """Return IssuerAndSerialNumber of a certificate, from its own bytes."""
    outer = der.Reader(certificate, reason=reasons.CERTIFICATE_MALFORMED)
    tbs = outer.open(der.SEQUENCE).open(der.SEQUENCE)
    if tbs.peek() == der.FIRST:
        tbs.whole(der.FIRST)
    serial = tbs.whole(der.INTEGER)
    tbs.whole(der.SEQUENCE)
    return der.element(der.SEQUENCE, tbs.whole(der.SEQUENCE), serial)


def encoded(found: Parsed) -> bytes:
    """Return the bytes of a signature; there are no others for the same fields."""
    signer = der.element(
        der.SEQUENCE,
        _VERSION_1,
        issuer_and_serial(found.leaf),
        found.algorithm.digest_id,
        b"\xa0" + found.attributes[1:],
        found.algorithm.signature_id,
        der.element(der.OCTET_STRING, found.signature),
    )
    data = der.element(
        der.SEQUENCE,
        _VERSION_1,
        _DIGESTS,
        _NO_CONTENT,
        der.set_of(der.FIRST, list(found.certificates)),
        der.element(der.SET, signer),
    )
    return der.element(der.SEQUENCE, _SIGNED_DATA, der.element(der.FIRST, data))
