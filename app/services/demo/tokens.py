"""A USBKey in a folder for the people of the demo, to try the real agent with (M4, R23).

Its keys are not those that the server signs with: who signs in with it decides with it. Both are
derived from the installation's secret, and production believes neither.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from app.db import Transaction
from app.evidence import certificate as evidence
from app.evidence.certificate import Certificate
from app.services.context import Context
from app.services.signing.enrolment import facts_of
from app.services.signing.software import authority_of, seed_of
from app.trust import certificates
from usbkey.software import SoftwareKey
from usbkey.software_token import SoftwareToken

PIN = "demo-4071"  # shown to everybody; production refuses the demo


def hand_out(ctx: Context, folder: Path, members: Sequence[str]) -> None:
    """Put a key of each member into the folder, unless there is one, and bind its certificate."""
    token = SoftwareToken(folder)
    held = _held(ctx, token) if folder.is_dir() else {}
    for member_no in members:
        if member_no not in held:
            key = _key(ctx, member_no)
            leaf = x509.load_der_x509_certificate(key.certificate)
            token.add(key.key, leaf, [authority_of(seed_of(ctx)).issuing], PIN)
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        for member_no, certificate in _held(ctx, token).items():
            _bind(tx, certificate, member_no, at)


def _held(ctx: Context, token: SoftwareToken) -> dict[str, Certificate]:
    """Return what lies in the folder by member number; not what another installation left there."""
    issuing = evidence.read(authority_of(seed_of(ctx)).issuing.public_bytes(Encoding.DER))
    read = (evidence.read(held.certificate) for held in token.certificates())
    return {one.serial_number: one for one in read if evidence.issued_by(one, issuing)}


def _key(ctx: Context, member_no: str) -> SoftwareKey:
    seed = sha256(b"token in a folder\x00" + seed_of(ctx)).digest()
    authority = authority_of(seed_of(ctx))
    return SoftwareKey.derive(seed, member_no, authority, ctx.clock.now())


def _bind(tx: Transaction, certificate: Certificate, member_no: str, at: datetime) -> None:
    """Bind it once, to a member who is there still; one that was ended stays so."""
    if certificates.by_fingerprint(tx, certificate.fingerprint) is not None:
        return
    row = tx.one(
        "SELECT id FROM identity.person WHERE member_no = %(member)s AND closed_at IS NULL",
        {"member": member_no},
    )
    if row is not None:
        certificates.bind(tx, row[0], facts_of(certificate, software=True), None, at)
