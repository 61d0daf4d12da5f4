"""The keys the agent may sign with: a PKCS#11 token, or the software token of the demo."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Protocol

from cryptography import x509
from cryptography.x509.oid import NameOID

from usbkey.agent.refusals import Refused
from usbkey.signer import Signer

VALID, EXPIRED, EARLY = "valid", "expired", "not_yet_valid"


@dataclass(frozen=True)
class Held:
    """A certificate whose key is in a token that is plugged in."""

    certificate: bytes  # DER
    token: str

    @cached_property
    def parsed(self) -> x509.Certificate:
        """The certificate, read."""
        return x509.load_der_x509_certificate(self.certificate)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hexadecimal."""
        return sha256(self.certificate).hexdigest()

    @property
    def member_no(self) -> str:
        """The member number that the certificate names."""
        return self._first(NameOID.SERIAL_NUMBER) or self._first(NameOID.COMMON_NAME)

    @property
    def name(self) -> str:
        """The name that the certificate shows."""
        return self._first(NameOID.COMMON_NAME)

    @property
    def holder(self) -> str:
        """The organisation that the certificate shows, or nothing."""
        return self._first(NameOID.ORGANIZATION_NAME)

    @property
    def serial(self) -> str:
        """The serial number as certificates show it."""
        digits = f"{self.parsed.serial_number:X}"
        even = digits.zfill(len(digits) + len(digits) % 2)
        return ":".join(even[i : i + 2] for i in range(0, len(even), 2))

    def state(self, now: datetime) -> str:
        """Whether it may be used today; revocation is the registry's matter."""
        if now < self.parsed.not_valid_before_utc:
            return EARLY
        return EXPIRED if now > self.parsed.not_valid_after_utc else VALID

    def _first(self, oid: x509.ObjectIdentifier) -> str:
        found = self.parsed.subject.get_attributes_for_oid(oid)
        return str(found[0].value) if found else ""


class Keys(Protocol):
    """Where certificates and keys come from."""

    def certificates(self) -> Sequence[Held]:
        """Return what is plugged in; raises UsbkeyError."""

    def unlocked(self, held: Held, pin: str) -> AbstractContextManager[Signer]:
        """Return a signer while the token is open; raises the typed errors."""


def find(keys: Keys, fingerprint: str) -> Held:
    """Return the certificate of a fingerprint; raises Refused."""
    for held in keys.certificates():
        if held.fingerprint == fingerprint:
            return held
    raise Refused("certificate")
