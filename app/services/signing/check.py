"""Hold what a person signed against what is being decided, inside the transaction that decides.

The document is built anew from the database and compared byte for byte; then the signature is
verified over it. Nothing is locked meanwhile. What only one may do, using the challenge up and
finding the certificate in use, workflow.apply_step does in the call that writes the decision.
"""

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.evidence import documents, reasons
from app.evidence.reasons import Rejected
from app.evidence.verify import Verified
from app.services.context import Context
from app.services.signing import server_signed, trust
from app.services.signing.named import Named, named_in
from app.services.signing.order import Terms, order
from app.services.signing.refused import SignatureRefused
from app.services.signing.signed import Session, Signed, origin_of
from app.services.signing.trust import Trusted

if TYPE_CHECKING:
    from app.services.step import Step


@dataclass(frozen=True, slots=True)
class Accepted:
    """A signature that stands; what the database has to hold against its own rows."""

    signed: Signed
    terms: Terms
    session: bytes
    certificate: bytes
    crl_ids: tuple[int, ...]
    trust: str

    @property
    def hashed(self) -> str:
        """The SHA-256 of the signed document, by which the decision's own document names it."""
        return hashlib.sha256(self.signed.document).hexdigest()

    def request(self, at: datetime) -> dict[str, Any]:
        """Return what trust.take_signature and the row of trust.signature are made of."""
        return {
            "nonce": self.terms.nonce,
            "issued": self.terms.issued,
            "expires": self.terms.expires,
            "session": self.session.hex(),
            "received_at": (self.signed.received_at or at).isoformat(),
            "certificate": self.certificate.hex(),
            "crls": list(self.crl_ids),
            "trust": self.trust,
            "document": b64encode(self.signed.document).decode(),
            "cms": b64encode(self.signed.cms).decode(),
        }


def accepted(
    ctx: Context, step: "Step", signed: Signed | None, session: Session
) -> Accepted | None:
    """Return the signature under which a step is taken; None where none is asked for.

    To be called before the diagram moves. A signature that was not asked for is checked and kept
    all the same. Raises SignatureRefused with the number of the reason.
    """
    if step.actor is None or (signed is None and not step.actor.signs(step.decided.kind)):
        return None
    named = named_in(step)
    try:
        if signed is None:
            signed = server_signed.signed(ctx, step, named, session)
        if signed is None:
            raise SignatureRefused(reasons.SIGNATURE_MISSING)
        return _checked(ctx, step, named, signed, session)
    except Rejected as error:
        raise SignatureRefused(error.reason, error.detail) from error


def _checked(
    ctx: Context, step: "Step", named: Named, signed: Signed, session: Session
) -> Accepted:
    claims = signed.claims
    later = signed.received_at is not None  # then its site and its time were judged when it came
    terms = Terms(
        str(claims.get("origin")) if later else origin_of(ctx, session),
        *(str(claims.get(name)) for name in ("nonce", "issued", "expires")),
    )
    told = _same(signed, step, terms, named)
    if not later:
        told.require_open(step.at)
    trusted, found = _verified(ctx, step, signed)
    told.require_signed_inside(found.signed_at)
    return Accepted(
        signed=signed,
        terms=terms,
        session=session.hash,
        certificate=found.fingerprint,
        crl_ids=tuple(dict.fromkeys(trusted.crl_ids(found.crl_indexes))),
        trust=trusted.state,
    )


def _same(signed: Signed, step: "Step", terms: Terms, named: Named) -> documents.Document:
    """Return what was signed, which is what the registry asks for; raises Rejected otherwise."""
    try:
        wanted = order(step, terms, named)
    except Rejected:
        documents.read(signed.document)  # says what is wrong with it, if that is why
        raise
    documents.require_same(signed.document, wanted.data)
    return wanted.told


def _verified(ctx: Context, step: "Step", signed: Signed) -> tuple[Trusted, Verified]:
    """Verify by what this process believes; where that fails, by what the database says now.

    The database compares when the decision is written: what was believed too long meets RG447.
    """
    trusted = trust.kept(ctx, step.tx)
    try:
        return trusted, trusted.evidence.verified(signed.document, signed.cms, step.at)
    except Rejected:
        fresh = trust.current(ctx, step.tx)
        if fresh is trusted:
            raise
        return fresh, fresh.evidence.verified(signed.document, signed.cms, step.at)
