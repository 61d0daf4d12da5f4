"""Direct transfers by order: proposer, approver and document number on record (S6-S35, R30).

What an authority decided outside the system enters the ledger as an order; the same numbered
checks run as for an application.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.db import Transaction
from app.domain.checks import findings
from app.domain.clock import local_day
from app.domain.errors import Forbidden, Invalid, Refused
from app.failpoints import reached
from app.ledger.instruments import by_code
from app.ledger.posting import call
from app.services.actor import Actor
from app.services.context import Context
from app.services.facts import Wish, WishLine, facts_of
from app.services.types import type_facts

KEYS = "order:"  # the keys of orders stand apart from those of applications


@dataclass(frozen=True, slots=True)
class OrderLine:
    """Units of one instrument for one account; ``quantity`` in whole tonnes.

    ``to_account`` None means where the type's route leads (the linked or the collective account).
    """

    instrument: str
    quantity: int
    to_account: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A direct transfer of one type out of one account, to one or many.

    ``key`` makes it safe to send twice; ``approver`` is needed where the type has an approver.
    """

    key: str
    type: str
    from_account: int
    lines: Sequence[OrderLine]
    document_number: str
    approver_id: int | None = None
    reason: str = ""


def execute(ctx: Context, actor: Actor, order: Order) -> int:
    """Carry out an order in its own transaction; return the transfer's id.

    Raises Forbidden when proposer or approver are not entitled, Refused with every failing
    numbered check, Conflict when the key was used for other content, and what the ledger refuses.
    """
    with ctx.database.transaction() as tx:
        return execute_within(ctx, tx, actor, order)


def execute_within(ctx: Context, tx: Transaction, actor: Actor, order: Order) -> int:
    """Do the same inside a transaction that is already open."""
    if _known(tx, KEYS + order.key):
        request = _request(ctx, actor, order, _instruments(tx, order))
        return int(call(tx, "direct", request)["transfer_id"])
    _refuse_unentitled(ctx, tx, actor, order)
    wish = Wish(
        type=order.type,
        from_account=order.from_account,
        lines=tuple(WishLine(x.instrument, x.quantity, x.to_account) for x in order.lines),
        acting_holder=actor.holder_id,
        role=actor.role,
    )
    facts = facts_of(tx, wish)
    failing = findings(facts)
    if failing:
        raise Refused(failing)
    reached("order_checked")
    answer = call(tx, "direct", _request(ctx, actor, order, facts.ids))
    reached("order_executed")
    return int(answer["transfer_id"])


def _refuse_unentitled(ctx: Context, tx: Transaction, actor: Actor, order: Order) -> None:
    """Who proposes may initiate; who approves may confirm, in the role that the type names.

    Where both have the same role they are of the same authority: nobody approves for another's.
    """
    kind = type_facts(order.type)
    if not kind.direct:
        raise Invalid(
            f"“{kind.name}”不能以指令方式办理。", f"{kind.name_en} is not carried out by order."
        )
    if not actor.may_initiate or not (kind.approver or actor.may_confirm):
        raise Forbidden("您的权限不能下达指令。", "Your rights do not allow orders.")
    if kind.approver is None or order.approver_id is None:
        return  # the ledger asks for a name where one is needed
    entitled = tx.one(
        """SELECT 1 FROM identity.mandate m
           JOIN identity.person p ON p.id = m.person_id AND p.closed_at IS NULL
           JOIN identity.account a ON a.id = m.account_id
           JOIN identity.holder h ON h.id = a.holder_id
           WHERE m.person_id = %(person)s AND m.rights IN ('confirm', 'both')
             AND h.role = %(role)s AND (h.role <> %(proposer)s OR h.id = %(holder)s)
             AND m.valid_from <= %(today)s AND (m.valid_to IS NULL OR m.valid_to >= %(today)s)
           LIMIT 1""",
        {
            "person": order.approver_id,
            "role": kind.approver,
            "proposer": actor.role,
            "holder": actor.holder_id,
            "today": local_day(ctx.clock.now()),
        },
    )
    if entitled is None:
        raise Forbidden(
            "批准人无权批准这项指令。", "The approver is not entitled to approve this order."
        )


def _instruments(tx: Transaction, order: Order) -> dict[str, int]:
    found = {line.instrument: by_code(tx, line.instrument) for line in order.lines}
    return {code: instrument.id for code, instrument in found.items() if instrument}


def _known(tx: Transaction, key: str) -> bool:
    """Whether the key was used: then the ledger answers, with the first answer or a conflict.

    The checks would judge the order by what it has itself moved.
    """
    return tx.one("SELECT 1 FROM ledger.transfer WHERE key = %(key)s", {"key": key}) is not None


def _request(
    ctx: Context, actor: Actor, order: Order, instruments: Mapping[str, int]
) -> dict[str, Any]:
    return {
        "key": KEYS + order.key,
        "type": order.type,
        "from_account": order.from_account,
        "lines": [
            {
                "instrument_id": instruments.get(line.instrument),
                "quantity": str(line.quantity),
                **({"to_account": line.to_account} if line.to_account else {}),
            }
            for line in order.lines
        ],
        "reason": order.reason,
        "person_id": actor.person_id,
        "account_id": actor.account_id,
        "role": actor.role,
        "at": ctx.clock.now().isoformat(),
        "order": {
            "proposer_person": actor.person_id,
            "approver_person": order.approver_id,
            "document_number": order.document_number,
        },
    }
