"""Why a signature does not count, each reason with its own number (app/evidence/reasons.PY)."""

from collections.abc import Mapping

import psycopg2

from app.domain.errors import Invalid
from app.domain.findings import Finding
from app.domain.label import Label
from app.evidence import reasons
from app.evidence.reasons import Reason, Rejected, Text

# What the database refuses when it takes a signature (app/trust/sql/signatures.sql).
BY_SQLSTATE: Mapping[str, Reason] = {
    "RG430": reasons.UNKNOWN_NONCE,
    "RG431": reasons.REPLAYED,
    "RG432": reasons.EXPIRED,
    "RG445": reasons.UNKNOWN_CERTIFICATE,
    "RG446": reasons.CERTIFICATE_ENDED,
    "RG448": reasons.LIST_STALE,
    "RG449": reasons.SIGNATURE_MISSING,
    "RG450": reasons.CONTENT_DIFFERS,
}


class SignatureRefused(Invalid):
    """The decision was not taken: its signature is missing or does not stand."""

    def __init__(self, reason: Reason, detail: Text | str = "") -> None:
        told = Rejected(reason, detail)
        label = Label(told.zh, told.en)
        code = str(reason.code)
        number = len(code) + 1
        finding = Finding(code, Label(label.zh[number:], label.en[number:]))
        super().__init__(label.zh, label.en, findings=[finding])
        self.reason = reason

    @property
    def missing(self) -> bool:
        """Whether there is no signature at all."""
        return self.reason is reasons.SIGNATURE_MISSING


def meaning_of_refusal(error: psycopg2.Error) -> SignatureRefused | None:
    """Return what the database's refusal of a signature means; None for any other error."""
    reason = BY_SQLSTATE.get(error.pgcode or "")
    return SignatureRefused(reason) if reason else None
