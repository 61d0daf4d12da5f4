"""The data of one's own holder in force, and how they came about (M5, F3)."""

from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction
from app.domain.errors import NotFound
from app.domain.label import Label
from app.identity.actor import Actor
from app.identity.details import details_of
from app.services.account_changes.fields import data_fields, form_of_change
from app.services.context import Context
from app.services.definitions import current_definition
from app.services.records import APPLICANTS

FLOW = "account_change"
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the data. Without an application it was handed in with the opening."""

    version: int
    valid_from: datetime
    instance_id: int | None
    number: str
    person: str


@dataclass(frozen=True, slots=True)
class Current:
    """The data by their names as the form gives them, and their versions, newest first."""

    data: tuple[tuple[Label, Label], ...]
    versions: tuple[Version, ...]


def current_data(ctx: Context, actor: Actor) -> Current | None:
    """Return the data of the actor's holder.

    None for roles whose data no application changes, and where the flow is not deployed.
    """
    if actor.role not in APPLICANTS:
        return None
    with ctx.database.transaction() as tx:
        try:
            form = form_of_change(current_definition(tx, FLOW))
        except NotFound:
            return None
        values = details_of(tx, actor.holder_id, actor.account_id)
        versions = tuple(_versions(tx, actor.holder_id))
    fields = data_fields(form) if form else ()
    return Current(tuple((f.label, f.said(values)) for f in fields), versions)


def open_change(ctx: Context, actor: Actor) -> int | None:
    """Return the change that lies with the actor's account to be filled in; None if there is none.

    One draft is gone on with: two of the same data would only stand in each other's way.
    """
    with ctx.database.transaction() as tx:
        row = tx.one(
            """SELECT max(i.id) FROM workflow.instance i
               JOIN workflow.task t ON t.instance_id = i.id AND t.holder_id = i.applicant_id
               WHERE i.process_id = %(flow)s AND i.status = 'open'
                 AND i.applicant_id = %(holder)s AND i.applicant_account_id = %(account)s""",
            {"flow": FLOW, "holder": actor.holder_id, "account": actor.account_id},
        )
    return row[0] if row else None


def _versions(tx: Transaction, holder_id: int) -> list[Version]:
    """Return who asked for each version, and by which application."""
    rows = tx.all(
        """SELECT v.version, v.valid_from, v.instance_id, coalesce(i.number, ''),
               coalesce((SELECT p.name FROM workflow.decision d
                         JOIN identity.person p ON p.id = d.person_id
                         WHERE d.instance_id = v.instance_id AND d.kind = 'complete'
                           AND d.verdict = '' ORDER BY d.version DESC LIMIT 1), '')
           FROM identity.holder_detail v LEFT JOIN workflow.instance i ON i.id = v.instance_id
           WHERE v.holder_id = %(holder)s ORDER BY v.version DESC LIMIT %(limit)s""",
        {"holder": holder_id, "limit": SHOWN},
    )
    return [Version(*row) for row in rows]
