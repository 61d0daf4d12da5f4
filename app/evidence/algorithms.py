"""Algorithms by their id: what a signature and a key must be, and how to verify (M4).

SM2 with SM3 would be one more row here: its CMS identifiers, which keys are its, and a verifier.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from app.evidence import reasons
from app.evidence.reasons import Rejected

SHA256_ID = bytes.fromhex("300b0609608648016503040201")

_SMALLEST_RSA = 2048
_LARGEST_RSA = 4096
_SMALLEST_EXPONENT = 65537
_PKCS1 = padding.PKCS1v15()
_RSA_SHA256 = SHA256()
_ECDSA_SHA256 = ec.ECDSA(SHA256())


@dataclass(frozen=True)
class Algorithm:
    """One row: its id, the DER of its signatureAlgorithm and digestAlgorithm, its verifier.

    ``verify(key, signature, data)`` raises InvalidSignature.
    """

    name: str
    signature_id: bytes
    digest_id: bytes
    verify: Callable[[Any, bytes, bytes], None]


def _es256(key: ec.EllipticCurvePublicKey, signature: bytes, data: bytes) -> None:
    key.verify(signature, data, _ECDSA_SHA256)


def _rs256(key: rsa.RSAPublicKey, signature: bytes, data: bytes) -> None:
    key.verify(signature, data, _PKCS1, _RSA_SHA256)


ES256 = Algorithm("ES256", bytes.fromhex("300a06082a8648ce3d040302"), SHA256_ID, _es256)
RS256 = Algorithm("RS256", bytes.fromhex("300d06092a864886f70d01010b0500"), SHA256_ID, _rs256)

ALGORITHMS: dict[str, Algorithm] = {each.name: each for each in (ES256, RS256)}
BY_SIGNATURE_ID: dict[bytes, Algorithm] = {each.signature_id: each for each in ALGORITHMS.values()}

# What authorities may sign certificates and lists with: SHA-256, -384, -512 under ECDSA or RSA.
ISSUING: frozenset[bytes] = frozenset(
    bytes.fromhex(each)
    for each in (
        "300a06082a8648ce3d040302",
        "300a06082a8648ce3d040303",
        "300a06082a8648ce3d040304",
        "300d06092a864886f70d01010b0500",
        "300d06092a864886f70d01010c0500",
        "300d06092a864886f70d01010d0500",
    )
)


def of_key(key: Any) -> Algorithm:
    """Return the algorithm of a public key; raises Rejected for weak and unknown ones."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        if isinstance(key.curve, ec.SECP256R1):
            return ES256
        raise Rejected(reasons.WEAK_ALGORITHM, key.curve.name)
    if isinstance(key, rsa.RSAPublicKey):
        if not _SMALLEST_RSA <= key.key_size <= _LARGEST_RSA:
            raise Rejected(reasons.WEAK_ALGORITHM, f"RSA {key.key_size}")
        if key.public_numbers().e < _SMALLEST_EXPONENT:
            raise Rejected(reasons.WEAK_ALGORITHM, "RSA e")
        return RS256
    raise Rejected(reasons.WEAK_ALGORITHM, type(key).__name__)


def stands(algorithm: Algorithm, key: Any, signature: bytes, data: bytes) -> bool:
    """Return whether a signature over data is right."""
    try:
        algorithm.verify(key, signature, data)
    except InvalidSignature:
        return False
    return True
