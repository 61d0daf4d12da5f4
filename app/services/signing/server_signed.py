"""Decisions of people whose key the server derives itself: demonstration, rehearsal and bench.

Their document is built, signed and checked like everybody's; only the key does not lie on a token.
Never in production: there the software signer is refused by the settings, and its authority is
believed by nobody.
"""

from typing import TYPE_CHECKING

from app.db import Transaction
from app.services.context import Context
from app.services.signing import challenge
from app.services.signing.named import Named
from app.services.signing.order import Terms, order
from app.services.signing.signed import Session, Signed, origin_of
from app.services.signing.software import signer_with
from usbkey import cms
from usbkey.signer import Signer

if TYPE_CHECKING:
    from app.services.step import Step


def signs_for(ctx: Context, tx: Transaction, person_id: int, session: Session) -> Signer | None:
    """Return the signer of a person whom the server signs for, None for all others.

    That is who has a certificate whose key the server derives, unless they signed in with another:
    with a token, be it one in a folder.
    """
    if not ctx.settings.software_signer or session.own_key:
        return None
    rows = tx.all(
        """SELECT p.member_no, c.der FROM identity.person p
           JOIN trust.certificate c ON c.person_id = p.id AND c.software
           LEFT JOIN trust.certificate_end e ON e.certificate_id = c.id
           LEFT JOIN identity.session s
               ON s.token_hash = %(session)s AND s.certificate_id IS NOT NULL
           WHERE p.id = %(person)s AND e.certificate_id IS NULL
             AND (s.certificate_id IS NULL OR s.certificate_id = c.id)
           ORDER BY c.id DESC""",
        {"person": person_id, "session": session.hash},
    )
    signers = (signer_with(ctx, member_no, bytes(der)) for member_no, der in rows)
    return next((signer for signer in signers if signer is not None), None)


def holds_own_key(ctx: Context, tx: Transaction, person_id: int) -> bool:
    """Whether a person has a certificate in use whose key lies on a token of their own.

    An API token names no session that would say with which one they came. The USBKey in a folder
    of the demonstration does not count: its people's scripts go on.
    """
    if not ctx.settings.software_signer:
        return True
    row = tx.one(
        """SELECT 1 FROM trust.certificate c
           LEFT JOIN trust.certificate_end e ON e.certificate_id = c.id
           WHERE c.person_id = %(person)s AND NOT c.software AND e.certificate_id IS NULL
           LIMIT 1""",
        {"person": person_id},
    )
    return row is not None


def signed(ctx: Context, step: "Step", named: Named, session: Session) -> Signed | None:
    """Return the document of a step signed with the person's software key, if they have one."""
    if step.actor is None:
        return None
    person = step.actor.person_id
    signer = signs_for(ctx, step.tx, person, session)
    if signer is None:
        return None
    asked = challenge.new(step.tx, "decision", person, session.hash, step.at)
    terms = Terms(origin_of(ctx, session), asked.nonce, asked.issued, asked.expires)
    document = order(step, terms, named).data
    return Signed(document, cms.signed(document, signer, step.at))
