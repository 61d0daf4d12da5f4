"""Whether a signature over a document stands: the whole, and its three parts for the server.

The parts are split so that a server does the lasting work once: ``chain_stands`` (about four
verifications) is good until its ``valid_until``; ``signature_stands`` is one verification.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from app.evidence import algorithms, reasons
from app.evidence.certificate import Certificate
from app.evidence.chain import Anchors, Chain, chain_stands
from app.evidence.cms import Parsed, parsed
from app.evidence.reasons import Rejected

_MOST_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Verified:
    """A signature that stands: by whom, under which root, cleared by which lists.

    ``signed_at`` is what the signer's machine claims.
    """

    path: Chain
    signed_at: datetime

    @property
    def fingerprint(self) -> bytes:
        """The SHA-256 of the signer's certificate."""
        return self.path.leaf.fingerprint

    @property
    def chain(self) -> tuple[bytes, ...]:
        """Its chain, DER: signer first, root last."""
        return tuple(each.der for each in self.path.certificates)

    @property
    def crl_indexes(self) -> tuple[int, ...]:
        """Places in the lists given, one for each certificate of the chain but the root."""
        return self.path.crl_indexes

    @property
    def serial_number(self) -> str:
        """The subject's serialNumber: the member's number."""
        return self.path.leaf.serial_number


def signature_stands(found: Parsed, chain: Chain, document: bytes) -> Verified:
    """Check the signature itself against a chain that stands; raises Rejected."""
    require_signed_by(found, chain.leaf, document)
    return Verified(chain, found.signed_at)


def require_signed_by(found: Parsed, leaf: Certificate, document: bytes) -> None:
    """Refuse a signature that the certificate's key did not make over this document."""
    if found.leaf != leaf.der:
        raise Rejected(reasons.NOT_BOUND)
    if found.algorithm is not leaf.algorithm:
        raise Rejected(reasons.WEAK_ALGORITHM, "signatureAlgorithm")
    if sha256(document).digest() != found.digest:
        raise Rejected(reasons.DIGEST_DIFFERS)
    if not algorithms.stands(found.algorithm, leaf.key, found.signature, found.attributes):
        raise Rejected(reasons.SIGNATURE_WRONG)


def verified(
    document: bytes, cms: bytes, anchors: Anchors, crls: Sequence[bytes], at: datetime
) -> Verified:
    """Check everything about a signature but what the document says; raises Rejected."""
    found = parsed(cms)
    chain = chain_stands(found.certificates, anchors, crls, at)
    return signature_stands(found, chain, document)


class Trust:
    """Anchors and lists of one moment, keeping the chains that stood; one a process.

    Make a new one whenever the anchors or lists are others; threads may share it.
    """

    def __init__(self, anchors: Anchors, crls: Sequence[bytes]) -> None:
        self.anchors = anchors
        self.crls = tuple(crls)
        self._kept: dict[tuple[bytes, ...], Chain] = {}

    def chain(self, certificates: tuple[bytes, ...], at: datetime) -> Chain:
        """Return the chain of ``certificates[0]`` at a time; raises Rejected."""
        kept = self._kept.get(certificates)
        if kept is not None and kept.valid_from <= at < kept.valid_until:
            return kept
        found = chain_stands(certificates, self.anchors, self.crls, at)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[certificates] = found
        return found

    def verified(self, document: bytes, cms: bytes, at: datetime) -> Verified:
        """Check everything about a signature but what the document says; raises Rejected."""
        found = parsed(cms)
        return signature_stands(found, self.chain(found.certificates, at), document)


__all__ = [
    "Anchors",
    "Chain",
    "Parsed",
    "Trust",
    "Verified",
    "chain_stands",
    "parsed",
    "require_signed_by",
    "signature_stands",
    "verified",
]
