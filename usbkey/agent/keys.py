"""The keys the agent may sign with: tokens that are plugged in, or a demo's in software."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from usbkey.agent.refusals import Refused
from usbkey.certificates import Held
from usbkey.errors import NoCertificate, NoToken
from usbkey.module import Module
from usbkey.signer import Signer


class Keys(Protocol):
    """Where certificates and keys come from."""

    def certificates(self) -> Sequence[Held]:
        """Return what is plugged in; raises UsbkeyError."""

    def unlocked(self, fingerprint: str, pin: str, now: datetime) -> AbstractContextManager[Signer]:
        """Return a signer while the token is open; raises UsbkeyError."""


class PluggedIn:
    """Every token that one driver sees."""

    def __init__(self, driver: Path) -> None:
        self.module = Module.load(driver)

    def certificates(self) -> Sequence[Held]:
        """Return the certificates of all tokens; raises NoToken where there is none."""
        tokens = self.module.tokens()
        if not tokens:
            raise NoToken
        return [held for token in tokens for held in token.certificates()]

    @contextmanager
    def unlocked(self, fingerprint: str, pin: str, now: datetime) -> Iterator[Signer]:
        """Return a signer of the token that has the certificate; raises UsbkeyError."""
        tokens = self.module.tokens()
        if not tokens:
            raise NoToken
        for token in tokens:
            if any(held.fingerprint == fingerprint for held in token.certificates()):
                with token.unlocked(fingerprint, pin, now) as signer:
                    yield signer
                return
        raise NoCertificate


def find(keys: Keys, fingerprint: str, now: datetime) -> Held:
    """Return the certificate of a fingerprint; raises Refused, and UsbkeyError out of its time."""
    for held in keys.certificates():
        if held.fingerprint == fingerprint:
            held.require_valid(now)
            return held
    raise Refused("certificate")


def serial_of(held: Held) -> str:
    """Return a certificate's serial number as people compare it, two digits at a time."""
    digits = f"{held.parsed.serial_number:X}"
    even = digits.zfill(len(digits) + len(digits) % 2)
    return ":".join(even[i : i + 2] for i in range(0, len(even), 2))
