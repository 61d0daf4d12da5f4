"""``account/…``: hold a change of a holder's data against what is so now, and apply it (M5)."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.domain.account_changes import ChangeFacts, findings
from app.domain.errors import Conflict, Refused
from app.identity.details import details_of
from app.services.account_changes.checking import facts_of_change
from app.services.account_changes.fields import BEFORE, form_of_change, seen_field
from app.services.operators.operator import Operator
from app.workflow.operators import OperatorSpec

if TYPE_CHECKING:
    from app.services.step import Step


def check_change(step: "Step", _params: Mapping[str, Any]) -> None:
    """``account/check_change``: run the checks 4001-4006 on what is handed in (R20).

    The data as they are now become part of the application beside those asked for, so that its
    record can show both for ever. Raises Refused with every failing check.
    """
    facts = _checked(step)
    form = form_of_change(step.instance.definition)
    seen = seen_field(form) if form else None
    content = {k: v for k, v in step.content.items() if seen is None or k != seen.name}
    step.content = {**content, BEFORE: dict(facts.current)}
    step.changes["content"] = json.dumps(step.content, ensure_ascii=False)


def change(step: "Step", _params: Mapping[str, Any]) -> None:
    """``account/change``: run the checks again and put the data into force (R21).

    What the form does not ask for stays as it is. Raises Refused when something has changed
    since the applicant was shown it.
    """
    instance = step.instance
    # Read before the checks: what changes between the two is found by the database, never undone.
    before = details_of(step.tx, instance.applicant_id, instance.applicant_account_id)
    facts = _checked(step)
    kept = {name: text for name, text in before.items() if name not in facts.labels}
    step.effect(
        "account_change",
        {
            "holder_id": instance.applicant_id,
            "applicant_account_id": instance.applicant_account_id,
            "before": before,
            "after": {**kept, **facts.asked},
        },
    )


def _checked(step: "Step") -> ChangeFacts:
    form = form_of_change(step.instance.definition)
    if form is None:
        raise Conflict(
            "本流程没有修改单位信息的表单。", "No form of this process asks for a change of data."
        )
    facts = facts_of_change(step.tx, step.instance, form, step.content, step.at)
    failing = findings(facts)
    if failing:
        raise Refused(failing)
    return facts


OPERATORS: Mapping[str, Operator] = {
    "account/check_change": check_change,
    "account/change": change,
}
SPECS: Mapping[str, OperatorSpec] = {
    "account/check_change": OperatorSpec(),
    "account/change": OperatorSpec(),
}
