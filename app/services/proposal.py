"""What an application asks of the ledger, checked: the request to reserve, the request to post."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.domain.checks import findings
from app.domain.checks.facts import Facts
from app.domain.errors import Conflict, Refused
from app.services.facts import Wish, WishLine, facts_of
from app.services.instance import Instance

if TYPE_CHECKING:
    from app.services.step import Step


def wish_of(
    instance: Instance, content: Mapping[str, Any], transaction_type: str, held: int | None = None
) -> Wish:
    """Return what an application's content asks for, out of the applicant's account."""
    return Wish(
        type=transaction_type,
        from_account=instance.applicant_account_id,
        lines=tuple(
            WishLine(line["instrument"], int(line["quantity"]), line.get("to_account"))
            for line in content.get("lines", ())
        ),
        acting_holder=instance.applicant_id,
        role=instance.applicant_role,
        notice_id=instance.subject_id if instance.subject_kind == "notice" else None,
        held=held,
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
    facts = facts_of(step.tx, wish_of(step.instance, step.content, transaction_type))
    _refuse(facts)
    step.changes["quantity"] = facts.total
    step.changes["ccer_quantity"] = facts.ccer
    if facts.notice is not None:
        step.changes["late"] = step.at > facts.notice.deadline
    return {
        "key": f"{step.instance.id}:{step.instance.version + 1}:{transaction_type}",
        "type": transaction_type,
        "from_account": step.instance.applicant_account_id,
        "lines": [
            {
                "instrument_id": facts.ids[line.instrument],
                "quantity": str(line.quantity),
                **({"to_account": line.to.id} if line.to else {}),
            }
            for line in facts.lines
        ],
        "ceilings": _draws(facts),
    }


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
        _refuse(facts_of(step.tx, wish_of(step.instance, step.content, kind, held=transfer)))
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
