"""``external/…``: reductions of another registry: check a claim, mark it, book its end (G17)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.domain.errors import Conflict
from app.services.external.claims import checked_claim
from app.services.operators.operator import Operator
from app.workflow.operators import OperatorSpec, ParameterSpec

if TYPE_CHECKING:
    from app.services.step import Step

MARK = ParameterSpec(choices=frozenset({"external_mark"}))


def check(step: "Step", params: Mapping[str, Any]) -> None:
    """``external/check``: run the type's numbered checks on a claim; nothing is held here."""
    checked_claim(step, str(params["type"]))


def mark(step: "Step", params: Mapping[str, Any]) -> None:
    """``external/mark``: run the checks again, and mark the claim in the applicant's account."""
    step.effect("external_mark", checked_claim(step, str(params["type"])))


def cancelled(step: "Step", _params: Mapping[str, Any]) -> None:
    """``external/cancelled``: record the other registry's cancellation, before ``ledger/post``.

    The form's ``reference`` is its number there. Raises Conflict when nothing is held.
    """
    transfer = step.instance.reserved_transfer_id
    if transfer is None:
        raise Conflict("没有待入账的预留。", "There is no reservation to post.")
    reference = str(step.decided.form.get("reference", ""))
    step.effect("external_cancelled", {"transfer_id": transfer, "reference": reference})


OPERATORS: Mapping[str, Operator] = {
    "external/check": check,
    "external/mark": mark,
    "external/cancelled": cancelled,
}
SPECS: Mapping[str, OperatorSpec] = {
    "external/check": OperatorSpec({"type": MARK}),
    "external/mark": OperatorSpec({"type": MARK}),
    "external/cancelled": OperatorSpec(),
}
