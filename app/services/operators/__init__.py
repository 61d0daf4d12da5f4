"""What service tasks do: the operators a diagram may name, and the functions behind them.

A few generic operators take the transaction type's code as a parameter in the diagram, so a new
flow on existing transaction types needs no Python. Nothing is written here: effects and
notifications are added to the step, which is written after the diagram has come to rest. One
module a topic; each offers OPERATORS and their SPECS.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.services.operators import (
    account_changes,
    certificates,
    credentials,
    custody,
    external,
    notify,
    pilots,
    units,
)
from app.services.operators.operator import Operator
from app.workflow.operators import OperatorSpec

if TYPE_CHECKING:
    from app.services.step import Step


@dataclass(frozen=True)
class Operators:
    """Operator name -> function, and what a diagram may pass to each."""

    functions: Mapping[str, Operator]
    specs: Mapping[str, OperatorSpec] = field(default_factory=dict)

    def bind(self, step: "Step") -> Callable[[str, Mapping[str, Any]], Mapping[str, Any] | None]:
        """Return what the engine calls for a service task of this step."""

        def operate(name: str, params: Mapping[str, Any]) -> Mapping[str, Any] | None:
            return self.functions[name](step, params)

        return operate


def standard_operators(two_phase_types: frozenset[str]) -> Operators:
    """Return the operators of the registry; a diagram may only name transaction types given."""
    return Operators(
        functions={
            **units.OPERATORS,
            **notify.OPERATORS,
            **certificates.OPERATORS,
            **pilots.OPERATORS,
            **custody.OPERATORS,
            **external.OPERATORS,
            **account_changes.OPERATORS,
            **credentials.OPERATORS,
        },
        specs={
            **units.specs(two_phase_types),
            **notify.SPECS,
            **certificates.SPECS,
            **pilots.SPECS,
            **custody.SPECS,
            **external.SPECS,
            **account_changes.SPECS,
            **credentials.SPECS,
        },
    )
