"""What stands in the form of a change before anybody types: the data in force (F3, M5).

A draft, or an application that was returned, is brought up to date: where its applicant has not
touched a field that another approved change has set meanwhile, the new value stands in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.label import Label
from app.identity.actor import Actor
from app.identity.details import details_of
from app.services.account_changes.fields import (
    BEFORE,
    as_seen,
    labels_of,
    seen_field,
    shown_in,
    texts_of,
)
from app.services.attachments.opening import opening_complete
from app.services.context import Context
from app.workflow.forms import Form


@dataclass(frozen=True, slots=True)
class Proposal:
    """The values of the form, and what its page says above it.

    ``files_missing``: the opening files have to be uploaded first (R20). ``moved`` names what has
    changed in the registry since the form was last shown.
    """

    values: dict[str, Any]
    files_missing: bool
    moved: tuple[Label, ...]


def proposal(
    ctx: Context, actor: Actor, account_id: int, form: Form, given: Mapping[str, Any]
) -> Proposal | None:
    """Return what the form of a change of data is to show; None for any other form.

    ``given`` is what was typed, saved or handed in before; empty for a new application.
    """
    field = seen_field(form)
    if field is None:
        return None
    with ctx.database.transaction() as tx:
        current = texts_of(form, details_of(tx, actor.holder_id, account_id))
        complete = opening_complete(tx, actor.holder_id)
    labels = labels_of(form)
    shown = _shown(form, given)
    moved = [name for name in labels if shown.get(name) != current.get(name)] if shown else []
    values = {name: value for name, value in given.items() if name != BEFORE}
    if not given:
        values |= current
    for name in moved:
        if given.get(name, "") == (shown or {}).get(name, ""):
            values[name] = current.get(name, "")
    values[field.name] = as_seen(current)
    return Proposal(values, not complete, tuple(labels[name] for name in moved))


def _shown(form: Form, given: Mapping[str, Any]) -> dict[str, str]:
    kept = given.get(BEFORE)
    return texts_of(form, kept) if isinstance(kept, dict) else shown_in(form, given) or {}
