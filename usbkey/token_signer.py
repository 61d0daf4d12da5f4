"""Signing with a key that never leaves its token; a ``usbkey.signer.Signer``."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import pkcs11
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pkcs11 import Mechanism
from pkcs11.constants import Attribute

from usbkey import algorithms
from usbkey.failures import failed, typed
from usbkey.profile import SubjectKey

if TYPE_CHECKING:
    from usbkey.token import Token

# DigestInfo of SHA-256 (RFC 8017, 9.2).
DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


class Way(NamedTuple):
    """How a token signs: its mechanism, what it is given, and what is made of its answer.

    We hash ourselves: SoftHSM has no ECDSA_SHA256, and every token has the plain mechanism.
    """

    mechanism: Mechanism
    given: Callable[[bytes], bytes]
    made: Callable[[bytes], bytes]


def _der(raw: bytes) -> bytes:
    """An ECDSA signature as DER: tokens answer with r and s side by side."""
    half = len(raw) // 2
    return encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))


WAYS = {
    "ES256": Way(Mechanism.ECDSA, lambda data: sha256(data).digest(), _der),
    "RS256": Way(
        Mechanism.RSA_PKCS, lambda data: DIGEST_INFO + sha256(data).digest(), lambda made: made
    ),
}


@dataclass(frozen=True)
class TokenSigner:
    """A key on a token that is unlocked; without a certificate while it is being provisioned."""

    token: "Token"
    public_key: SubjectKey
    key: Any = field(repr=False)
    pin: str | None = field(repr=False)
    certificate: bytes = b""
    chain: tuple[bytes, ...] = ()

    @classmethod
    def of(
        cls,
        token: "Token",
        public_key: Any,
        key: Any,
        pin: str,
        certificates: tuple[bytes, ...] = (b"",),
    ) -> "TokenSigner":
        """The signer of a key and its chain; the PIN is kept only for a key that asks each time."""
        each_time = pin if _asks_each_time(key) else None
        return cls(token, public_key, key, each_time, certificates[0], certificates[1:])

    @property
    def algorithm(self) -> str:
        """The way the key signs: ES256, RS256."""
        return algorithms.of_key(self.public_key).name

    def sign(self, data: bytes) -> bytes:
        """Hash and sign; raises TokenRemoved, PinLocked, TokenFailed.

        The signature is checked before it is handed out: a driver that took another key, or a
        token that failed, must not be found out by the registry years later.
        """
        way = WAYS[self.algorithm]
        module = self.token.module
        with module.using(), typed(lambda: module.has(self.token)):
            made = self.key.sign(way.given(data), mechanism=way.mechanism, pin=self.pin)
        signature = way.made(bytes(made))
        verify = algorithms.named(self.algorithm).verify
        if not verify(self.public_key, signature, data):
            raise failed(ValueError("the signature does not fit the key"))
        return signature


def _asks_each_time(key: Any) -> bool:
    try:
        return bool(key[Attribute.ALWAYS_AUTHENTICATE])
    except pkcs11.PKCS11Error:
        return False
