"""The two codes of M2: reference number and authorization code, with which one binds a certificate.

They are shown once, to whoever delivers them by two different ways; the database keeps hashes.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from cryptography.x509.oid import NameOID

from app.db import Transaction
from app.evidence.certificate import Certificate
from app.trust import certificates, enrolments

NAMES = {NameOID.SERIAL_NUMBER: "serialNumber"}  # which RFC 4514 itself would leave a number
LIFETIME = timedelta(days=14)
MOST_FAILURES = 5
# Read aloud and typed: no letter that looks or sounds like a digit.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
REFERENCE, CODE = (4, 4), (4, 4, 4, 4)  # groups of characters: 39 and 78 bits


def issue(
    tx: Transaction, person_id: int, decision_id: int | None, at: datetime
) -> tuple[str, str]:
    """Return new codes (reference number, authorization code); earlier ones stop working.

    ``decision_id`` is the decision of two officers that gives them out; None is the installation
    itself. They work once, for 14 days, and not after five wrong codes.
    """
    reference, code = _random(REFERENCE), _random(CODE)
    enrolments.insert(
        tx,
        _hash(reference),
        _hash(reference, code),
        person_id,
        decision_id,
        at,
        at + LIFETIME,
    )
    return reference, code


def redeem(
    tx: Transaction, person_id: int, reference: str, code: str, at: datetime
) -> tuple[bool, int | None]:
    """Use codes up; return whether they were right, and the decision that gave them out.

    Wrong ones are counted in the caller's transaction, which therefore commits either way.
    """
    found = enrolments.find(tx, _hash(reference))
    if found is None or found.person_id != person_id or found.used_at is not None:
        return False, None
    if found.failures >= MOST_FAILURES or found.expires_at <= at:
        return False, None
    if not secrets.compare_digest(found.code_hash, _hash(reference, code)):
        enrolments.fail(tx, found.reference_hash)
        return False, None
    enrolments.use(tx, found.reference_hash, at)
    return True, found.decision_id


def facts_of(certificate: Certificate, *, software: bool) -> certificates.Facts:
    """Return what is written down of a certificate when it is bound."""
    return certificates.Facts(
        serial=format(certificate.serial, "x"),
        subject=certificate.loaded.subject.rfc4514_string(NAMES),
        issuer=certificate.loaded.issuer.rfc4514_string(),
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        der=certificate.der,
        software=software,
    )


def bind(
    tx: Transaction,
    person_id: int,
    certificate: Certificate,
    reference: str,
    code: str,
    at: datetime,
    *,
    software: bool = False,
) -> int | None:
    """Bind a certificate whose possession was proved, with the two codes; None if they are wrong.

    The chain, its revocation and the member number in the subject have been checked.
    """
    right, decision_id = redeem(tx, person_id, reference, code, at)
    if not right:
        return None
    return certificates.bind(
        tx, person_id, facts_of(certificate, software=software), decision_id, at
    )


def _random(groups: tuple[int, ...]) -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(n)) for n in groups)


def _hash(*typed: str) -> bytes:
    """Return the hash of codes however they were typed: any case, with or without hyphens."""
    plain = ("".join(c for c in text.upper() if c.isalnum())[:64] for text in typed)
    return hashlib.sha256("/".join(plain).encode("utf-8", "surrogatepass")).digest()
