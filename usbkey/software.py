"""Keys in software, with the interface of a token's: for demonstrations, rehearsals and tests.

Who holds the seed can sign as anybody: a production configuration refuses them.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from usbkey import seeds
from usbkey.algorithms import ES256
from usbkey.authority import Authority
from usbkey.subject import Subject

YEARS_OF_A_KEY = 5


@dataclass(frozen=True)
class SoftwareKey:
    """A member's key and certificate; a ``usbkey.signer.Signer``."""

    certificate: bytes
    chain: tuple[bytes, ...]
    key: ec.EllipticCurvePrivateKey = field(repr=False, compare=False)
    algorithm: str = ES256.name

    @classmethod
    def derive(
        cls,
        seed: bytes,
        member_no: str,
        authority: Authority,
        now: datetime,
        holder: str = "",
    ) -> "SoftwareKey":
        """The member's key out of a seed: nothing is stored.

        The certificate is the same for every ``now`` of one calendar year (UTC) and valid for five
        years from its beginning, so that it can be derived again byte for byte.
        """
        year = now.astimezone(UTC).year
        since = datetime(year, 1, 1, tzinfo=UTC)
        days = (datetime(year + YEARS_OF_A_KEY, 1, 1, tzinfo=UTC) - since).days
        key = seeds.p256(seed, f"member {member_no}")
        serial = seeds.serial(seed, f"member {member_no} {year} {holder}")
        subject = Subject(member_no, holder)
        issued = authority.issue(key.public_key(), subject, since, days, serial=serial)
        return cls.of(seed, member_no, issued, authority)

    @classmethod
    def of(
        cls, seed: bytes, member_no: str, certificate: x509.Certificate, authority: Authority
    ) -> "SoftwareKey":
        """The key with a certificate issued for it earlier; raises ValueError for another's."""
        key = seeds.p256(seed, f"member {member_no}")
        if certificate.public_key() != key.public_key():
            raise ValueError(f"not the certificate of the key of member {member_no}")
        issuing = authority.issuing.public_bytes(Encoding.DER)
        return cls(certificate.public_bytes(Encoding.DER), (issuing,), key)

    def sign(self, data: bytes) -> bytes:
        """Hash and sign; the signature is DER."""
        return ES256.sign(self.key, data)
