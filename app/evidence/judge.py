"""Whether a decision stands: its document with its signature, and a whole evidence file.

``stands_at`` is for who has the parts (the registry's own check of its records); ``judged`` is for
who has only the file, and says which checks passed before the one that failed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from hashlib import sha256
from itertools import pairwise

from app.evidence import chain, cms, documents, reasons, revocation
from app.evidence.bundle import Bundle
from app.evidence.certificate import Certificate, read
from app.evidence.chain import Anchors, Chain
from app.evidence.cms import Parsed
from app.evidence.documents import SIGN_IN, Document
from app.evidence.reasons import Rejected
from app.evidence.verify import Verified, require_signed_by, verified


@dataclass(frozen=True, slots=True)
class Standing:
    """A document that stands, and the signature under it."""

    document: Document
    verified: Verified


def stands_at(
    document: bytes, cms: bytes, anchors: Anchors, crls: Sequence[bytes], at: datetime
) -> Standing:
    """Check a document and its signature as of a time; raises Rejected.

    Whether the registry asked for it and carried it out is for the registry to compare.
    """
    found = documents.read(document)
    signature = verified(document, cms, anchors, crls, at)
    found.require_signed_inside(signature.signed_at)
    _require_member(found, signature.serial_number)
    return Standing(found, signature)


def _require_member(document: Document, serial_number: str) -> None:
    """Refuse a sign-in under another member's number than the certificate's."""
    if document.type == SIGN_IN and document.fields["member_no"] != serial_number:
        raise Rejected(reasons.WRONG_PERSON, serial_number)


class Check(Enum):
    """The checks of an evidence file, in their order."""

    DOCUMENT = "document"
    ENVELOPE = "envelope"
    SIGNATURE = "signature"
    TIME = "time"
    CHAIN = "chain"
    REVOCATION = "revocation"
    NOTHING_ELSE = "nothing else"
    NEWER_LISTS = "newer lists"


@dataclass
class Judgement:
    """What came out: the checks that ``passed``, the one that ``failed`` and why.

    What stands in the other fields was read, and is proven only if no check failed. ``at`` is the
    time it was judged for: the claimed signing time, moved into the document's window where two
    clocks differ.
    """

    passed: list[Check] = field(default_factory=list)
    failed: Check | None = None
    why: Rejected | None = None
    document: Document | None = None
    signature: Parsed | None = None
    leaf: Certificate | None = None
    path: tuple[Certificate, ...] = ()
    chain: Chain | None = None
    at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether every check passed."""
        return self.failed is None


def judged(bundle: Bundle, roots: Sequence[bytes], newer: Sequence[bytes] = ()) -> Judgement:
    """Judge a file by roots that one believes; ``newer`` are lists one has from elsewhere."""
    found = Judgement()
    checks = list(Check) if newer else [each for each in Check if each is not Check.NEWER_LISTS]
    steps = _steps(found, bundle, roots, newer)
    for check in checks:
        try:
            next(steps)
        except Rejected as why:
            found.failed, found.why = check, why
            break
        found.passed.append(check)
    return found


def _steps(
    found: Judgement, bundle: Bundle, roots: Sequence[bytes], newer: Sequence[bytes]
) -> Iterator[None]:
    """Make one check after the other, in the order of ``Check``; the first that fails raises."""
    document = found.document = documents.read(bundle.document)
    yield
    signature = found.signature = cms.parsed(bundle.cms)
    yield
    leaf = found.leaf = read(signature.leaf)
    require_signed_by(signature, leaf, bundle.document)
    _require_member(document, leaf.serial_number)
    yield
    document.require_signed_inside(signature.signed_at)
    at = found.at = min(max(signature.signed_at, document.issued), document.expires)
    yield
    if bundle.root not in roots:
        raise Rejected(reasons.UNTRUSTED_ROOT, sha256(bundle.root).hexdigest())
    anchors = Anchors(roots, bundle.certificates[1:])
    found.path = chain.path_stands(signature.certificates, anchors, at)
    yield
    found.chain = chain.cleared(found.path, bundle.crls, at)
    yield
    _require_nothing_else(bundle, found.chain)
    yield
    for each in newer:
        _require_clear_by(each, found.path, at)
    yield


def _require_clear_by(crl: bytes, path: tuple[Certificate, ...], at: datetime) -> None:
    """Refuse a file if a list from elsewhere refuses it, or speaks of none of its certificates."""
    issuer_of_list = revocation.read(crl).issuer
    spoken_of = [pair for pair in pairwise(path) if pair[1].subject == issuer_of_list]
    if not spoken_of:
        raise Rejected(reasons.LIST_FOREIGN)
    for certificate, issuer in spoken_of:
        revocation.cleared(certificate, issuer, [crl], at)


def _require_nothing_else(bundle: Bundle, found: Chain) -> None:
    """Refuse a file that carries anything but what the checks needed, each in its place."""
    path = [each.der for each in found.certificates]
    if path != [*bundle.certificates, bundle.root]:
        raise Rejected(reasons.UNNEEDED_CERTIFICATE)
    if found.crl_indexes != tuple(range(len(bundle.crls))):
        raise Rejected(reasons.LIST_FOREIGN)
