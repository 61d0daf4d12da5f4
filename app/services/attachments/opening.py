"""Opening files of a holder: who was opened in bulk hands them in before a change (M3, R20)."""

from app.attachments.store import Attachment, find
from app.db import Transaction
from app.services.actor import Actor
from app.services.attachments.reading import OPENING, OWN
from app.services.context import Context


def opening_complete(tx: Transaction, holder_id: int) -> bool:
    """Whether a holder may ask for a change: it was not opened in bulk, or its files are here."""
    row = tx.one(
        """SELECT NOT h.bulk_opened OR EXISTS (SELECT FROM attachments.attachment a
               WHERE a.holder_id = h.id AND a.purpose = 'opening')
           FROM identity.holder h WHERE h.id = %(holder)s""",
        {"holder": holder_id},
    )
    return row is not None and bool(row[0])


def opening_missing(ctx: Context, actor: Actor) -> bool:
    """Whether the actor's holder still has to hand in its opening files."""
    with ctx.database.transaction() as tx:
        return not opening_complete(tx, actor.holder_id)


def opening_files(ctx: Context, actor: Actor, holder_id: int | None = None) -> list[Attachment]:
    """Return a holder's opening files as far as the actor may read them; its own by default."""
    params = {
        "of": holder_id or actor.holder_id,
        "holder": actor.holder_id,
        "role": actor.role,
    }
    condition = f"a.purpose = 'opening' AND a.holder_id = %(of)s AND ({OWN} OR {OPENING})"
    with ctx.database.transaction() as tx:
        return find(tx, condition, params)
