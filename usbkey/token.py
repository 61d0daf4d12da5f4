"""A USBKey that is plugged in: its certificates, and signing with the keys they belong to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pkcs11.constants import TokenFlag

from usbkey import errors, objects
from usbkey.certificates import Held
from usbkey.failures import typed
from usbkey.token_signer import TokenSigner

if TYPE_CHECKING:
    from usbkey.module import Module


@dataclass(frozen=True)
class Token:
    """A token by its serial number and label, wherever it is plugged in."""

    label: str
    serial: str
    maker: str = field(compare=False)
    model: str = field(compare=False)
    module: "Module" = field(compare=False, repr=False)

    @classmethod
    def of(cls, module: "Module", found: Any) -> "Token":
        """The token that python-pkcs11 found."""
        return cls(found.label, _serial(found), found.manufacturer_id, found.model, module)

    def is_(self, found: Any) -> bool:
        """Whether that is this token."""
        return bool(self.label == found.label and self.serial == _serial(found))

    def certificates(self) -> list[Held]:
        """The certificates that belong to a key on this token, also those that have expired.

        No PIN is needed. Raises TokenRemoved.
        """
        with self._open() as session:
            return [held for held, _ in objects.held(session, self.label)]

    @contextmanager
    def unlocked(self, fingerprint: str, pin: str, now: datetime) -> Iterator[TokenSigner]:
        """Sign with the key of a certificate while the block runs.

        The fingerprint is the SHA-256 of the certificate, hexadecimal. Raises NoCertificate,
        CertificateExpired, CertificateNotYetValid, PinToBeChanged, WrongPin, PinLocked, PinNotSet,
        TokenRemoved.
        """
        with self._open() as session:
            held = self._find(session, fingerprint)
            marked = objects.has_mark(session)
        held.require_valid(now)
        if marked or self._wants_new_pin():
            raise errors.PinToBeChanged
        with self.module.logins.user(self, pin) as session:
            yield self._signer(session, held, pin)

    def awaits_new_pin(self) -> bool:
        """Whether its PIN is still the one it was provisioned with (G29)."""
        with self._open() as session:
            return objects.has_mark(session) or self._wants_new_pin()

    def _wants_new_pin(self) -> bool:
        return bool(self.module.present(self).flags & TokenFlag.USER_PIN_TO_BE_CHANGED)

    def _find(self, session: Any, fingerprint: str) -> Held:
        for held, _ in objects.held(session, self.label):
            if held.fingerprint == fingerprint:
                return held
        raise errors.NoCertificate

    def _signer(self, session: Any, held: Held, pin: str) -> TokenSigner:
        with self.module.using(), typed(lambda: self.module.has(self)):
            keys = dict(objects.held(session, self.label))
            if keys.get(held) is None:
                raise errors.NoCertificate
            certificates = (held.certificate, *objects.chain(session, held))
            return TokenSigner.of(self, held.parsed.public_key(), keys[held], pin, certificates)

    @contextmanager
    def _open(self) -> Iterator[Any]:
        """A session without a PIN; it sees what everybody may see."""
        with self.module.using(), typed(lambda: self.module.has(self)):
            session = self.module.present(self).open()
            try:
                yield session
            finally:
                session.close()


def _serial(found: Any) -> str:
    serial = found.serial
    return bytes(serial).decode("ascii", "replace").rstrip("\0 ")
