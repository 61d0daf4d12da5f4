"""What the certificates and CRLs of the registry's own authority hold (RFC 5280).

The issuing authority may have nothing below it (pathlen 0). A leaf signs and cannot deny it
(digitalSignature, nonRepudiation), may sign in (clientAuth) and sign documents (emailProtection,
which ``openssl cms -verify`` asks for), and is no authority.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID

IssuerKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
SubjectKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
LEAF_USES = (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.EMAIL_PROTECTION)


@dataclass(frozen=True)
class Named:
    """A key and the name it goes by."""

    name: x509.Name
    key: SubjectKey


@dataclass(frozen=True)
class Period:
    """From when until when; whole seconds, UTC."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class Revoked:
    """A certificate that signs nothing more since ``at``."""

    serial: int
    at: datetime
    reason: x509.ReasonFlags = x509.ReasonFlags.unspecified


def authority(
    subject: Named,
    issuer: x509.Name,
    issuer_key: IssuerKey,
    serial: int,
    period: Period,
    depth: int,
) -> x509.Certificate:
    """The certificate of an authority that may have ``depth`` authorities below it."""
    constraints = x509.BasicConstraints(ca=True, path_length=depth)
    builder = _builder(subject, Named(issuer, issuer_key.public_key()), serial, period)
    builder = builder.add_extension(constraints, critical=True)
    return _signed(builder.add_extension(_usage(leaf=False), critical=True), issuer_key)


def leaf(
    subject: Named, issuer: x509.Name, issuer_key: IssuerKey, serial: int, period: Period
) -> x509.Certificate:
    """The certificate of a person's key."""
    constraints = x509.BasicConstraints(ca=False, path_length=None)
    builder = _builder(subject, Named(issuer, issuer_key.public_key()), serial, period)
    builder = builder.add_extension(constraints, critical=True)
    builder = builder.add_extension(_usage(leaf=True), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage(LEAF_USES), critical=False)
    return _signed(builder, issuer_key)


def revocations(
    issuer: x509.Name,
    issuer_key: IssuerKey,
    revoked: Sequence[Revoked],
    number: int,
    period: Period,
) -> x509.CertificateRevocationList:
    """The list of what an authority revoked; the next one is due at the period's end."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer)
        .last_update(_second(period.since))
        .next_update(_second(period.until))
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(_id_of_issuer(issuer_key.public_key()), critical=False)
    )
    for entry in sorted(revoked, key=lambda entry: entry.serial):
        builder = builder.add_revoked_certificate(_entry(entry))
    return builder.sign(issuer_key, SHA256(), ecdsa_deterministic=_deterministic(issuer_key))


def _entry(revoked: Revoked) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder(revoked.serial, _second(revoked.at))
    if revoked.reason is not x509.ReasonFlags.unspecified:
        builder = builder.add_extension(x509.CRLReason(revoked.reason), critical=False)
    return builder.build()


def _builder(subject: Named, issuer: Named, serial: int, period: Period) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject.name)
        .issuer_name(issuer.name)
        .public_key(subject.key)
        .serial_number(serial)
        .not_valid_before(_second(period.since))
        .not_valid_after(_second(period.until))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(subject.key), critical=False)
        .add_extension(_id_of_issuer(issuer.key), critical=False)
    )


def _id_of_issuer(key: SubjectKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)


def _usage(*, leaf: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=leaf,
        content_commitment=leaf,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not leaf,
        crl_sign=not leaf,
        encipher_only=False,
        decipher_only=False,
    )


def _signed(builder: x509.CertificateBuilder, key: IssuerKey) -> x509.Certificate:
    return builder.sign(key, SHA256(), ecdsa_deterministic=_deterministic(key))


def _deterministic(key: IssuerKey) -> bool | None:
    """A key in software signs the same thing alike each time; a token's key draws by itself."""
    in_software = type(key).__module__.startswith("cryptography.")
    return True if in_software and isinstance(key, ec.EllipticCurvePrivateKey) else None


def _second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
