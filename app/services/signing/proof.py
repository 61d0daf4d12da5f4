"""The second step of signing in: one's own certificate signs a number drawn for it (M4, R23).

The first step has shown member number, password and captcha; what the browser keeps since then
gives no access. Nothing is locked while a signature is verified.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg2

from app.db import Transaction
from app.domain.canonical import canonical
from app.domain.errors import Conflict, Invalid
from app.evidence import documents, reasons
from app.evidence.reasons import Rejected
from app.evidence.verify import Verified
from app.identity import sessions
from app.identity.token_text import new_token, token_hash
from app.services.context import Context
from app.services.entering import Entered, enter
from app.services.history import note
from app.services.signing import challenge, enrolment, software_authority, trust
from app.services.signing.refused import SignatureRefused, meaning_of_refusal
from app.services.signing.trust import Trusted
from app.trust import anchors, certificates, challenges
from app.trust.challenges import ChallengeRow
from usbkey import cms

PURPOSE: challenge.Purpose = "sign_in"
HALFWAY = timedelta(minutes=15)  # from the password to the certificate, with several challenges
MOST = 100_000  # characters of a field; C has limits of its own for what they hold


class NotHalfway(Conflict):
    """Nobody has shown a password for this, or too long ago: begin again."""

    def __init__(self) -> None:
        super().__init__("登录已超时，请重新登录。", "It took too long; sign in again.")


class CodesNeeded(Invalid):
    """The certificate stands and names this person, but is not bound yet: two codes are (M2)."""

    def __init__(self) -> None:
        super().__init__(
            "此证书尚未绑定，请输入参考号和授权码。",
            "This certificate is not bound yet; type the reference number and the code.",
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be signed: the document and the challenge it is about."""

    row: ChallengeRow
    member_no: str
    document: bytes


@dataclass(frozen=True, slots=True)
class Shown:
    """What came back: the signed document, its signature, and codes for a certificate not bound."""

    document: bytes
    cms: bytes
    reference: str = ""
    code: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Shown":
        """Read a form's fields; raises SignatureRefused for what is not base64."""
        return cls(
            _decoded(given.get("signed_document", "")),
            _decoded(given.get("cms", "")),
            given.get("reference", "").strip(),
            given.get("code", "").strip(),
        )


def begin(tx: Transaction, person_id: int, at: datetime) -> str:
    """Draw a challenge for somebody who has shown the password; return what the browser keeps."""
    token = new_token()
    challenge.new(tx, PURPOSE, person_id, token_hash(token), at)
    return token


def asked(ctx: Context, token: str, origin: str) -> Asked:
    """Return what is to be signed now, with a new number when the last one has expired.

    Raises NotHalfway when nobody has shown a password for this token, or too long ago.
    """
    with ctx.database.transaction() as tx:
        return _asked(tx, token, origin, ctx.clock.now())


def _asked(tx: Transaction, token: str, origin: str, at: datetime) -> Asked:
    row = tx.one(
        """SELECT min(c.issued_at), bool_or(c.used_at IS NOT NULL), p.id, p.member_no
           FROM trust.challenge c JOIN identity.person p ON p.id = c.person_id
           WHERE c.session_hash = %(session)s AND c.purpose = 'sign_in' AND p.closed_at IS NULL
           GROUP BY p.id""",
        {"session": token_hash(token)},
    )
    if row is None or row[1] or row[0] + HALFWAY <= at:
        raise NotHalfway
    newest = challenges.newest(tx, PURPOSE, token_hash(token))
    if newest is None or newest.expires_at <= at:
        challenge.new(tx, PURPOSE, row[2], token_hash(token), at)
        newest = challenges.newest(tx, PURPOSE, token_hash(token))
    if newest is None:
        raise NotHalfway
    return Asked(newest, row[3], document(newest, row[3], origin))


def document(row: ChallengeRow, member_no: str, origin: str) -> bytes:
    """Return the canonical bytes that are signed to sign in."""
    told = challenge.told(row)
    return canonical(
        {
            "type": documents.SIGN_IN,
            "origin": origin,
            "action": {"zh": "登录", "en": "Sign in"},
            "member_no": member_no,
            "nonce": told.nonce,
            "issued": told.issued,
            "expires": told.expires,
        }
    )


def prove(ctx: Context, token: str, shown: Shown, ip: str, origin: str) -> Entered:
    """Sign in with what was signed.

    Raises SignatureRefused with the number of the reason (the attempt is kept), CodesNeeded for a
    certificate that is not bound yet, NotHalfway, Forbidden without a mandate in force, Conflict
    when what is trusted changed in this very moment.
    """
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        wanted = _asked(tx, token, origin, at)
        person = wanted.row.person_id
        trusted = trust.current(ctx, tx)
        signed_for = _signed_for(tx, shown.document)
    try:
        _compared(shown.document, signed_for, wanted, origin, at)
        found = _verified(ctx, shown, trusted, at)
        if found.serial_number != wanted.member_no:
            raise Rejected(reasons.WRONG_PERSON, found.serial_number)
    except Rejected as error:
        _keep_failure(ctx, person, ip, at, error)
        raise SignatureRefused(error.reason, error.detail) from error
    try:
        with ctx.database.transaction() as tx:
            outcome = _entered(ctx, tx, wanted, shown, found, trusted, ip, at)
    except psycopg2.Error as error:
        raise meaning_of_refusal(error) or error from error
    if isinstance(outcome, Rejected):
        _keep_failure(ctx, person, ip, at, outcome)
        raise SignatureRefused(outcome.reason, outcome.detail)
    return outcome


def by_software(
    ctx: Context, token: str, ip: str, origin: str, codes: Mapping[str, str] | None = None
) -> Entered:
    """Sign in with the software certificate of a demonstration: the server signs the challenge.

    Raises as ``prove`` does; CodesNeeded when the certificate before was ended.
    """
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        wanted = _asked(tx, token, origin, at)
        signer = software_authority.signer_of(ctx, tx, wanted.row.person_id, wanted.member_no, at)
        software_authority.stand_up(ctx, tx, at)
        software_authority.bind_first(ctx, tx, wanted.row.person_id, wanted.member_no, at)
    given = codes or {}
    shown = Shown(
        wanted.document,
        cms.signed(wanted.document, signer, at),
        given.get("reference", ""),
        given.get("code", ""),
    )
    return prove(ctx, token, shown, ip, origin)


def _signed_for(tx: Transaction, data: bytes) -> ChallengeRow | None:
    """Return the challenge that a document names, whoever's it is."""
    try:
        return challenges.find(tx, bytes.fromhex(documents.read(data).nonce))
    except Rejected:
        return None


def _compared(
    data: bytes, signed_for: ChallengeRow | None, wanted: Asked, origin: str, at: datetime
) -> None:
    """Refuse a document that is not the one asked for, with the reason that helps most."""
    told = documents.read(data)
    if told.type != documents.SIGN_IN:
        raise Rejected(reasons.WRONG_TASK)
    if told.fields["origin"] != origin:
        raise Rejected(reasons.FOREIGN_ORIGIN, told.fields["origin"])
    if told.fields["member_no"] != wanted.member_no:
        raise Rejected(reasons.WRONG_PERSON, told.fields["member_no"])
    if signed_for is None:
        raise Rejected(reasons.UNKNOWN_NONCE)
    if signed_for.used_at is not None:
        raise Rejected(reasons.REPLAYED)
    if signed_for.session_hash != wanted.row.session_hash:
        raise Rejected(reasons.UNKNOWN_NONCE)
    if signed_for.expires_at <= at:
        raise Rejected(reasons.EXPIRED, told.fields["expires"])
    documents.require_same(data, document(signed_for, wanted.member_no, origin))


def _verified(ctx: Context, shown: Shown, trusted: Trusted, at: datetime) -> Verified:
    """Verify; what only an authority of a demonstration vouches for is named as such."""
    try:
        return trusted.evidence.verified(shown.document, shown.cms, at)
    except Rejected as error:
        if error.reason in {reasons.UNTRUSTED_ROOT, reasons.ISSUER_MISSING} and _software(
            ctx, shown, at
        ):
            raise Rejected(reasons.SOFTWARE_CERTIFICATE) from error
        raise


def _software(ctx: Context, shown: Shown, at: datetime) -> bool:
    with ctx.database.transaction() as tx:
        everything = trust.everything(ctx, tx)
    try:
        found = everything.evidence.verified(shown.document, shown.cms, at)
    except Rejected:
        return False
    return bool(everything.software & set(found.chain))


def _entered(
    ctx: Context,
    tx: Transaction,
    wanted: Asked,
    shown: Shown,
    found: Verified,
    trusted: Trusted,
    ip: str,
    at: datetime,
) -> Entered | Rejected:
    """Hold the certificate against the registry's own rows, use the challenge up, open a session.

    Returns what to refuse with where something has to stay written down all the same.
    """
    if anchors.state(tx) != trusted.state:
        raise Conflict(
            "受信任的证书列表刚刚更新，请再试一次。", "What is trusted just changed; try again."
        )
    person = wanted.row.person_id
    bound = certificates.by_fingerprint(tx, found.fingerprint)
    if bound is None:
        certificate_id = _bound_now(tx, person, shown, found, trusted, at)
        if certificate_id is None:
            return Rejected(reasons.CODES_WRONG)
    elif bound.person_id != person:
        return Rejected(reasons.UNKNOWN_CERTIFICATE)
    elif bound.ended_at is not None:
        return Rejected(reasons.CERTIFICATE_ENDED)
    elif bound.software and not ctx.settings.software_signer:
        return Rejected(reasons.SOFTWARE_CERTIFICATE)
    else:
        certificate_id = bound.id
    nonce = documents.read(shown.document).nonce
    challenge.use(tx, PURPOSE, nonce, person, wanted.row.session_hash, at)
    return enter(tx, person, ip, at, certificate_id)


def _bound_now(
    tx: Transaction, person: int, shown: Shown, found: Verified, trusted: Trusted, at: datetime
) -> int | None:
    """Bind a certificate with the two codes (M2); None if they are wrong."""
    if not (shown.reference or shown.code):
        raise CodesNeeded
    software = bool(trusted.software & set(found.chain))
    certificate_id = enrolment.bind(
        tx,
        person,
        found.path.leaf,
        shown.reference,
        shown.code,
        at,
        software=software,
    )
    if certificate_id is not None:
        data = {"certificate": certificate_id, "fingerprint": found.fingerprint.hex()}
        note(tx, at, None, "trust:certificate:bound", f"person:{person}", data)
    return certificate_id


def _keep_failure(ctx: Context, person: int, ip: str, at: datetime, why: Rejected) -> None:
    """Write the failed attempt down: for the header and for the auditor."""
    with ctx.database.transaction() as tx:
        sessions.record_sign_in(tx, person, at, ip, succeeded=False)
        data = {"reason": why.reason.code}
        note(tx, at, None, "identity:sign_in:refused", f"person:{person}", data)


def _decoded(text: str) -> bytes:
    if len(text) > MOST:
        raise SignatureRefused(reasons.TOO_LARGE)
    try:
        return b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureRefused(reasons.CMS_MALFORMED) from error
