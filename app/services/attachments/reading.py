"""Who may read a file, and the files of an application (W1, W7).

A file is its holder's until a decision names it. Then it is read by the parties of that
application and by auditors; a counterparty in a repeated task reads the applicant's files, the
authorities' and its own, never another counterparty's. Opening files are read by the holder, the
authority it answers to, the registry operator and auditors.
"""

from collections.abc import Iterable

from app.attachments.store import Attachment, content_of, find
from app.db import Transaction
from app.domain.errors import NotFound
from app.services.actor import Actor
from app.services.context import Context
from app.services.definitions import definition_of
from app.workflow.definition import Definition

OWN = "a.holder_id = %(holder)s"
OPENING = """(a.purpose = 'opening' AND (%(role)s IN ('auditor', 'registry_operator')
    OR h.province_id = %(holder)s))"""


def read(ctx: Context, actor: Actor, attachment_id: int) -> tuple[Attachment, bytes]:
    """Return a file and its content; raises NotFound unless the actor may read it."""
    with ctx.database.transaction() as tx:
        found = find(tx, "a.id = %(id)s", {"id": attachment_id})
        if not found or not _may_read(tx, actor, found[0]):
            raise NotFound
        return found[0], content_of(tx, attachment_id)


def own(ctx: Context, actor: Actor, ids: Iterable[str]) -> list[Attachment]:
    """Return those of the named files that are the actor's holder's; others are left out."""
    numbers = [int(text) for text in ids if is_number(text)]
    if not numbers:
        return []
    params = {"holder": actor.holder_id, "ids": numbers}
    with ctx.database.transaction() as tx:
        found = {a.id: a for a in find(tx, f"{OWN} AND a.id = ANY (%(ids)s)", params)}
    return [found[number] for number in dict.fromkeys(numbers) if number in found]


def is_number(text: object) -> bool:
    """Whether a text names a row: what the database cannot hold does not exist."""
    return isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 19


def of_instance(tx: Transaction, instance_id: int) -> list[Attachment]:
    """Return all files that decisions of an application have named."""
    return find(
        tx,
        """EXISTS (SELECT FROM attachments.binding b
                   WHERE b.attachment_id = a.id AND b.instance_id = %(id)s)""",
        {"id": instance_id},
    )


def shown_to(
    tx: Transaction, actor: Actor, definition: Definition, instance_id: int, applicant_id: int
) -> list[Attachment]:
    """Return the files of an application that a party or an auditor of it may read."""
    files = of_instance(tx, instance_id)
    if not files or actor.role == "auditor" or actor.holder_id == applicant_id:
        return files
    repeated = {lane.key for lane in definition.lanes.values() if lane.party == "item"}
    rows = tx.all(
        "SELECT lane, holder_id FROM workflow.party WHERE instance_id = %(id)s",
        {"id": instance_id},
    )
    fixed = {holder for lane, holder in rows if lane not in repeated}
    if actor.holder_id in fixed:
        return files
    if actor.holder_id not in {holder for _, holder in rows}:
        return []
    return [file for file in files if file.holder_id in {*fixed, applicant_id, actor.holder_id}]


def _may_read(tx: Transaction, actor: Actor, file: Attachment) -> bool:
    if file.holder_id == actor.holder_id:
        return True
    params = {"id": file.id, "holder": actor.holder_id, "role": actor.role}
    if find(tx, f"a.id = %(id)s AND {OPENING}", params):
        return True
    rows = tx.all(
        """SELECT i.id, i.bundle_hash, i.applicant_id FROM attachments.binding b
           JOIN workflow.instance i ON i.id = b.instance_id
           WHERE b.attachment_id = %(id)s AND (%(role)s = 'auditor' OR EXISTS (
               SELECT FROM workflow.party p
               WHERE p.instance_id = i.id AND p.holder_id = %(holder)s))""",
        params,
    )
    return any(
        file in shown_to(tx, actor, definition_of(tx, bundle), instance, applicant)
        for instance, bundle, applicant in rows
    )
