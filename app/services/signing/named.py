"""Whom and what a decision is about, in numbers and names: from, to and quantities (M22).

Read from the content by the widgets of its forms: lines of units, lines out of custody, a
quantity, a list of holders. What stands there by code or id is named by the database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from app.services.signing.names import Names, asked_for
from app.services.types import collective_types, type_facts
from app.workflow.definition import Definition
from app.workflow.forms import CONTENT

if TYPE_CHECKING:
    from app.services.step import Step

Row = Mapping[str, Any]
ASKING = ("ledger/reserve", "external/mark")  # the operators that name a transaction type


@dataclass(frozen=True, slots=True)
class Named:
    """The parts of the document that say whose units go where; quantities are decimal strings.

    ``content`` is what the decision is about, as far as the person who decides may see it.
    """

    account: str
    source: Row
    targets: Sequence[Row]
    quantities: Sequence[Row]
    content: Row


@dataclass
class _Asked:
    """What the content asks for, as it was typed."""

    units: list[Row] = field(default_factory=list)
    lots: list[Row] = field(default_factory=list)
    holders: list[str] = field(default_factory=list)
    amounts: list[str] = field(default_factory=list)


def named_in(step: "Step") -> Named:
    """Return whom and what a step is about; one round trip."""
    asked = _asked(step)
    facts = _facts(step, asked)
    own = facts["own"]
    content: Row = step.content
    if _asked_for_its_part(step):
        asked.lots = [line for line in asked.lots if line.get("recipient") == own["code"]]
        content = _own_content(step, own["code"])
    quantities, targets = _moved(step, asked, facts)
    return Named(
        account=own["account"],
        source=_party(facts["from"]),
        targets=[*targets, *_listed(asked, facts)],
        quantities=quantities,
        content=content,
    )


def _asked(step: "Step") -> _Asked:
    """Gather what the content asks for; of holders, those that a reviewer chose, if it asks."""
    asked = _Asked()
    chosen: list[str] = []
    for name, widget in _fields(step.instance.definition):
        value = step.content.get(name)
        if widget == "unit_lines":
            asked.units += value or ()
        elif widget == "lot_lines":
            asked.lots += value or ()
        elif widget == "quantity" and value:
            asked.amounts.append(str(value))
        elif widget == "holders":
            asked.holders += value or ()
            chosen += step.decided.form.get(name) or ()
    asked.holders = list(dict.fromkeys(chosen or asked.holders))
    return asked


@lru_cache(maxsize=256)
def _fields(definition: Definition) -> tuple[tuple[str, str], ...]:
    """Return name and widget of every field that says whom or how much, those of reviews last."""
    content = {i for i in definition.tasks if definition.asks_content(i)}
    forms = [
        definition.form_of(i) for i in sorted(definition.tasks, key=lambda i: i not in content)
    ]
    wanted = CONTENT | {"quantity", "holders"}
    found = ((f.name, f.widget) for form in forms for f in form.fields if f.widget in wanted)
    return tuple(dict.fromkeys(found))


def _asked_for_its_part(step: "Step") -> bool:
    lanes = step.instance.definition.lanes.values()
    return any(lane.key == step.decided.lane and lane.party == "item" for lane in lanes)


def _own_content(step: "Step", code: str) -> dict[str, Any]:
    """Leave out the lines of others: what a document hashes, its reader must be able to see."""
    content = dict(step.content)
    for name, widget in _fields(step.instance.definition):
        if widget == "lot_lines" and name in content:
            content[name] = [line for line in content[name] if line.get("recipient") == code]
    return content


def _facts(step: "Step", asked: _Asked) -> Mapping[str, Any]:
    """Return what the database says of them; where it was read along with the task, that."""
    free = [line for line in asked.units if not line.get("to_account")]
    names = Names(
        codes=frozenset(str(line["instrument"]) for line in free),
        targets=frozenset(
            int(line["to_account"]) for line in asked.units if line.get("to_account")
        ),
        lots=frozenset(int(line["lot"]) for line in asked.lots),
        recipients=frozenset([*(str(line["recipient"]) for line in asked.lots), *asked.holders]),
        implied=implied_types(step.instance.definition) if free else frozenset(),
    )
    if step.foreseen is not None and names.within(step.foreseen.names):
        return step.foreseen.facts
    account = step.actor.account_id if step.actor else None
    return asked_for(step.tx, step.instance.id, account, names)


def implied_types(definition: Definition) -> frozenset[str]:
    """Return the registry's own account types that lines without a target may lead to."""
    return frozenset(_routes(definition).values())


@lru_cache(maxsize=256)
def _routes(definition: Definition) -> Mapping[str, str]:
    """Return where lines without a target lead, by kind of unit, such as the surrender account."""
    types = {str(t) for operator in ASKING for t in definition.constants(operator, "type")}
    return {
        route.unit_type: route.to_type
        for code in sorted(types)
        for route in type_facts(code).routes
        if route.to_type in collective_types()
    }


def _moved(step: "Step", asked: _Asked, facts: Row) -> tuple[list[Row], list[Row]]:
    """Return what is asked for with its target's number, and the targets, each once."""
    quantities: list[Row] = []
    targets: dict[str, Row] = {}
    for line in asked.units:
        code = str(line["instrument"])
        _add(quantities, targets, code, line["quantity"], _target(step, line, facts))
    for line in asked.lots:
        code, to = facts["lots"].get(str(line["lot"]), ""), str(line["recipient"])
        _add(quantities, targets, code, line["quantity"], facts["recipients"].get(to))
    for amount in asked.amounts:  # units that the application itself makes bear its number
        _add(quantities, targets, step.instance.number, amount, None)
    return quantities, list(targets.values())


def _target(step: "Step", line: Row, facts: Row) -> Row | None:
    found: Row | None
    if line.get("to_account"):
        found = facts["targets"].get(str(line["to_account"]))
    else:
        unit = facts["units"].get(str(line["instrument"]), "")
        found = facts["implied"].get(_routes(step.instance.definition).get(unit, ""))
    return found


def _add(
    quantities: list[Row], targets: dict[str, Row], code: str, quantity: object, to: Row | None
) -> None:
    account = to["account"] if to else None
    quantities.append(
        {
            "instrument": code,
            "quantity": str(int(str(quantity))),
            **({"to": account} if account else {}),
        }
    )
    if to:
        targets.setdefault(account or to["zh"], _party(to))


def _listed(asked: _Asked, facts: Row) -> list[Row]:
    found = (facts["recipients"].get(code) for code in asked.holders)
    return [_party({**holder, "account": None}) for holder in found if holder]


def _party(row: Row) -> dict[str, Any]:
    account = {"account": row["account"]} if row.get("account") else {}
    return {**account, "holder": {"zh": row["zh"], "en": row["en"] or row["zh"]}}
