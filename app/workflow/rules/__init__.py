"""The checks a bundle passes before it is deployed. Each is a small function; all of them run.

A bundle is refused as a whole, with every reason at once, each with the id of its element.
"""

from collections.abc import Mapping

from app.workflow.bundle import Bundle
from app.workflow.operators import OperatorSpec
from app.workflow.refusals import Refusal
from app.workflow.rules.case import Case, read_case
from app.workflow.rules.drawing import DRAWING
from app.workflow.rules.elements import ELEMENTS
from app.workflow.rules.people import PEOPLE
from app.workflow.rules.routing import ROUTING
from app.workflow.rules.services import SERVICES
from app.workflow.rules.values import VALUES

RULES = (*ELEMENTS, *DRAWING, *PEOPLE, *ROUTING, *VALUES, *SERVICES)


def refusals_of(
    bundle: Bundle, operators: Mapping[str, OperatorSpec] | None = None
) -> list[Refusal]:
    """Return every reason not to deploy a bundle; nothing when it may be deployed."""
    case = read_case(bundle, operators)
    if not isinstance(case, Case):
        return case
    return [refusal for rule in RULES for refusal in rule(case)]
