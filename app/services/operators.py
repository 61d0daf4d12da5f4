"""What service tasks do: the operators a diagram may name, and the functions behind them.

A few generic operators take the transaction type's code as a parameter in the diagram, so a new
flow on existing transaction types needs no Python. Nothing is written here: effects and
notifications are added to the step, which is written after the diagram has come to rest.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.domain.errors import Conflict
from app.services.proposal import checked_post, checked_reserve
from app.services.templates import TEMPLATES
from app.workflow.operators import OperatorSpec, ParameterSpec

if TYPE_CHECKING:
    from app.services.step import Step

Operator = Callable[["Step", Mapping[str, Any]], Mapping[str, Any] | None]


def reserve(step: "Step", params: Mapping[str, Any]) -> None:
    """``ledger/reserve``: run the type's numbered checks on the application, hold the units."""
    step.effect("reserve", checked_reserve(step, str(params["type"])))


def post(step: "Step", _params: Mapping[str, Any]) -> None:
    """``ledger/post``: run the checks again and move the units that are held (R5, M35)."""
    step.effect("post", checked_post(step))


def void(step: "Step", _params: Mapping[str, Any]) -> None:
    """``ledger/void``: release the units that are held."""
    transfer = step.instance.reserved_transfer_id
    if transfer is None:
        raise Conflict("没有可释放的预留。", "There is no reservation to release.")
    step.effect("void", {"transfer_id": transfer})


def notify(step: "Step", params: Mapping[str, Any]) -> None:
    """``notify``: a line in the inbox of the parties in the named lanes."""
    template = TEMPLATES[str(params["template"])]
    text = template.filled({"number": step.instance.number})
    for lane in params["to"]:
        step.notifications.append(
            {
                "holder_id": step.instance.parties[lane],
                "template": params["template"],
                "text": text.zh,
                "text_en": text.en,
            }
        )


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
            "ledger/reserve": reserve,
            "ledger/post": post,
            "ledger/void": void,
            "notify": notify,
        },
        specs={
            "ledger/reserve": OperatorSpec({"type": ParameterSpec(choices=two_phase_types)}),
            "ledger/post": OperatorSpec(),
            "ledger/void": OperatorSpec(),
            "notify": OperatorSpec(
                {
                    "to": ParameterSpec(kind="lanes"),
                    "template": ParameterSpec(choices=frozenset(TEMPLATES)),
                }
            ),
        },
    )
