"""Whom the registry believes, and the lists that they publish: add, end, load (R23)."""

from dataclasses import dataclass
from datetime import datetime

import psycopg2
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from app.db import Database, Transaction
from app.domain.errors import Conflict, Invalid, NotFound
from app.evidence import certificate as evidence
from app.evidence import reasons, revocation
from app.evidence.certificate import Certificate
from app.evidence.reasons import Rejected
from app.evidence.revocation import RevocationList
from app.identity import sessions, tokens
from app.services.context import Context
from app.services.history import note
from app.services.signing import trust
from app.services.signing.refused import SignatureRefused
from app.trust import anchors, crls
from app.trust.anchors import Anchor, AnchorRow

_LOST = frozenset(
    {reasons.REVOKED, reasons.UNTRUSTED_ROOT, reasons.ISSUER_MISSING, reasons.CHAIN_BROKEN}
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A list that was loaded: whose, its number, until when it counts, and who was signed out."""

    issuer: str
    number: int
    next_update: datetime
    sessions_ended: int


def read_certificate(data: bytes) -> Certificate:
    """Read a certificate, PEM or DER; raises Invalid."""
    try:
        if data.lstrip().startswith(b"-----BEGIN"):
            data = x509.load_pem_x509_certificate(data).public_bytes(Encoding.DER)
        return evidence.read(data)
    except ValueError as error:
        raise Invalid("这不是证书文件。", "This is not a certificate.") from error
    except Rejected as error:
        raise SignatureRefused(error.reason, error.detail) from error


def add(owner: Database, kind: str, data: bytes, at: datetime) -> Certificate:
    """Believe an authority from now on; as the owner of the schema, never as the application.

    Raises Invalid for what is no authority, Conflict for one that is known already.
    """
    found = read_certificate(data)
    if not found.authority or found.usage is None or not found.usage.key_cert_sign:
        raise Invalid("这不是签发机构的证书。", "This certificate is not an authority's.")
    if not found.usage.crl_sign:
        raise Invalid(
            "该机构的证书不能发布吊销列表。", "This authority may publish no revocation lists."
        )
    own = found.issuer == found.subject
    if own != (kind == "root") or (own and not evidence.issued_by(found, found)):
        raise Invalid(
            "根证书由自身签发，中级证书由上级签发。",
            "A root is issued by itself, an intermediate by another.",
        )
    with owner.transaction() as tx:
        if not anchors.add(tx, kind, found.loaded.subject.rfc4514_string(), found.der, at):
            raise Conflict("该证书已在受信任列表中。", "This certificate is known already.")
        note(tx, at, None, "trust:anchor:added", f"anchor:{found.fingerprint.hex()}")
    return found


def end(owner: Database, ctx: Context, fingerprint: bytes) -> int:
    """Believe an authority no more; return how many sessions ended. Raises NotFound."""
    at = ctx.clock.now()
    with owner.transaction() as tx:
        if not anchors.end(tx, fingerprint, at):
            raise NotFound("没有这一受信任的证书，或已终止。", "There is no such anchor in force.")
        note(tx, at, None, "trust:anchor:ended", f"anchor:{fingerprint.hex()}")
    with ctx.database.transaction() as tx:
        return end_what_stands_no_more(ctx, tx, at)


def listed(ctx: Context) -> list[AnchorRow]:
    """Return every authority there ever was, with its newest list."""
    with ctx.database.transaction() as tx:
        return anchors.listed(tx)


def load_crl(ctx: Context, data: bytes) -> Loaded:
    """Check a list of revoked certificates and keep it; sessions of those it names end at once.

    Raises Invalid for what is no list, has no number, is out of date, or is not by an authority
    that is believed; Conflict for one that is not newer than the one there is.
    """
    at = ctx.clock.now()
    found = _read(data)
    number = _number(found)
    if found.next_update <= at:
        raise SignatureRefused(reasons.LIST_STALE)
    with ctx.database.transaction() as tx:
        issuer = _issuer(tx, found)
    try:
        with ctx.database.transaction() as tx:
            crls.insert(tx, issuer.id, number, found.this_update, found.next_update, found.der, at)
            data_of = {"number": str(number), "anchor": issuer.fingerprint.hex()}
            note(tx, at, None, "trust:crl:loaded", f"anchor:{issuer.id}", data_of)
    except psycopg2.Error as error:
        if error.pgcode not in {"RG451", "23505"}:
            raise
        raise Conflict(
            f"吊销列表 {number} 不比已有的新。",
            f"List {number} is not newer than the one there is.",
        ) from error
    with ctx.database.transaction() as tx:
        ended = end_what_stands_no_more(ctx, tx, at)
    return Loaded(issuer.name, number, found.next_update, ended)


def end_what_stands_no_more(ctx: Context, tx: Transaction, at: datetime) -> int:
    """End the sessions of certificates that are revoked or lead to no trusted root any more.

    Whoever has no other certificate that stands loses their API tokens too, as by a report of
    loss. Returns how many sessions ended.
    """
    evidence_now = trust.current(ctx, tx).evidence
    rows = tx.all(
        """SELECT c.id, c.person_id, c.der FROM trust.certificate c
           WHERE NOT EXISTS (SELECT FROM trust.certificate_end e WHERE e.certificate_id = c.id)
             AND (EXISTS (SELECT FROM identity.session s
                          WHERE s.person_id = c.person_id AND s.ended_at IS NULL)
                  OR EXISTS (SELECT FROM identity.api_token t
                             WHERE t.person_id = c.person_id AND t.revoked_at IS NULL))"""
    )
    lost: dict[int, int] = {}
    keep: set[int] = set()
    for certificate_id, person_id, der in rows:
        try:
            evidence_now.chain((bytes(der),), at)
        except Rejected as error:
            if error.reason in _LOST:
                lost[certificate_id] = person_id
        else:
            keep.add(person_id)
    if not lost:
        return 0
    tokens.revoke_tokens(tx, sorted({*lost.values()} - keep), at)
    return sessions.end_sessions_with(tx, [*lost], at)


def _read(data: bytes) -> RevocationList:
    try:
        if data.lstrip().startswith(b"-----BEGIN"):
            data = x509.load_pem_x509_crl(data).public_bytes(Encoding.DER)
        return revocation.read(data)
    except ValueError as error:
        raise SignatureRefused(reasons.LIST_MALFORMED) from error
    except Rejected as error:
        raise SignatureRefused(error.reason, error.detail) from error


def _number(found: RevocationList) -> int:
    try:
        return found.loaded.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound as error:
        raise Invalid("吊销列表没有编号。", "The list has no number.") from error


def _issuer(tx: Transaction, found: RevocationList) -> Anchor:
    """Return the authority whose key signed a list."""
    named = [
        anchor
        for anchor in anchors.in_force(tx)
        if evidence.read(anchor.der).subject == found.issuer
    ]
    for anchor in named:
        if found.loaded.is_signature_valid(evidence.read(anchor.der).key):
            return anchor
    raise SignatureRefused(reasons.LIST_SIGNATURE if named else reasons.LIST_FOREIGN)
