"""End a link of custody by order: two officers of the registry and a document (M19, R15)."""

from app.db import Transaction
from app.domain.clock import local_day
from app.domain.errors import Forbidden
from app.identity.actor import Actor
from app.ledger.posting import call
from app.services.context import Context
from app.services.history import note


def end_link(
    ctx: Context, actor: Actor, link_id: int, document_number: str, approver_id: int
) -> None:
    """End a link; returns to that holder that are not posted yet are refused from now on.

    Raises Forbidden unless the actor may initiate for the registry and another of its people, who
    may confirm, approves; NotFound for a link that does not stand.
    """
    with ctx.database.transaction() as tx:
        if actor.role != "registry_operator" or not actor.may_initiate:
            raise Forbidden(
                "只有登记机构可以解除关联。", "Only the registry ends a link of custody."
            )
        _refuse_unentitled(ctx, tx, actor, approver_id)
        request = {
            "link_id": link_id,
            "document_number": document_number.strip(),
            "person_id": actor.person_id,
            "approver_id": approver_id,
            "role": actor.role,
            "at": ctx.clock.now().isoformat(),
        }
        call(tx, "end_custody_link", request)
        data = {"link": str(link_id), "document": document_number, "approver": str(approver_id)}
        note(tx, ctx.clock.now(), actor, "custody:link:ended", f"custody link {link_id}", data)


def _refuse_unentitled(ctx: Context, tx: Transaction, actor: Actor, approver_id: int) -> None:
    entitled = tx.one(
        """SELECT 1 FROM identity.mandate m
           JOIN identity.person p ON p.id = m.person_id AND p.closed_at IS NULL
           JOIN identity.account a ON a.id = m.account_id
           WHERE m.person_id = %(person)s AND m.rights IN ('confirm', 'both')
             AND a.holder_id = %(holder)s AND m.valid_from <= %(today)s
             AND (m.valid_to IS NULL OR m.valid_to >= %(today)s) LIMIT 1""",
        {
            "person": approver_id,
            "holder": actor.holder_id,
            "today": local_day(ctx.clock.now()),
        },
    )
    if entitled is None:
        raise Forbidden("批准人无权批准这项操作。", "The approver is not entitled to approve this.")
