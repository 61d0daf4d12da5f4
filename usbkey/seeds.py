"""Keys out of a seed, the same ones each time, so that a demonstration has none to store."""

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

# FIPS 186-5, A.2.1: 64 bits more than the order, so that the remainder is as good as even.
WIDE = 40
ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SERIAL_BITS = 127
SHORTEST = 16


def p256(seed: bytes, purpose: str) -> ec.EllipticCurvePrivateKey:
    """The P-256 key that a seed has for a purpose; raises ValueError for a seed under 16 bytes."""
    number = int.from_bytes(_expanded(seed, f"P-256 {purpose}", WIDE), "big")
    return ec.derive_private_key(number % (ORDER_OF_P256 - 1) + 1, ec.SECP256R1())


def serial(seed: bytes, purpose: str) -> int:
    """The serial number that a seed gives to the certificate of a purpose."""
    number = int.from_bytes(_expanded(seed, f"serial {purpose}", 16), "big")
    return number % (1 << SERIAL_BITS) or 1


def _expanded(seed: bytes, info: str, length: int) -> bytes:
    if len(seed) < SHORTEST:
        raise ValueError(f"a seed has at least {SHORTEST} bytes")
    return HKDF(SHA256(), length, salt=b"usbkey/1", info=info.encode()).derive(seed)
