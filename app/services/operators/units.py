"""``ledger/…``: hold, move and release the units that an application names."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.domain.errors import Conflict
from app.services.operators.operator import Operator
from app.services.proposal import checked_post, checked_reserve
from app.workflow.operators import OperatorSpec, ParameterSpec

if TYPE_CHECKING:
    from app.services.step import Step


def reserve(step: "Step", params: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """``ledger/reserve``: run the type's numbered checks on the application, hold the units.

    What several holders receive is reviewed by each of them: ``recipients`` is their list for the
    diagram (R16). ``external_named`` is true where reductions of another registry are among them
    (G17), and nothing otherwise. A diagram keeps what it declares.
    """
    step.effect("reserve", checked_reserve(step, str(params["type"])))
    found: dict[str, Any] = {"external_named": True if step.external else None}
    return {**found, "recipients": sorted(step.shares)} if step.shares else found


def post(step: "Step", _params: Mapping[str, Any]) -> None:
    """``ledger/post``: run the checks again and move the units that are held (R5, M35)."""
    step.effect("post", checked_post(step))


def void(step: "Step", _params: Mapping[str, Any]) -> None:
    """``ledger/void``: release the units that are held."""
    transfer = step.instance.reserved_transfer_id
    if transfer is None:
        raise Conflict("没有可释放的预留。", "There is no reservation to release.")
    step.effect("void", {"transfer_id": transfer})


OPERATORS: Mapping[str, Operator] = {
    "ledger/reserve": reserve,
    "ledger/post": post,
    "ledger/void": void,
}


def specs(two_phase_types: frozenset[str]) -> dict[str, OperatorSpec]:
    """Return what a diagram may pass; it may only name transaction types given."""
    return {
        "ledger/reserve": OperatorSpec({"type": ParameterSpec(choices=two_phase_types)}),
        "ledger/post": OperatorSpec(),
        "ledger/void": OperatorSpec(),
    }
