"""``credentials/…``: what two officers of the registry do to a person's certificate (M2, R23)."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from app.domain.credential_changes import CODES, LEFT, CredentialFacts, findings
from app.domain.errors import Refused
from app.services.credentials.facts import facts_of_credential
from app.services.credentials.telling import send_codes, tell_ended
from app.services.operators.operator import Operator
from app.workflow.operators import OperatorSpec

if TYPE_CHECKING:
    from app.services.context import Context
    from app.services.step import Step


def check(step: "Step", _params: Mapping[str, Any]) -> None:
    """``credentials/check``: run the checks 4101-4108 on what is handed in.

    Raises Refused with every failing check.
    """
    _checked(step)


def apply(step: "Step", _params: Mapping[str, Any]) -> None:
    """``credentials/apply``: run the checks again and put the change into force.

    Raises Refused with every failing check, because something may have changed meanwhile.
    """
    facts = _checked(step)
    request: dict[str, Any] = {"action": facts.action}
    if facts.member:
        request["member_id"] = facts.member.person_id
    if facts.certificate:
        request["certificate_id"] = facts.certificate.certificate_id
    if facts.action == LEFT:
        request["holder_id"] = facts.holder_id
    step.effect("credential_change", request)
    step.afterwards.append(partial(_tell, step, facts))


def _tell(step: "Step", facts: CredentialFacts, ctx: "Context", decision_id: int) -> None:
    """Plan what its person is told, in the transaction that has just written the decision.

    Codes are drawn here and not before: nothing of them stands in the decision, in its document
    or in the history.
    """
    if facts.action == CODES and facts.member:
        send_codes(ctx, step.tx, facts.member.person_id, decision_id, step.at)
    elif facts.certificate:
        certificate = facts.certificate.certificate_id
        tell_ended(ctx, step.tx, certificate, facts.action, step.at)


def _checked(step: "Step") -> CredentialFacts:
    by = step.actor.person_id if step.actor else None
    facts = facts_of_credential(step.tx, step.instance.id, step.content, by, step.at)
    failing = findings(facts)
    if failing:
        raise Refused(failing)
    return facts


OPERATORS: Mapping[str, Operator] = {"credentials/check": check, "credentials/apply": apply}
SPECS: Mapping[str, OperatorSpec] = {
    "credentials/check": OperatorSpec(),
    "credentials/apply": OperatorSpec(),
}
