"""A certificate whose key is in a token that is plugged in."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from usbkey import algorithms, errors
from usbkey.subject import Subject

# Other people's certificates lie on tokens too, with SM2 keys or extensions of their own.
UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension)
VALID, EXPIRED, EARLY = "valid", "expired", "not_yet_valid"


@dataclass(frozen=True)
class Held:
    """A certificate (DER) and the label of the token that has its key."""

    certificate: bytes = field(repr=False)
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
    def subject(self) -> Subject:
        """Whom it names."""
        return Subject.of(self.parsed.subject)

    @property
    def algorithm(self) -> str:
        """The way its key signs: ES256, RS256."""
        return algorithms.of_key(self.parsed.public_key()).name

    def state(self, now: datetime) -> str:
        """Whether it may be used at that time; revocation is the registry's matter."""
        if now < self.parsed.not_valid_before_utc:
            return EARLY
        return EXPIRED if now > self.parsed.not_valid_after_utc else VALID

    def require_valid(self, now: datetime) -> None:
        """Raise CertificateExpired or CertificateNotYetValid outside its time."""
        state = self.state(now)
        if state == EXPIRED:
            until = f"{self.parsed.not_valid_after_utc:%Y-%m-%d}"
            raise errors.CertificateExpired(
                zh=f"证书已于 {until} 过期。", en=f"The certificate expired on {until}."
            )
        if state == EARLY:
            since = f"{self.parsed.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
            raise errors.CertificateNotYetValid(
                zh=f"证书自 {since} 起生效。", en=f"The certificate is valid from {since}."
            )


def is_for_signing(certificate: x509.Certificate) -> bool:
    """Whether it is a person's, may sign, and has a key of a known kind."""
    try:
        algorithms.of_key(certificate.public_key())
        extensions = certificate.extensions
    except UNREADABLE:
        return False
    for extension in extensions:
        value = extension.value
        if isinstance(value, x509.BasicConstraints) and value.ca:
            return False
        if isinstance(value, x509.KeyUsage) and not _signs(value):
            return False
    return True


def _signs(usage: x509.KeyUsage) -> bool:
    return usage.digital_signature or usage.content_commitment


def chain_of(leaf: x509.Certificate, authorities: list[x509.Certificate]) -> list[x509.Certificate]:
    """The authorities between a certificate and its root, without the root, nearest first."""
    chain: list[x509.Certificate] = []
    below = leaf
    while issuer := next((one for one in authorities if _issued(one, below)), None):
        if issuer.subject == issuer.issuer or issuer in chain:
            break
        chain.append(issuer)
        below = issuer
    return chain


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (*UNREADABLE, InvalidSignature):
        return False
    return True
