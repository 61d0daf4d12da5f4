"""A form that was typed and saved, not handed in (D17, R7)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.errors import NotFound
from app.identity.actor import Actor
from app.services.context import Context


@dataclass(frozen=True, slots=True)
class SavedForm:
    """What was typed, when, and by whom of the organisation; ``ready``: handed over (G21)."""

    form: Mapping[str, Any]
    saved_at: datetime
    person: str
    person_id: int
    ready: bool


def saved_form(ctx: Context, actor: Actor, instance_id: int, key: int) -> SavedForm | None:
    """Return the draft of an open task of the actor's organisation, or None.

    Raises NotFound when the task is not open or lies with another organisation.
    """
    with ctx.database.transaction() as tx:
        row = tx.one(
            """SELECT d.form, d.saved_at, p.name, p.id, d.ready_at IS NOT NULL
               FROM workflow.task t
               LEFT JOIN workflow.draft d ON d.instance_id = t.instance_id
                   AND d.element_id = t.element_id AND d.holder_id = t.holder_id
               LEFT JOIN identity.person p ON p.id = d.person_id
               WHERE t.instance_id = %(instance)s AND t.key = %(key)s
                 AND t.holder_id = %(holder)s""",
            {"instance": instance_id, "key": key, "holder": actor.holder_id},
        )
    if row is None:
        raise NotFound
    return SavedForm(json.loads(row[0]), *row[1:]) if row[0] is not None else None
