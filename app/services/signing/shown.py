"""How a signed decision is shown: with which certificate, by which algorithm (W10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.evidence.cms import parsed


@dataclass(frozen=True, slots=True)
class SignedBy:
    """The certificate under which a decision was signed, and when its holder says they did."""

    serial: str
    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    software: bool
    algorithm: str
    signed_at: datetime


# Joined to workflow.decision AS d; one row a decision that was signed.
JOINED = """LEFT JOIN trust.signature s ON s.decision_id = d.id
    LEFT JOIN trust.certificate c ON c.id = s.certificate_id"""
COLUMNS = """c.serial, c.subject, c.issuer, c.not_before, c.not_after, c.software, s.cms"""


def signed_by(row: Mapping[str, Any]) -> SignedBy | None:
    """Return the signature in a row with COLUMNS; None for a decision that nobody signed."""
    if row["cms"] is None:
        return None
    told = parsed(bytes(row["cms"]))
    names = ("serial", "subject", "issuer", "not_before", "not_after", "software")
    return SignedBy(*(*(row[name] for name in names), told.algorithm.name, told.signed_at))
