"""``notify``: a line in the inbox of the parties in the named lanes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.domain.label import Label
from app.services.operators.operator import Operator
from app.services.templates import TEMPLATES
from app.workflow.operators import OperatorSpec, ParameterSpec

if TYPE_CHECKING:
    from app.services.step import Step


def notify(step: "Step", params: Mapping[str, Any]) -> None:
    """Tell the holder of each lane, and ``also`` those of a list that the diagram keeps.

    The words may name the application, who decided just now and with which opinion: who is told
    that a review was called off is told why (M23). Nobody is told twice.
    """
    instance = step.instance
    text = _filled(step, TEMPLATES[str(params["template"])])
    told = {instance.parties[lane] for lane in params["to"]}
    told |= {int(holder) for holder in params.get("also") or ()}
    for holder in sorted(told):
        step.notifications.append(
            {
                "holder_id": holder,
                "template": params["template"],
                "text": text.zh,
                "text_en": text.en,
            }
        )


def _filled(step: "Step", template: Label) -> Label:
    facts = {
        "number": step.instance.number,
        "by": step.actor.holder_name if step.actor else "",
        "opinion": step.decided.opinion or "—",
    }
    process = step.instance.definition.label
    return Label(
        template.zh.format_map({**facts, "process": process.zh}),
        template.en.format_map({**facts, "process": process.en}),
    )


OPERATORS: Mapping[str, Operator] = {"notify": notify}
SPECS: Mapping[str, OperatorSpec] = {
    "notify": OperatorSpec(
        {
            "to": ParameterSpec(kind="lanes"),
            "template": ParameterSpec(choices=frozenset(TEMPLATES)),
            "also": ParameterSpec(kind="values", required=False),
        }
    )
}
