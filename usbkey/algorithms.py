"""Which ways of signing there are: one row each, so that SM2 can come as another row.

The names are those of JOSE (RFC 7518): ES256 is ECDSA on P-256 with SHA-256, RS256 is RSA
PKCS #1 v1.5 with SHA-256 and a modulus of at least 2048 bits.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256

SMALLEST_RSA = 2048


class UnknownAlgorithm(ValueError):
    """A key of a kind or size that no row of the table signs with."""


@dataclass(frozen=True)
class Algorithm:
    """A way of signing.

    ``identifier`` is the DER AlgorithmIdentifier that a CMS names it by; ``fits`` tells whether a
    public key is of it; ``sign`` and ``verify`` hash the data themselves, and an ECDSA signature
    is DER.
    """

    name: str
    identifier: bytes
    fits: Callable[[PublicKeyTypes], bool]
    sign: Callable[[PrivateKeyTypes, bytes], bytes]
    verify: Callable[[PublicKeyTypes, bytes, bytes], bool]


def of_key(public_key: PublicKeyTypes) -> Algorithm:
    """The way a key signs; raises UnknownAlgorithm."""
    for algorithm in TABLE.values():
        if algorithm.fits(public_key):
            return algorithm
    raise UnknownAlgorithm(f"no way of signing for a {type(public_key).__name__}")


def named(name: str) -> Algorithm:
    """The algorithm of that name; raises UnknownAlgorithm."""
    try:
        return TABLE[name]
    except KeyError:
        raise UnknownAlgorithm(f"no way of signing is called {name!r}") from None


def _is_p256(key: PublicKeyTypes) -> bool:
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)


def _es256_sign(key: PrivateKeyTypes, data: bytes) -> bytes:
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise UnknownAlgorithm("ES256 needs a P-256 key")
    return key.sign(data, ec.ECDSA(SHA256()))


def _es256_verify(key: PublicKeyTypes, signature: bytes, data: bytes) -> bool:
    if not isinstance(key, ec.EllipticCurvePublicKey) or not _is_p256(key):
        return False
    try:
        key.verify(signature, data, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _is_large_rsa(key: PublicKeyTypes) -> bool:
    return isinstance(key, rsa.RSAPublicKey) and key.key_size >= SMALLEST_RSA


def _rs256_sign(key: PrivateKeyTypes, data: bytes) -> bytes:
    if not isinstance(key, rsa.RSAPrivateKey):
        raise UnknownAlgorithm("RS256 needs an RSA key")
    return key.sign(data, padding.PKCS1v15(), SHA256())


def _rs256_verify(key: PublicKeyTypes, signature: bytes, data: bytes) -> bool:
    if not isinstance(key, rsa.RSAPublicKey) or not _is_large_rsa(key):
        return False
    try:
        key.verify(signature, data, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


# ecdsa-with-SHA256 without parameters (RFC 5758); sha256WithRSAEncryption with NULL (RFC 4055).
ES256 = Algorithm(
    "ES256",
    bytes.fromhex("300a06082a8648ce3d040302"),
    _is_p256,
    _es256_sign,
    _es256_verify,
)
RS256 = Algorithm(
    "RS256",
    bytes.fromhex("300d06092a864886f70d01010b0500"),
    _is_large_rsa,
    _rs256_sign,
    _rs256_verify,
)
TABLE = {algorithm.name: algorithm for algorithm in (ES256, RS256)}
