"""Revocation by lists that authorities publish: without one nothing stands (RFC 5280).

A revocation after the time in question does not undo a signature; one before it, or at it, does.
For a key that was compromised the date from which it may have been counts, if it is earlier.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import CRLEntryExtensionOID, ExtensionOID

from app.evidence import algorithms, der, reasons
from app.evidence.certificate import UNREADABLE, Certificate
from app.evidence.reasons import Reason, Rejected, Text

_ENTRY_KNOWN = {CRLEntryExtensionOID.CRL_REASON, CRLEntryExtensionOID.INVALIDITY_DATE}
_COMPROMISED = {x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise}
_WHY = {
    x509.ReasonFlags.unspecified: Text("未说明原因", "no reason given"),
    x509.ReasonFlags.key_compromise: Text("密钥泄露", "key compromised"),
    x509.ReasonFlags.ca_compromise: Text("签发机构密钥泄露", "issuer's key compromised"),
    x509.ReasonFlags.affiliation_changed: Text("所属单位变更", "affiliation changed"),
    x509.ReasonFlags.superseded: Text("已被新证书取代", "superseded"),
    x509.ReasonFlags.cessation_of_operation: Text("停止使用", "no longer used"),
    x509.ReasonFlags.certificate_hold: Text("暂停使用", "on hold"),
    x509.ReasonFlags.privilege_withdrawn: Text("权限被撤销", "privilege withdrawn"),
    x509.ReasonFlags.aa_compromise: Text("属性机构密钥泄露", "attribute authority compromised"),
}


@dataclass(frozen=True, slots=True, eq=False)
class RevocationList:
    """One list, read: whose it is and the time it speaks for."""

    der: bytes
    issuer: bytes
    issuer_key_id: bytes | None
    this_update: datetime
    next_update: datetime
    loaded: x509.CertificateRevocationList

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RevocationList) and self.der == other.der

    def __hash__(self) -> int:
        return hash(self.der)


@dataclass(frozen=True, slots=True)
class Cleared:
    """A certificate was not revoked: by which list, and until when that may be believed."""

    index: int
    until: datetime


@lru_cache(maxsize=32)
def read(data: bytes) -> RevocationList:
    """Read a list; raises Rejected for what is none, is partial, or has no next update."""
    issuer = _issuer(data)
    try:
        loaded = x509.load_der_x509_crl(data)
        next_update = loaded.next_update_utc
        if next_update is None or not _complete(loaded):
            raise Rejected(reasons.LIST_MALFORMED)
        return RevocationList(
            data, issuer, _key_id(loaded), loaded.last_update_utc, next_update, loaded
        )
    except UNREADABLE as error:
        raise Rejected(reasons.LIST_MALFORMED, str(error)[:200]) from error


def _issuer(data: bytes) -> bytes:
    """Return the issuer's bytes; the algorithm must be named alike inside and outside."""
    outer = der.Reader(data, reason=reasons.LIST_MALFORMED)
    whole = outer.open(der.SEQUENCE)
    outer.close()
    tbs = whole.open(der.SEQUENCE)
    named = whole.whole(der.SEQUENCE)
    signature = whole.content(der.BIT_STRING)
    whole.close()
    if tbs.whole(der.INTEGER) != b"\x02\x01\x01" or signature[:1] != b"\0":
        raise Rejected(reasons.LIST_MALFORMED)
    if tbs.whole(der.SEQUENCE) != named:
        raise Rejected(reasons.LIST_MALFORMED, "signatureAlgorithm")
    if named not in algorithms.ISSUING:
        raise Rejected(reasons.WEAK_ALGORITHM, "CRL")
    return tbs.whole(der.SEQUENCE)


def _complete(loaded: x509.CertificateRevocationList) -> bool:
    """Whether it speaks for all its issuer's certificates: no critical extension narrows it."""
    return not any(each.critical for each in loaded.extensions)


def _key_id(loaded: x509.CertificateRevocationList) -> bytes | None:
    try:
        found = loaded.extensions.get_extension_for_oid(ExtensionOID.AUTHORITY_KEY_IDENTIFIER)
    except x509.ExtensionNotFound:
        return None
    value = found.value
    return value.key_identifier if isinstance(value, x509.AuthorityKeyIdentifier) else None


def cleared(
    certificate: Certificate, issuer: Certificate, crls: Sequence[bytes], at: datetime
) -> Cleared:
    """Return the list that clears a certificate at a time; raises Rejected when none does.

    The newest list counts that is by the issuer and not out of date at that time. One published
    after the time says more, not less, unless the certificate had expired before: its entry may
    have been dropped by then.
    """
    why = reasons.NO_REVOCATION_LIST
    best: tuple[int, RevocationList] | None = None
    for index, data in enumerate(crls):
        found = read(data)
        if found.issuer != issuer.subject:
            continue
        refused = _refused(found, certificate, issuer, at)
        if refused is not None:
            why = refused
        elif best is None or found.this_update > best[1].this_update:
            best = index, found
    if best is None:
        raise Rejected(why, certificate.name)
    index, found = best
    return Cleared(index, _until(found, certificate, at))


def _refused(
    found: RevocationList, certificate: Certificate, issuer: Certificate, at: datetime
) -> Reason | None:
    """Why a list with the issuer's name does not count."""
    if None not in (found.issuer_key_id, issuer.key_id) and found.issuer_key_id != issuer.key_id:
        return reasons.LIST_FOREIGN
    if found.next_update <= at:
        return reasons.LIST_STALE
    if found.this_update > at and found.this_update > certificate.not_after:
        return reasons.NO_REVOCATION_LIST
    if issuer.usage is None or not issuer.usage.crl_sign:
        return reasons.LIST_FOREIGN
    return None if _signed(found, issuer) else reasons.LIST_SIGNATURE


@lru_cache(maxsize=64)
def _signed(found: RevocationList, issuer: Certificate) -> bool:
    return bool(found.loaded.is_signature_valid(issuer.key))


def _until(found: RevocationList, certificate: Certificate, at: datetime) -> datetime:
    """Return until when the list clears it; raises Rejected if it was revoked by that time."""
    entry = found.loaded.get_revoked_certificate_by_serial_number(certificate.serial)
    if entry is None:
        return found.next_update
    try:
        since, why = _since(entry)
    except UNREADABLE as error:
        raise Rejected(reasons.LIST_MALFORMED, str(error)[:200]) from error
    if since > at:
        return min(since, found.next_update)
    when = since.strftime("%Y-%m-%dT%H:%M:%SZ")
    text = _WHY.get(why, _WHY[x509.ReasonFlags.unspecified])
    raise Rejected(
        reasons.REVOKED,
        Text(
            f"{certificate.name}，自 {when} 起，{text.zh}",
            f"{certificate.name}, since {when}, {text.en}",
        ),
    )


def _since(entry: x509.RevokedCertificate) -> tuple[datetime, x509.ReasonFlags]:
    """Return from when a certificate is revoked, and why; unknown extensions count as the worst."""
    why = x509.ReasonFlags.unspecified
    invalid: datetime | None = None
    for each in entry.extensions:
        if isinstance(each.value, x509.CRLReason):
            why = each.value.reason
        elif isinstance(each.value, x509.InvalidityDate):
            invalid = each.value.invalidity_date_utc
        elif each.critical and each.oid not in _ENTRY_KNOWN:
            raise Rejected(reasons.LIST_MALFORMED, each.oid.dotted_string)
    since = entry.revocation_date_utc
    if invalid is not None and why in _COMPROMISED:
        since = min(since, invalid)
    return since, why
