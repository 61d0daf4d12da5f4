"""The program of an auditor: says offline whether evidence files stand (`verify-decision`).

Exit codes: 0 all stand, 1 one is refused, 2 one cannot be read or the call is wrong.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn, TextIO

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from app.evidence import bundle, reasons
from app.evidence.bundle import Bundle
from app.evidence.certificate import UNREADABLE
from app.evidence.judge import judged
from app.evidence.reasons import Language, Rejected, Text
from app.evidence.report import harmless, report

STANDS, REFUSED, UNREADABLE_FILE = 0, 1, 2
LANGUAGES: tuple[Language, Language] = ("zh", "en")
_PEM = b"-----BEGIN "


class CallError(Exception):
    """The call itself is wrong: a file is missing, or not what it was given as."""


@dataclass(frozen=True)
class Believed:
    """Whom the reader believes: roots (DER), fingerprints of roots; and newer lists they have."""

    roots: tuple[bytes, ...] = ()
    fingerprints: frozenset[str] = frozenset()
    crls: tuple[bytes, ...] = ()

    @property
    def named(self) -> bool:
        """Whether the reader named anybody."""
        return bool(self.roots or self.fingerprints)

    def roots_for(self, found: Bundle) -> tuple[bytes, ...]:
        """Return the roots to judge by; the file's own only if its fingerprint was named."""
        if sha256(found.root).hexdigest() in self.fingerprints:
            return (*self.roots, found.root)
        return self.roots


def judge_files(paths: Sequence[Path], believed: Believed, language: Language, out: TextIO) -> int:
    """Report on each file, and on a challenge answered in two of them; return the exit code."""
    worst = STANDS
    seen: dict[str, bytes] = {}
    for path in paths:
        print(harmless(str(path)), file=out)
        worst = max(worst, _judge_file(path, believed, language, out, seen))
    return worst


def _judge_file(
    path: Path, believed: Believed, language: Language, out: TextIO, seen: dict[str, bytes]
) -> int:
    try:
        data = path.read_bytes()
        found = bundle.decode(data)
    except OSError as error:
        print(f"  {_CANNOT.in_language(language)}: {error.strerror}", file=out)
        return UNREADABLE_FILE
    except Rejected as error:
        print(f"  {_CANNOT.in_language(language)}: {error.said(language)}", file=out)
        return UNREADABLE_FILE
    judgement = judged(found, believed.roots_for(found), believed.crls)
    if judgement.document is not None and judgement.stands:
        nonce = judgement.document.nonce
        if seen.setdefault(nonce, data) != data:
            print(f"  {Rejected(reasons.REPLAYED).said(language)}", file=out)
            return REFUSED
    fingerprint = sha256(found.root).hexdigest()
    for line in report(judgement, fingerprint, language, root_named=believed.named):
        print(line, file=out)
    return STANDS if judgement.stands else REFUSED


_CANNOT = Text("无法读取", "It cannot be read")


def certificates_in(path: Path) -> tuple[bytes, ...]:
    """Return the certificates of a PEM or DER file; raises CallError."""
    data = _read(path)
    try:
        if _PEM in data:
            loaded = x509.load_pem_x509_certificates(data)
            return tuple(each.public_bytes(Encoding.DER) for each in loaded)
        return (x509.load_der_x509_certificate(data).public_bytes(Encoding.DER),)
    except UNREADABLE as error:
        raise CallError(f"{path}: not a certificate (PEM or DER)") from error


def list_in(path: Path) -> bytes:
    """Return the revocation list of a PEM or DER file; raises CallError."""
    data = _read(path)
    try:
        load = x509.load_pem_x509_crl if _PEM in data else x509.load_der_x509_crl
        return load(data).public_bytes(Encoding.DER)
    except UNREADABLE as error:
        raise CallError(f"{path}: not a revocation list (PEM or DER)") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CallError(f"{path}: {error.strerror}") from error


def fingerprint_of(text: str) -> str:
    """Return a SHA-256 fingerprint as 64 hex digits, from any usual way to write it."""
    digits = text.replace(":", "").replace(" ", "").lower()
    if len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
        raise CallError(f"{text}: a SHA-256 fingerprint has 64 hex digits")
    return digits


def believed_from(
    roots: Iterable[Path], fingerprints: Iterable[str], crls: Iterable[Path]
) -> Believed:
    """Read the files that say whom the reader believes; raises CallError."""
    return Believed(
        tuple(each for path in roots for each in certificates_in(path)),
        frozenset(map(fingerprint_of, fingerprints)),
        tuple(map(list_in, crls)),
    )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(UNREADABLE_FILE, f"{message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a program of its own; returns the exit code."""
    parser = _Parser(
        prog="verify-decision",
        description="Say offline who decided what and when, and whether the signature stands.",
        epilog="Exit codes: 0 all stand, 1 one is refused, 2 one cannot be read.",
    )
    parser.add_argument("bundles", nargs="+", type=Path, metavar="BUNDLE")
    parser.add_argument(
        "--root", action="append", default=[], type=Path, help="a root you believe (PEM or DER)"
    )
    parser.add_argument(
        "--fingerprint", action="append", default=[], help="SHA-256 of a root you believe"
    )
    parser.add_argument(
        "--crl", action="append", default=[], type=Path, help="a newer list you have (PEM or DER)"
    )
    parser.add_argument("--lang", choices=LANGUAGES, default=LANGUAGES[0])
    found = parser.parse_args(arguments)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        believed = believed_from(found.root, found.fingerprint, found.crl)
    except CallError as error:
        sys.stderr.write(f"{error}\n")
        return UNREADABLE_FILE
    return judge_files(found.bundles, believed, found.lang, sys.stdout)
