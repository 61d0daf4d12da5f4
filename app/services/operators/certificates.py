"""``certificate/issue``: certify the units that this step posts (M24, S25, W11)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.domain.errors import Conflict
from app.services.operators.operator import Operator
from app.workflow.operators import OperatorSpec

if TYPE_CHECKING:
    from app.services.step import Step


def issue(step: "Step", _params: Mapping[str, Any]) -> None:
    """``certificate/issue``: after the post, in the same step; beneficiary and purpose are free.

    Raises Conflict when nothing is posted before it.
    """
    posted = [effect["request"] for effect in step.effects if effect["op"] == "post"]
    if not posted:
        raise Conflict("注销入账后方可签发证书。", "A certificate follows a posted cancellation.")
    step.effect(
        "certificate",
        {
            "transfer_id": posted[-1]["transfer_id"],
            "beneficiary": str(step.content.get("beneficiary", "")).strip(),
            "purpose": str(step.content.get("purpose", "")).strip(),
        },
    )


OPERATORS: Mapping[str, Operator] = {"certificate/issue": issue}
SPECS: Mapping[str, OperatorSpec] = {"certificate/issue": OperatorSpec()}
