"""``pilot/…``: what a pilot region's own registry gets, and what it makes of it (R52)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.domain.errors import Invalid
from app.domain.label import Label
from app.services.operators.operator import Operator
from app.workflow.operators import OperatorSpec, ParameterSpec

if TYPE_CHECKING:
    from app.services.step import Step


def exported(step: "Step", params: Mapping[str, Any]) -> None:
    """``pilot/exported``: go on only when the export of that number holds this application.

    Raises Invalid otherwise: nobody marks as exported what was not.
    """
    found = step.tx.one(
        """SELECT 1 FROM pilots.export x JOIN pilots.export_item n ON n.export_id = x.id
           WHERE x.number = %(number)s AND n.instance_id = %(instance)s""",
        {"number": str(params["number"]), "instance": step.instance.id},
    )
    if found is None:
        zh = "这个编号的导出不包含本申请，请在“试点上缴数据导出”页面导出。"
        en = "The export of this number does not hold this application; export it on its page."
        raise Invalid(zh, en, fields={"export": Label(zh, en)})


def outcome(step: "Step", _params: Mapping[str, Any]) -> None:
    """``pilot/outcome``: keep what the pilot's registry made of it; the units stay cancelled."""
    form = step.decided.form
    step.effect(
        "pilot_outcome",
        {
            "accepted": step.decided.verdict == "accepted",
            "reference": str(form.get("reference", "")),
            "reason": step.decided.opinion,
        },
    )


OPERATORS: Mapping[str, Operator] = {"pilot/exported": exported, "pilot/outcome": outcome}
SPECS: Mapping[str, OperatorSpec] = {
    "pilot/exported": OperatorSpec({"number": ParameterSpec()}),
    "pilot/outcome": OperatorSpec(),
}
