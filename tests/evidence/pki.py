"""A small world of certificates: the registry's own authority, and any odd one beside it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from app.evidence.verify import Anchors
from usbkey import cms, seeds
from usbkey.authority import Authority
from usbkey.profile import Revoked
from usbkey.software import SoftwareKey

SEED = b"a seed of tests, not of anybody"
NOW = datetime(2026, 11, 21, 8, 3, tzinfo=UTC)
ISSUED = NOW - timedelta(minutes=3)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MEMBER = "100200"


def der(loaded: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    return loaded.public_bytes(Encoding.DER)


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@cache
def p256(name: str) -> ec.EllipticCurvePrivateKey:
    return seeds.p256(SEED, name)


@dataclass(frozen=True)
class Signer:
    """Any key with any certificate and chain, to be given to ``usbkey.cms``."""

    certificate: bytes
    chain: tuple[bytes, ...]
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

    @property
    def algorithm(self) -> str:
        return "RS256" if isinstance(self.key, rsa.RSAPrivateKey) else "ES256"

    def sign(self, data: bytes) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), SHA256())
        return self.key.sign(data, ec.ECDSA(SHA256()))


@dataclass(frozen=True)
class Case:
    """All that a verifier is given, and the time it is asked for."""

    document: bytes
    cms: bytes
    roots: tuple[bytes, ...]
    intermediates: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    at: datetime = NOW

    @property
    def anchors(self) -> Anchors:
        return Anchors(self.roots, self.intermediates)


@cache
def authority() -> Authority:
    return Authority.derive(SEED)


def lists(*revoked: Revoked, since: datetime = NOW - HOUR, days: int = 7) -> tuple[bytes, bytes]:
    """The list of the issuing authority, and the root's."""
    own = authority()
    return der(own.crl(revoked, 7, since, days)), der(own.root_crl((), 3, since, days))


@cache
def member(member_no: str = MEMBER) -> SoftwareKey:
    return SoftwareKey.derive(SEED, member_no, authority(), NOW, "某发电有限公司")


def serial_of(certificate: bytes) -> int:
    return x509.load_der_x509_certificate(certificate).serial_number


def revoked(at: datetime, reason: x509.ReasonFlags = x509.ReasonFlags.unspecified) -> Revoked:
    return Revoked(serial_of(member().certificate), at, reason)


def case(document: bytes, signer: object = None, at: datetime = NOW) -> Case:
    """A document signed by a member, with all that makes it stand."""
    own = authority()
    return Case(
        document,
        cms.signed(document, signer or member(), at),
        (der(own.root),),
        (der(own.issuing),),
        lists(),
    )


@dataclass(frozen=True)
class Profile:
    """What a certificate says; what a good one of its kind would say unless changed."""

    name: str
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    ca: bool = False
    path_length: int | None = None
    signs: bool = True
    commits: bool = True
    cert_sign: bool = False
    crl_sign: bool = False
    usage: bool = True
    purposes: tuple[x509.ObjectIdentifier, ...] = ()
    since: datetime = NOW - 30 * DAY
    until: datetime = NOW + 365 * DAY
    hashed: HashAlgorithm = field(default_factory=SHA256)
    unknown_critical: bool = False
    limited: bool = False  # which names it may issue for, not marked critical
    serial: int = 77

    def but(self, **changes: object) -> "Profile":
        return replace(self, **changes)


def an_authority(name: str, path_length: int | None = None, **changes: object) -> Profile:
    made = Profile(
        name,
        p256(name),
        ca=True,
        path_length=path_length,
        signs=False,
        commits=False,
        cert_sign=True,
        crl_sign=True,
    )
    return made.but(**changes)


def a_signer(**changes: object) -> Profile:
    return Profile(MEMBER, p256(f"odd {MEMBER}")).but(**changes)


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certificate(subject: Profile, issuer: Profile) -> bytes:
    """A certificate of any kind, good or not."""
    builder = x509.CertificateBuilder(
        issuer_name=named(issuer.name),
        subject_name=named(subject.name),
        public_key=subject.key.public_key(),
        serial_number=subject.serial,
        not_valid_before=subject.since,
        not_valid_after=subject.until,
    ).add_extension(x509.BasicConstraints(subject.ca, subject.path_length), critical=True)
    if subject.usage:
        builder = builder.add_extension(_usage(subject), critical=True)
    if subject.purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(subject.purposes), critical=False)
    if subject.unknown_critical:
        odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
        builder = builder.add_extension(odd, critical=True)
    if subject.limited:
        names = x509.NameConstraints([x509.DNSName("registry.example")], None)
        builder = builder.add_extension(names, critical=False)
    return der(builder.sign(issuer.key, subject.hashed))


def _usage(subject: Profile) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=subject.signs,
        content_commitment=subject.commits,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=subject.cert_sign,
        crl_sign=subject.crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def crl(
    issuer: Profile,
    *entries: x509.RevokedCertificate,
    since: datetime = NOW - HOUR,
    until: datetime = NOW + 7 * DAY,
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (),
) -> bytes:
    """A list of any kind."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(named(issuer.name))
        .last_update(since)
        .next_update(until)
        .add_extension(x509.CRLNumber(1), critical=False)
    )
    for each in entries:
        builder = builder.add_revoked_certificate(each)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return der(builder.sign(issuer.key, SHA256()))


def entry(serial: int, at: datetime, *extensions: x509.ExtensionType) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at)
    for each in extensions:
        builder = builder.add_extension(each, critical=False)
    return builder.build()


ROOT = an_authority("Odd Root")
ISSUING = an_authority("Odd CA", 0)


def odd_case(
    document: bytes,
    leaf: Profile | None = None,
    issuing: Profile = ISSUING,
    root: Profile = ROOT,
    crls: tuple[bytes, ...] | None = None,
) -> Case:
    """A document signed under an authority of which anything may be wrong."""
    leaf = leaf or a_signer()
    below = certificate(issuing, root)
    signer = Signer(certificate(leaf, issuing), (below,), leaf.key)
    return Case(
        document,
        cms.signed(document, signer, NOW),
        (certificate(root, root),),
        (),
        (crl(issuing), crl(root)) if crls is None else crls,
    )
