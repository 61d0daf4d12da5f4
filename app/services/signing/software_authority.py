"""The authority of a demonstration, and the certificates of its people (never in production).

Everybody's key follows from the installation's secret, so there is nothing to store and nothing to
hand out: the authority is believed, its lists are published and a certificate is bound when they
are first needed.
"""

from datetime import datetime, timedelta

import psycopg2
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from app.db import Transaction
from app.evidence import certificate as evidence
from app.services.context import Context
from app.services.signing.enrolment import facts_of
from app.services.signing.software import authority_of, seed_of, signer_for, signer_with
from app.trust import anchors, certificates, crls
from usbkey.authority import Authority
from usbkey.profile import Revoked
from usbkey.signer import Signer
from usbkey.software import SoftwareKey
from usbkey.subject import Subject

LISTS_LAST = 30  # days
RENEWED = timedelta(days=7)  # before the end


def stand_up(ctx: Context, tx: Transaction, at: datetime) -> Authority:
    """Let the authority be believed, with lists that are not about to run out."""
    authority = authority_of(seed_of(ctx))
    ends = {row.fingerprint: row.next_update for row in anchors.listed(tx) if row.ended_at is None}
    for kind, one in (("root", authority.root), ("intermediate", authority.issuing)):
        der = one.public_bytes(Encoding.DER)
        read = evidence.read(der)
        if read.fingerprint not in ends:
            anchors.add_software(tx, kind, one.subject.rfc4514_string(), der, at)
        until = ends.get(read.fingerprint)
        if until is None or until - at < RENEWED:
            _publish(tx, authority, kind, read.fingerprint, at)
    return authority


def _publish(
    tx: Transaction, authority: Authority, kind: str, fingerprint: bytes, at: datetime
) -> None:
    """Publish the authority's next list; another process may have been quicker."""
    anchor_id = next(one.id for one in anchors.in_force(tx) if one.fingerprint == fingerprint)
    number = (crls.number_of(tx, anchor_id) or 0) + 1
    made = (
        authority.root_crl((), number, at, LISTS_LAST)
        if kind == "root"
        else authority.crl(_revoked(tx), number, at, LISTS_LAST)
    )
    tx.run("SAVEPOINT list")
    try:
        crls.insert(
            tx,
            anchor_id,
            number,
            made.last_update_utc,
            made.next_update_utc or at,
            made.public_bytes(Encoding.DER),
            at,
        )
    except psycopg2.Error as error:
        if error.pgcode not in {"RG451", "23505"}:
            raise
        tx.run("ROLLBACK TO SAVEPOINT list")


def _revoked(tx: Transaction) -> list[Revoked]:
    rows = tx.all(
        """SELECT c.serial, e.at FROM trust.certificate c
           JOIN trust.certificate_end e ON e.certificate_id = c.id WHERE c.software ORDER BY c.id"""
    )
    return [Revoked(int(serial, 16), at) for serial, at in rows]


def signer_of(
    ctx: Context, tx: Transaction, person_id: int, member_no: str, at: datetime
) -> Signer:
    """Return a person's signer, with the certificate that is bound to them already, if any.

    Where all of theirs have ended it is a new one, which is bound with two codes (M2). Raises
    SignatureRefused where the settings allow no software signer.
    """
    derived = signer_for(ctx, member_no)
    known = [one for one in certificates.of_person(tx, person_id) if one.software]
    working = (signer_with(ctx, member_no, one.der) for one in known if one.works(at))
    found = next((signer for signer in working if signer is not None), None)
    if found is not None or not known:
        return found or derived
    seed, key = seed_of(ctx), x509.load_der_x509_certificate(derived.certificate).public_key()
    issued = authority_of(seed).issue(key, Subject(member_no), at)
    return SoftwareKey.of(seed, member_no, issued, authority_of(seed))


def bind_first(ctx: Context, tx: Transaction, person_id: int, member_no: str, at: datetime) -> bool:
    """Bind the software certificate of somebody who never had one; return whether they have one.

    Whose certificate has been ended gets the next one by two codes, as everybody does (M2).
    """
    known = certificates.of_person(tx, person_id)
    if known:
        return any(one.software and one.works(at) for one in known)
    signer = signer_of(ctx, tx, person_id, member_no, at)
    facts = facts_of(evidence.read(signer.certificate), software=True)
    certificates.bind(tx, person_id, facts, None, at)
    return True
