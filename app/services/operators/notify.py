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
    that a review was called off is told why (M23). Nobody is told twice, and who decided is not
    told of the list it stands in.
    """
    text = _filled(step, TEMPLATES[str(params["template"])])
    told = {holder for lane in params["to"] for holder in _present(step, lane)}
    told |= {int(holder) for holder in params.get("also") or ()}
    told -= {step.actor.holder_id} if step.actor and "also" in params else set()
    for holder in sorted(told):
        step.notifications.append(
            {
                "holder_id": holder,
                "template": params["template"],
                "text": text.zh,
                "text_en": text.en,
            }
        )


def _present(step: "Step", key: str) -> list[int]:
    """Return the holder of a lane; of a repeated task's lane those who are asked now."""
    instance = step.instance
    lane = next(x for x in instance.definition.lanes.values() if x.key == key)
    if lane.party != "item":
        return [instance.parties[key]]
    rows = step.tx.all(
        "SELECT holder_id FROM workflow.task WHERE instance_id = %(id)s AND lane = %(lane)s",
        {"id": instance.id, "lane": key},
    )
    return [row[0] for row in rows]


def _filled(step: "Step", template: Label) -> Label:
    facts = {
        "number": step.instance.number,
        "by": step.actor.holder_name if step.actor else "",
        "opinion": step.decided.opinion.rstrip("。.") or "—",  # the sentence ends it
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
