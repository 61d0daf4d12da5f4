"""Whom a certificate names: a member number, and the holder the person acts for."""

from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import NameOID

COUNTRY = "CN"


@dataclass(frozen=True)
class Subject:
    """The person's member number (登记会员编号) and, if wanted, the name of the holder.

    No name of a person: a certificate is seen by everybody who checks a signature.
    """

    member_no: str
    holder: str = ""

    def name(self) -> x509.Name:
        """C=CN, O=holder, CN=member number, serialNumber=member number."""
        holder = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, self.holder)] if self.holder else []
        return x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, COUNTRY),
                *holder,
                x509.NameAttribute(NameOID.COMMON_NAME, self.member_no),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, self.member_no),
            ]
        )

    @classmethod
    def of(cls, name: x509.Name) -> "Subject":
        """Read it from a certificate; a part that is not there, or there twice, is empty."""
        return cls(_single(name, NameOID.SERIAL_NUMBER), _single(name, NameOID.ORGANIZATION_NAME))


def _single(name: x509.Name, kind: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(kind)
    return str(found[0].value) if len(found) == 1 else ""
