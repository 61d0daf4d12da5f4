"""The authority's own folder: its certificates and keys, and whom it issued what.

    root.pem, issuing.pem          certificates
    root.key.pem, issuing.key.pem  keys, under a passphrase; the root's may be kept elsewhere
    register.jsonl                 one line for each certificate issued, revoked, CRL published

The register is only ever added to.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from usbkey.authority import Authority
from usbkey.errors import UsbkeyError, Words
from usbkey.profile import IssuerKey, Revoked
from usbkey.subject import Subject

ROOT, ISSUING = "root", "issuing"
SKEW = timedelta(minutes=5)
ISSUED, REVOKED, LISTED = "issued", "revoked", "crl"


class NoAuthority(UsbkeyError):
    """The folder has no authority, its passphrase is wrong, or a serial number is unknown."""

    code = "no_authority"
    happened = Words("无法打开证书颁发机构。", "The authority cannot be opened.")
    next_step = Words(
        "请检查目录和口令；新建请运行 python -m usbkey ca init。",
        "Check the folder and the passphrase; python -m usbkey ca init makes a new one.",
    )


@dataclass(frozen=True)
class Register:
    """An authority in a folder."""

    folder: Path

    def create(self, authority: Authority, passphrase: str) -> None:
        """Write a new authority; raises FileExistsError where there is one."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if authority.root_key is None:
            raise ValueError("a new authority has the key of its root")
        for name, certificate, key in (
            (ROOT, authority.root, authority.root_key),
            (ISSUING, authority.issuing, authority.key),
        ):
            pem = key.private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode())
            )
            _write_new(self.folder / f"{name}.key.pem", pem)
            _write_new(self.folder / f"{name}.pem", certificate.public_bytes(Encoding.PEM))

    def open(self, passphrase: str) -> Authority:
        """The authority with its keys; raises NoAuthority."""
        root, issuing = self.certificate(ROOT), self.certificate(ISSUING)
        key = self._key(ISSUING, passphrase)
        if key is None:
            raise NoAuthority
        return Authority(root, issuing, key, self._key(ROOT, passphrase))

    def certificate(self, name: str) -> x509.Certificate:
        """The certificate ``root`` or ``issuing``; raises NoAuthority."""
        try:
            return x509.load_pem_x509_certificate((self.folder / f"{name}.pem").read_bytes())
        except (OSError, ValueError):
            raise NoAuthority from None

    def issue(
        self,
        authority: Authority,
        public_key: PublicKeyTypes,
        subject: Subject,
        now: datetime,
        days: int,
    ) -> x509.Certificate:
        """Issue a certificate and note it.

        It is valid from five minutes before: the clock of the person's machine may be behind.
        """
        since = max(now - SKEW, authority.issuing.not_valid_before_utc)
        with self._noting() as note:
            certificate = authority.issue(public_key, subject, since, days)
            note(
                ISSUED,
                now,
                serial=f"{certificate.serial_number:x}",
                subject=certificate.subject.rfc4514_string(),
                until=certificate.not_valid_after_utc.isoformat(),
                fingerprint=certificate.fingerprint(SHA256()).hex(),
            )
            return certificate

    def revoke(self, serial: int, reason: x509.ReasonFlags, now: datetime) -> None:
        """Revoke a certificate; twice is once. Raises NoAuthority for a number not issued here."""
        with self._noting() as note:
            lines = self._lines()
            if not any(_is(line, ISSUED, serial) for line in lines):
                raise NoAuthority(
                    zh=f"本机构未颁发过序列号为 {serial:x} 的证书。",
                    en=f"No certificate {serial:x} was issued here.",
                )
            if not any(_is(line, REVOKED, serial) for line in lines):
                note(REVOKED, now, serial=f"{serial:x}", reason=reason.value)

    def crl(self, authority: Authority, now: datetime, days: int) -> x509.CertificateRevocationList:
        """The next list of the issuing authority, and a note of its number."""
        with self._noting() as note:
            number = self._next(ISSUING)
            note(LISTED, now, of=ISSUING, number=number)
            return authority.crl(self.revoked(), number, now, days)

    def root_crl(
        self, authority: Authority, now: datetime, days: int
    ) -> x509.CertificateRevocationList:
        """The next list of the root, empty: an issuing authority is replaced with its root.

        Raises NoAuthority while the root's key is kept elsewhere.
        """
        if authority.root_key is None:
            raise NoAuthority(
                zh="根密钥不在此目录中，请暂时放回 root.key.pem。",
                en="The root's key is not in this folder; bring root.key.pem back for it.",
            )
        with self._noting() as note:
            number = self._next(ROOT)
            note(LISTED, now, of=ROOT, number=number)
            return authority.root_crl([], number, now, days)

    def revoked(self) -> list[Revoked]:
        """What was revoked, with time and reason."""
        return [
            Revoked(
                int(line["serial"], 16),
                datetime.fromisoformat(line["at"]),
                x509.ReasonFlags(line["reason"]),
            )
            for line in self._lines()
            if line["what"] == REVOKED
        ]

    def issued(self) -> list[dict[str, Any]]:
        """The notes of what was issued."""
        return [line for line in self._lines() if line["what"] == ISSUED]

    def _next(self, of: str) -> int:
        numbers = [line["number"] for line in self._lines() if line.get("of") == of]
        return max(numbers, default=0) + 1

    def _key(self, name: str, passphrase: str) -> IssuerKey | None:
        path = self.folder / f"{name}.key.pem"
        if not path.exists():
            return None
        try:
            key = load_pem_private_key(path.read_bytes(), passphrase.encode())
        except (ValueError, TypeError):
            raise NoAuthority from None
        if not isinstance(key, IssuerKey):
            raise NoAuthority
        return key

    def _lines(self) -> list[dict[str, Any]]:
        path = self.folder / "register.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @contextmanager
    def _noting(self) -> Iterator[Any]:
        """One at a time; a note is on the disk before what it says is handed out."""
        # Not on Windows, where a person's agent runs but no authority.
        import fcntl

        with (self.folder / "register.jsonl").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)

            def note(what: str, at: datetime, **more: Any) -> None:
                line = {"what": what, "at": at.astimezone(UTC).isoformat(), **more}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())

            yield note


def _is(line: dict[str, Any], what: str, serial: int) -> bool:
    return bool(line["what"] == what and line["serial"] == f"{serial:x}")


def _write_new(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
