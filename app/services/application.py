"""Everything the page of one application shows, and who may see it (W1, W7, F25).

Seen by the parties of the application and by auditors. To anybody else it does not exist. What
an emitter has begun and never submitted is seen by the emitter alone.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.attachments.store import Attachment
from app.db import Transaction
from app.domain.errors import NotFound
from app.domain.label import Label
from app.identity.actor import Actor
from app.ledger.instruments import Instrument, by_code
from app.ledger.journal import Movement, movements_of
from app.services.attachments.reading import shown_to
from app.services.context import Context
from app.services.definitions import definition_of
from app.services.progress import NoticeView, notice_within
from app.services.replay import Frame, frames_of
from app.services.standing import STANDING, Standing, standing_of
from app.services.timeline import (
    Decision,
    Entry,
    Marks,
    Open,
    decisions_of,
    entries_of,
    events_of,
    marks_of,
    open_tasks_of,
)
from app.workflow.definition import Definition, Trigger


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the application; quantities in whole tonnes."""

    code: str
    instrument: Instrument | None
    quantity: int
    before: int | None
    serials: tuple[tuple[int, int], ...]

    @property
    def name(self) -> Label:
        """The instrument's name."""
        if self.instrument is None:
            return Label(self.code, self.code)
        return Label(self.instrument.name, self.instrument.name_en or self.instrument.name)

    @property
    def unit_type(self) -> str:
        """Allowance or ccer."""
        return self.instrument.unit_type if self.instrument else ""


@dataclass(frozen=True, slots=True)
class Notification:
    """A message that the process sent."""

    id: int
    text: Label
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True)
class Application:
    """One application, as far as its reader may see it; quantities in whole tonnes."""

    id: int
    number: str
    process_id: str
    process: Label
    bundle_hash: str
    bundle_version: int
    version: int
    status: str
    applicant_id: int
    applicant: Label
    applicant_code: str
    applicant_account_id: int
    account_number: str
    quantity: int
    ccer_quantity: int
    created_at: datetime
    submitted_at: datetime | None
    ended_at: datetime | None
    late: bool
    stuck: str
    standing: Standing
    notice: NoticeView | None
    content: Mapping[str, Any]
    items: Sequence[Item]
    decisions: Sequence[Decision]
    entries: Sequence[Entry]
    open_tasks: Sequence[Open]
    marks: Marks
    frames: Sequence[Frame]
    triggers: Sequence[Trigger]
    movements: Sequence[Movement]
    notifications: Sequence[Notification]
    attachments: Sequence[Attachment]
    definition: Definition

    @property
    def opinions(self) -> list[Decision]:
        """Earlier decisions that carry an opinion, newest first."""
        return [d for d in reversed(self.decisions) if d.opinion]

    @property
    def answers(self) -> list[tuple[Label, Label]]:
        """What the applicant wrote beside the lines: each field's label and its text."""
        definition = self.definition
        asked = [definition.form_of(i) for i in definition.tasks if definition.asks_content(i)]
        found = {f.name: (f.label, f.said(self.content)) for form in asked for f in form.fields}
        return [(label, text) for label, text in found.values() if text.zh]

    def task(self, key: int) -> Open | None:
        """Return an open task by its key."""
        return next((task for task in self.open_tasks if task.key == key), None)


def application(ctx: Context, actor: Actor, instance_id: int) -> Application:
    """Return an application to a party or an auditor; raises NotFound for anybody else."""
    with ctx.database.transaction() as tx:
        return application_within(tx, actor, instance_id)


def application_within(tx: Transaction, actor: Actor, instance_id: int) -> Application:
    """Do the same inside a transaction that is already open."""
    row = visible(tx, actor, instance_id)
    definition = definition_of(tx, row["bundle_hash"])
    decisions = decisions_of(tx, definition, instance_id)
    events = events_of(tx, instance_id)
    waiting = open_tasks_of(tx, instance_id)
    entries = entries_of(definition, decisions, events)
    movements = movements_of(tx, instance_id)
    content = json.loads(row["content"])
    return Application(
        **{name: row[name] for name in _PLAIN},
        process=definition.label,
        applicant=Label(row["applicant"], row["applicant_en"] or row["applicant"]),
        standing=standing_of(tx, row),
        notice=_notice(tx, actor, row),
        content=content,
        items=_items(tx, content, _before(tx, instance_id), movements),
        decisions=decisions,
        entries=entries,
        open_tasks=waiting,
        marks=marks_of(definition, entries, events, waiting),
        frames=frames_of(definition, decisions, events, waiting),
        triggers=_triggers(definition, actor, waiting, row),
        movements=movements,
        notifications=_notifications(tx, actor, instance_id),
        attachments=shown_to(tx, actor, definition, instance_id, row["applicant_id"]),
        definition=definition,
    )


_PLAIN = (
    "id", "number", "process_id", "bundle_hash", "bundle_version", "version", "status",
    "applicant_id", "applicant_code", "applicant_account_id", "account_number", "quantity",
    "ccer_quantity", "created_at", "submitted_at", "ended_at", "late", "stuck",
)  # fmt: skip


def visible(tx: Transaction, actor: Actor, instance_id: int) -> dict[str, Any]:
    """Return the row of an application the actor may see; raises NotFound otherwise."""
    row = tx.map(
        f"""SELECT i.id, i.number, i.process_id, i.bundle_hash, i.version, i.status, i.outcome,
               i.applicant_id, i.applicant_account_id, i.subject_kind, i.subject_id, i.content,
               i.quantity, i.ccer_quantity, i.created_at, i.submitted_at, i.ended_at, i.late,
               i.stuck, h.name AS applicant, h.name_en AS applicant_en, h.code AS applicant_code,
               a.number AS account_number,
               (SELECT count(DISTINCT y.bundle_hash) FROM workflow.deployment y
                WHERE y.process_id = i.process_id AND y.id <= (SELECT min(z.id)
                    FROM workflow.deployment z WHERE z.bundle_hash = i.bundle_hash))
                AS bundle_version, {STANDING}
           FROM workflow.instance i JOIN identity.holder h ON h.id = i.applicant_id
           JOIN identity.account a ON a.id = i.applicant_account_id
           WHERE i.id = %(id)s AND ((%(auditor)s AND i.version > 0) OR EXISTS (
               SELECT FROM workflow.party p WHERE p.instance_id = i.id
               AND p.holder_id = %(holder)s AND (i.version > 0 OR i.applicant_id = p.holder_id)))
        """,  # noqa: S608 - a constant
        {"id": instance_id, "holder": actor.holder_id, "auditor": actor.role == "auditor"},
    )
    if row is None:
        raise NotFound
    return row


def diagram(ctx: Context, actor: Actor, instance_id: int) -> tuple[Definition, bytes]:
    """Return the definition and the BPMN file that an application runs.

    Raises NotFound for a stranger.
    """
    with ctx.database.transaction() as tx:
        row = visible(tx, actor, instance_id)
        definition = definition_of(tx, row["bundle_hash"])
    return definition, definition.bundle.diagram


def _notice(tx: Transaction, actor: Actor, row: Mapping[str, Any]) -> NoticeView | None:
    if row["subject_kind"] != "notice" or row["subject_id"] is None:
        return None
    return notice_within(tx, actor, row["subject_id"])


def _items(
    tx: Transaction,
    content: Mapping[str, Any],
    before: Mapping[str, int] | None,
    movements: Sequence[Movement],
) -> list[Item]:
    """Return the submitted lines with the serial ranges that were last held or moved for them."""
    serials = {m.instrument_code: m.serials for m in movements if m.kind != "voided"}
    items = []
    for line in content.get("lines", ()):
        code = str(line["instrument"])
        items.append(
            Item(
                code=code,
                instrument=by_code(tx, code),
                quantity=int(line["quantity"]),
                before=before.get(code, 0) if before is not None else None,
                serials=serials.get(code, ()),
            )
        )
    return items


def _before(tx: Transaction, instance_id: int) -> dict[str, int] | None:
    """Return the lines of the submission before the last one, by instrument; None if none."""
    rows = tx.all(
        """SELECT document FROM workflow.decision WHERE instance_id = %(id)s
           AND kind = 'complete' AND verdict = '' ORDER BY version DESC LIMIT 2""",
        {"id": instance_id},
    )
    if len(rows) < 2:
        return None
    form = json.loads(bytes(rows[1][0])).get("form", {})
    return {str(line["instrument"]): int(line["quantity"]) for line in form.get("lines", ())}


def _triggers(
    definition: Definition, actor: Actor, waiting: Sequence[Open], row: Mapping[str, Any]
) -> list[Trigger]:
    """Return the messages that the actor may send now: those on an open task, of its lane."""
    if row["status"] != "open" or actor.rights not in {"both", "confirm"}:
        return []
    here = {task.element_id for task in waiting}
    return [
        trigger
        for trigger in definition.triggers.values()
        if trigger.attached_to in here
        and actor.role in definition.lanes[trigger.lane].roles
        and row["applicant_id"] == actor.holder_id
    ]


def _notifications(tx: Transaction, actor: Actor, instance_id: int) -> list[Notification]:
    rows = tx.all(
        """SELECT id, text, text_en, created_at, read_at FROM workflow.notification
           WHERE instance_id = %(id)s AND holder_id = %(holder)s ORDER BY id DESC""",
        {"id": instance_id, "holder": actor.holder_id},
    )
    return [Notification(row[0], Label(row[1], row[2]), *row[3:]) for row in rows]
