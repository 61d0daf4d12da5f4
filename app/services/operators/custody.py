"""``custody/…``: check the holders that a link application names, and link them (M19)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.services.custody.naming import linkable
from app.services.operators.operator import Operator
from app.workflow.operators import OperatorSpec

if TYPE_CHECKING:
    from app.services.step import Step


def check_link(step: "Step", _params: Mapping[str, Any]) -> None:
    """``custody/check_link``: everyone the application names is an emitter, and another one."""
    linkable(step.tx, step.instance.applicant_id, step.content.get("holders", ()), "holders")


def link(step: "Step", _params: Mapping[str, Any]) -> None:
    """``custody/link``: link the applicant with the holders that the review names (R15).

    Management decides which: those of its form's field ``linked``. They are linked together, in
    one step.
    """
    chosen = step.decided.form.get("linked", ())
    found = linkable(step.tx, step.instance.applicant_id, chosen, "linked")
    step.effect(
        "link",
        {
            "depositor_id": step.instance.applicant_id,
            "recipients": [holder.id for holder in found],
        },
    )


OPERATORS: Mapping[str, Operator] = {"custody/check_link": check_link, "custody/link": link}
SPECS: Mapping[str, OperatorSpec] = {
    "custody/check_link": OperatorSpec(),
    "custody/link": OperatorSpec(),
}
