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
from app.services.signing.software import signer_for
from usbkey import cms

if TYPE_CHECKING:
    from app.services.step import Step


def signs_for(ctx: Context, tx: Transaction, person_id: int, session: Session) -> str | None:
    """Return the member number of a person whom the server signs for, None for all others.

    Who signed in with a certificate on a token signs with it; all others may have a software one.
    """
    if not ctx.settings.software_signer:
        return None
    row = tx.one(
        """SELECT p.member_no FROM identity.person p WHERE p.id = %(person)s
             AND EXISTS (SELECT FROM trust.certificate c WHERE c.person_id = p.id AND c.software
                 AND NOT EXISTS (SELECT FROM trust.certificate_end e
                                 WHERE e.certificate_id = c.id))
             AND NOT EXISTS (SELECT FROM identity.session s
                 JOIN trust.certificate c ON c.id = s.certificate_id
                 WHERE s.token_hash = %(session)s AND NOT c.software)""",
        {"person": person_id, "session": session.hash},
    )
    return str(row[0]) if row else None


def signed(ctx: Context, step: "Step", named: Named, session: Session) -> Signed | None:
    """Return the document of a step signed with the person's software key, if they have one."""
    if step.actor is None:
        return None
    person = step.actor.person_id
    member_no = signs_for(ctx, step.tx, person, session)
    if member_no is None:
        return None
    asked = challenge.new(step.tx, "decision", person, session.hash, step.at)
    terms = Terms(origin_of(ctx, session), asked.nonce, asked.issued, asked.expires)
    document = order(step, terms, named)
    return Signed(document, cms.signed(document, signer_for(ctx, member_no), step.at))
