"""What an application asks of the ledger, checked: the request to reserve, the request to post."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.db import Transaction
from app.domain.checks import findings
from app.domain.checks.facts import Facts
from app.domain.errors import Conflict, Refused
from app.services.custody.lots import custody_account, return_lines
from app.services.facts import Wish, WishLine, facts_of
from app.services.instance import Instance
from app.services.pilots.facts import pilot_wish
from app.services.share import Share

if TYPE_CHECKING:
    from app.services.step import Step


def wish_of(
    tx: Transaction,
    instance: Instance,
    content: Mapping[str, Any],
    transaction_type: str,
    held: int | None = None,
    *,
    custody_strictly_less: bool = False,
) -> Wish:
    """Return what an application's content asks for, out of the applicant's account.

    Lines that name custody lots ask for units out of the registry's custody account. Raises
    Invalid for lots and recipients that are not the applicant's to name.
    """
    source, lines = _wished(tx, instance.applicant_account_id, content.get("lines", ()))
    return Wish(
        type=transaction_type,
        from_account=source,
        lines=lines,
        acting_holder=instance.applicant_id,
        role=instance.applicant_role,
        notice_id=instance.subject_id if instance.subject_kind == "notice" else None,
        held=held,
        custody_strictly_less=custody_strictly_less,
        pilot=pilot_wish(instance.subject_kind, instance.subject_id, content),
    )


def _wished(
    tx: Transaction, account: int, lines: Sequence[Mapping[str, Any]]
) -> tuple[int, tuple[WishLine, ...]]:
    if any("lot" in line for line in lines):
        found = return_lines(tx, account, lines)
        return custody_account(tx), tuple(
            WishLine(x.instrument, x.quantity, x.to_account, x.lot) for x in found
        )
    return account, tuple(
        WishLine(line["instrument"], int(line["quantity"]), line.get("to_account"))
        for line in lines
    )


def checked_reserve(step: "Step", transaction_type: str) -> dict[str, Any]:
    """Return the request of ledger.reserve; raises Refused with every failing check.

    Raises Conflict when the application holds units already: an instance knows one reservation,
    and an earlier one would stay held for ever.
    """
    if _holds(step):
        raise Conflict(
            "这项申请已有预留，须先释放或入账。",
            "This application holds units already; they are to be released or posted first.",
        )
    wish = wish_of(
        step.tx,
        step.instance,
        step.content,
        transaction_type,
        custody_strictly_less=step.custody_strictly_less,
    )
    facts = facts_of(step.tx, wish)
    _refuse(facts)
    step.changes["quantity"] = facts.total
    step.changes["ccer_quantity"] = facts.ccer
    step.shares = _shares(facts)
    step.external = facts.external
    if facts.notice is not None:
        step.changes["late"] = step.at > facts.notice.deadline
    return {
        "key": f"{step.instance.id}:{step.instance.version + 1}:{transaction_type}",
        "type": transaction_type,
        "from_account": wish.from_account,
        "lines": [
            {
                "instrument_id": facts.ids[line.instrument],
                "quantity": str(line.quantity),
                **({"to_account": line.to.id} if line.to else {}),
                **({"custody_lot_id": line.lot} if line.lot is not None else {}),
            }
            for line in facts.lines
        ],
        "ceilings": _draws(facts),
    }


def _shares(facts: Facts) -> dict[int, Share]:
    """Return what each recipient of a return is to get: it is asked about that, and no more."""
    shares: dict[int, Share] = {}
    for line in facts.lines:
        if line.lot is not None and line.to is not None:
            before = shares.get(line.to.holder_id, Share(0, 0))
            ccer = line.unit is not None and line.unit.unit_type == "ccer"
            shares[line.to.holder_id] = Share(
                before.quantity + line.quantity, before.ccer + (line.quantity if ccer else 0)
            )
    return shares


def _holds(step: "Step") -> bool:
    """Whether units are held for the application when the step has come this far."""
    if any(effect["op"] == "reserve" for effect in step.effects):
        return True
    return step.instance.reserved_transfer_id is not None and not step.changes.get("resolved")


def checked_post(step: "Step") -> dict[str, Any]:
    """Return the request of ledger.post after the type's checks have run again."""
    transfer = step.instance.reserved_transfer_id
    if transfer is None:
        raise Conflict("没有可入账的预留。", "There is no reservation to post.")
    kind = step.instance.reserved_type
    if kind is not None:
        wish = wish_of(
            step.tx,
            step.instance,
            step.content,
            kind,
            held=transfer,
            custody_strictly_less=step.custody_strictly_less,
        )
        _refuse(facts_of(step.tx, wish))
    return {"transfer_id": transfer}


def _draws(facts: Facts) -> list[dict[str, Any]]:
    """R5, R10: a surrender draws on the notice's obligation, and its CCER on the CCER limit."""
    if facts.notice is None:
        return []
    draws = [{"id": facts.ids["notice:obligation"], "quantity": str(facts.total)}]
    if facts.ccer:
        draws.append({"id": facts.ids["notice:ccer"], "quantity": str(facts.ccer)})
    return draws


def _refuse(facts: Facts) -> None:
    failing = findings(facts)
    if failing:
        raise Refused(failing)
