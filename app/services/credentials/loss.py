"""A person reports their own key as lost: it ends at once, without officers (R23, G29).

It only takes away: whoever reports gains nothing by it, and nobody else is touched. A new
certificate needs codes, and codes need two officers.
"""

import json

from app.db import Transaction
from app.domain.errors import NotFound
from app.identity.actor import Actor
from app.services.context import Context
from app.services.credentials.telling import tell_ended, tell_officers
from app.services.history import note


def report_lost(ctx: Context, actor: Actor, certificate_id: int) -> None:
    """End one of one's own certificates, with all sessions and API tokens; tell the registry.

    Raises NotFound for one that is somebody else's, or has ended.
    """
    at = ctx.clock.now()
    request = {
        "certificate_id": certificate_id,
        "person_id": actor.person_id,
        "at": at.isoformat(),
    }
    with ctx.database.transaction() as tx:
        row = tx.one("SELECT trust.report_lost(%(r)s::jsonb)", {"r": json.dumps(request)})
        if not row or not row[0]["ended"]:
            raise NotFound
        note(tx, at, actor, "trust:certificate:reported_lost", f"certificate:{certificate_id}")
        tell_ended(ctx, tx, certificate_id, "lost", at)
        tell_officers(ctx, tx, _member_no(tx, actor.person_id), at)
    ctx.bell.ring()


def own(ctx: Context, actor: Actor, certificate_id: int) -> str:
    """Return the fingerprint of one of one's own certificates; raises NotFound if it has ended."""
    with ctx.database.transaction() as tx:
        row = tx.one(
            """SELECT encode(c.fingerprint, 'hex') FROM trust.certificate c
               WHERE c.id = %(id)s AND c.person_id = %(person)s AND NOT EXISTS (
                   SELECT FROM trust.certificate_end e WHERE e.certificate_id = c.id)""",
            {"id": certificate_id, "person": actor.person_id},
        )
    if row is None:
        raise NotFound
    return str(row[0])


def _member_no(tx: Transaction, person_id: int) -> str:
    row = tx.one("SELECT member_no FROM identity.person WHERE id = %(id)s", {"id": person_id})
    return str(row[0]) if row else ""
