"""Old and new data side by side, for the reviewer and for whoever asks years later (M37).

Read from the documents of the decisions, which never change: not from what is in force today.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.db import Transaction
from app.domain.label import Label
from app.services.account_changes.fields import BEFORE, data_fields, form_of_change
from app.services.application import Application
from app.services.context import Context
from app.workflow.forms import Form

NOTHING = Label("（空）", "(empty)")


@dataclass(frozen=True, slots=True)
class Row:
    """One field: what was in force when the change was handed in, and what was asked for."""

    name: str
    label: Label
    before: Label
    after: Label

    @property
    def changed(self) -> bool:
        """Whether the application asks to change it."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Round:
    """One submission of the application; a returned one is handed in again.

    ``words`` is what was written beside the data, such as the reason.
    """

    at: datetime
    rows: tuple[Row, ...]
    words: tuple[tuple[Label, Label], ...]

    @property
    def changed(self) -> tuple[Row, ...]:
        """What this submission asked to change."""
        return tuple(row for row in self.rows if row.changed)


def rounds_of(ctx: Context, application: Application) -> list[Round]:
    """Return the submissions of a change, newest first; none for an application of another kind.

    The application was shown to its reader already: nothing is told here that its page hides.
    """
    form = form_of_change(application.definition)
    if form is None:
        return []
    with ctx.database.transaction() as tx:
        return [_round(form, at, document) for at, document in _handed_in(tx, application.id)]


def _handed_in(tx: Transaction, instance_id: int) -> list[tuple[datetime, Mapping[str, Any]]]:
    rows = tx.all(
        """SELECT at, document FROM workflow.decision
           WHERE instance_id = %(id)s AND kind = 'complete' AND verdict = ''
           ORDER BY version DESC""",
        {"id": instance_id},
    )
    read = [(at, json.loads(bytes(document))) for at, document in rows]
    return [(at, document) for at, document in read if BEFORE in document["content"]]


def _round(form: Form, at: datetime, document: Mapping[str, Any]) -> Round:
    before, after = document["content"][BEFORE], document["form"]
    return Round(
        at,
        tuple(
            Row(f.name, f.label, _in_words(f.said(before)), _in_words(f.said(after)))
            for f in data_fields(form)
        ),
        tuple((f.label, f.said(after)) for f in form.fields if f.widget == "textarea"),
    )


def _in_words(said: Label) -> Label:
    return said if said.zh else NOTHING
