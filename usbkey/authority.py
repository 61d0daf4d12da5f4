"""The registry's own authority: a root, one authority below it that issues, and their CRLs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509.oid import NameOID

from usbkey import algorithms, profile, seeds
from usbkey.profile import IssuerKey, Named, Period, Revoked
from usbkey.subject import COUNTRY, Subject

# What is derived from a seed is the same whenever it is derived, also for a rehearsed past.
SEEDED = Period(
    datetime(2015, 1, 1, tzinfo=UTC),
    datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC),
)
NAME = "Carbon Registry Demonstration"
YEARS = 20
LEAF_DAYS = 1096


@dataclass(frozen=True)
class Authority:
    """A root and the authority it trusts to issue; ``root_key`` is needed only for its own CRL."""

    root: x509.Certificate
    issuing: x509.Certificate
    key: IssuerKey
    root_key: IssuerKey | None = None

    @classmethod
    def derive(cls, seed: bytes, name: str = NAME) -> "Authority":
        """The authority of a seed: byte for byte the same each time (demonstration and tests)."""
        root, issuing = f"{name} root", f"{name} issuing"
        keys = seeds.p256(seed, root), seeds.p256(seed, issuing)
        serials = seeds.serial(seed, root), seeds.serial(seed, issuing)
        return cls.with_keys(name, *keys, SEEDED, serials)

    @classmethod
    def new(cls, name: str, now: datetime, years: int = YEARS) -> "Authority":
        """A new authority with random P-256 keys."""
        keys = (ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1()))
        return cls.with_keys(name, *keys, Period(now, now + timedelta(days=round(365.25 * years))))

    @classmethod
    def with_keys(
        cls,
        name: str,
        root_key: IssuerKey,
        key: IssuerKey,
        period: Period,
        serials: tuple[int, int] | None = None,
    ) -> "Authority":
        """An authority of keys that are there already, also such as lie on a token."""
        first, second = serials or (x509.random_serial_number(), x509.random_serial_number())
        above = Named(_name(f"{name} Root"), root_key.public_key())
        below = Named(_name(f"{name} CA"), key.public_key())
        root = profile.authority(above, above.name, root_key, first, period, 1)
        issuing = profile.authority(below, above.name, root_key, second, period, 0)
        return cls(root, issuing, key, root_key)

    def issue(
        self,
        public_key: PublicKeyTypes,
        subject: Subject,
        now: datetime,
        days: int = LEAF_DAYS,
        *,
        serial: int | None = None,
    ) -> x509.Certificate:
        """A certificate from ``now`` on, for so many days, never longer than the authority's own.

        Raises algorithms.UnknownAlgorithm for a key that is weak or of an unknown kind.
        """
        algorithms.of_key(public_key)
        if not isinstance(public_key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
            raise algorithms.UnknownAlgorithm(f"no certificate for a {type(public_key).__name__}")
        until = min(now + timedelta(days=days), self.issuing.not_valid_after_utc)
        number = x509.random_serial_number() if serial is None else serial
        named = Named(subject.name(), public_key)
        return profile.leaf(named, self.issuing.subject, self.key, number, Period(now, until))

    def crl(
        self, revoked: Sequence[Revoked], number: int, now: datetime, days: int = 7
    ) -> x509.CertificateRevocationList:
        """The list of what the issuing authority revoked, good for so many days."""
        period = Period(now, now + timedelta(days=days))
        return profile.revocations(self.issuing.subject, self.key, revoked, number, period)

    def root_crl(
        self, revoked: Sequence[Revoked], number: int, now: datetime, days: int = 366
    ) -> x509.CertificateRevocationList:
        """The list of what the root revoked; raises ValueError where its key is not at hand."""
        if self.root_key is None:
            raise ValueError("the key of the root is not here")
        period = Period(now, now + timedelta(days=days))
        return profile.revocations(self.root.subject, self.root_key, revoked, number, period)


def _name(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, COUNTRY),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
