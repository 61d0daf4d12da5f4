"""A token in a folder, for demonstrations and for machines without a driver.

It is used like a real one: certificates are seen by everybody, keys are opened by a PIN, five
wrong PINs lock it. But whoever copies the folder has all the time they want to try PINs: a
production configuration refuses the certificates of its authority.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from usbkey import algorithms, errors, pins
from usbkey.certificates import Held
from usbkey.subject import Subject

TRIES = 5
CERTIFICATES, KEY, FAILURES = ".cert.pem", ".key.pem", ".failures"
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@dataclass(frozen=True)
class KeyInFolder:
    """An opened key; a ``usbkey.signer.Signer``."""

    certificate: bytes
    chain: tuple[bytes, ...]
    algorithm: str
    key: PrivateKeyTypes = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """Hash and sign."""
        return algorithms.named(self.algorithm).sign(self.key, data)


class SoftwareToken:
    """The keys of one folder, each with a PIN of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.label = folder.name
        self._lock = Lock()

    def add(
        self,
        key: PrivateKeyTypes,
        certificate: x509.Certificate,
        chain: list[x509.Certificate],
        pin: str,
    ) -> Held:
        """Put a key and its certificates in, named by the member number; raises PinRefused.

        Raises CertificateMismatch where they do not belong together.
        """
        name = Subject.of(certificate.subject).member_no
        if certificate.public_key() != key.public_key() or not NAME.fullmatch(name):
            raise errors.CertificateMismatch
        pins.require_good(pin, names=(name,))
        self.folder.mkdir(parents=True, exist_ok=True)
        written = b"".join(one.public_bytes(Encoding.PEM) for one in (certificate, *chain))
        self._write(name + KEY, _encrypted(key, pin))
        self._write(name + CERTIFICATES, written)
        self._write(name + FAILURES, b"0")
        return Held(certificate.public_bytes(Encoding.DER), self.label)

    def certificates(self) -> list[Held]:
        """The certificates whose keys are here; raises NoToken without a folder."""
        return [Held(read[0].public_bytes(Encoding.DER), self.label) for _, read in self._all()]

    @contextmanager
    def unlocked(self, fingerprint: str, pin: str, now: datetime) -> Iterator[KeyInFolder]:
        """Sign with the key of a certificate while the block runs.

        Raises NoCertificate, CertificateExpired, CertificateNotYetValid, WrongPin with the tries
        left, PinLocked.
        """
        name, certificates = self._find(fingerprint)
        leaf, *chain = [one.public_bytes(Encoding.DER) for one in certificates]
        held = Held(leaf, self.label)
        held.require_valid(now)
        yield KeyInFolder(leaf, tuple(chain), held.algorithm, self._opened(name, pin))

    def change_pin(self, member_no: str, old: str, new: str) -> None:
        """Give a key another PIN; raises WrongPin, PinLocked, PinRefused, NoCertificate."""
        if member_no not in dict(self._all()):
            raise errors.NoCertificate
        pins.require_good(new, names=(member_no,))
        self._write(member_no + KEY, _encrypted(self._opened(member_no, old), new))

    def _all(self) -> list[tuple[str, list[x509.Certificate]]]:
        if not self.folder.is_dir():
            raise errors.NoToken
        return [
            (
                path.name.removesuffix(CERTIFICATES),
                x509.load_pem_x509_certificates(path.read_bytes()),
            )
            for path in sorted(self.folder.glob(f"*{CERTIFICATES}"))
        ]

    def _find(self, fingerprint: str) -> tuple[str, list[x509.Certificate]]:
        for name, certificates in self._all():
            held = Held(certificates[0].public_bytes(Encoding.DER), self.label)
            if held.fingerprint == fingerprint:
                return name, certificates
        raise errors.NoCertificate

    def _opened(self, name: str, pin: str) -> PrivateKeyTypes:
        """The key; a try is counted before it is made, so that killing the process wins none."""
        with self._lock:
            failures = self._failures(name)
            if failures >= TRIES:
                raise errors.PinLocked
            self._write(name + FAILURES, str(failures + 1).encode())
            try:
                key = load_pem_private_key((self.folder / (name + KEY)).read_bytes(), pin.encode())
            except FileNotFoundError:
                raise errors.NoCertificate from None
            except (ValueError, TypeError):
                left = TRIES - failures - 1
                raise (errors.WrongPin(left) if left else errors.PinLocked()) from None
            self._write(name + FAILURES, b"0")
            return key

    def _failures(self, name: str) -> int:
        """How many in a row were wrong; a file that says nothing is as good as locked."""
        try:
            return int((self.folder / (name + FAILURES)).read_text())
        except (OSError, ValueError):
            return TRIES

    def _write(self, name: str, content: bytes) -> None:
        """Replace a file whole, readable for its owner alone."""
        unfinished = self.folder / f".{name}.new"
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(content)
        unfinished.replace(self.folder / name)


def _encrypted(key: PrivateKeyTypes, pin: str) -> bytes:
    return key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(pin.encode())
    )
