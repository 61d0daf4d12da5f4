"""Hand in a file: its size, its kind by content and its name are checked, then it is kept (R19)."""

from datetime import timedelta

from app.attachments.kinds import kind_of
from app.attachments.names import check_ending, kept_name
from app.attachments.refusal import Refusal
from app.attachments.store import Attachment, add, find
from app.db import Transaction
from app.domain.errors import Forbidden, Invalid
from app.domain.label import Label
from app.services.actor import Actor
from app.services.context import Context
from app.services.history import note

MIB = 1024 * 1024
LONG_AGO = timedelta(days=1)
LOOSE = 200  # files of a holder in a day that no application has named: a mistake, or an attack


def upload(
    ctx: Context, actor: Actor, filename: str, content: bytes, purpose: str = "form"
) -> Attachment:
    """Keep a file of the actor's holder; nobody else sees it until an application names it.

    ``purpose``: ``form`` (named in a form later) or ``opening`` (M3). Raises Forbidden for
    read-only rights, Invalid with a plain sentence for a file that is not taken.
    """
    if actor.rights == "read":
        raise Forbidden("您只有查看权限，不能上传附件。", "Your rights are read-only.")
    name, kind = _checked(ctx, filename, content)
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        _refuse_flood(ctx, tx, actor)
        values = {
            "filename": name,
            "holder": actor.holder_id,
            "person": actor.person_id,
            "account": actor.account_id,
            "purpose": purpose,
            "at": at,
        }
        made, hashed = add(tx, values, content, kind)
        data = {"sha256": hashed, "size": str(len(content)), "type": kind, "purpose": purpose}
        note(tx, at, actor, "attachments:file:uploaded", f"attachment:{made}", data)
        return find(tx, "a.id = %(id)s", {"id": made})[0]


def _checked(ctx: Context, filename: str, content: bytes) -> tuple[str, str]:
    """Return the name to keep and the media type."""
    name = kept_name(filename)
    most = ctx.settings.attachment_mib
    if len(content) > most * MIB:
        raise _not_taken(name, Label(f"超过 {most} MiB", f"it is larger than {most} MiB"))
    try:
        kind = kind_of(content)
        check_ending(name, kind)
    except Refusal as error:
        raise _not_taken(name, error.reason) from error
    return name, kind


def _not_taken(name: str, why: Label) -> Invalid:
    return Invalid(f"文件“{name}”没有上传：{why.zh}。", f"“{name}” was not uploaded: {why.en}.")


def _refuse_flood(ctx: Context, tx: Transaction, actor: Actor) -> None:
    row = tx.one(
        """SELECT count(*) FROM attachments.attachment a
           WHERE a.holder_id = %(holder)s AND a.at > %(since)s AND NOT EXISTS (
               SELECT FROM attachments.binding b WHERE b.attachment_id = a.id)""",
        {"holder": actor.holder_id, "since": ctx.clock.now() - LONG_AGO},
    )
    if row is not None and row[0] >= LOOSE:
        raise Invalid(
            f"本单位一天内上传而未随申请提交的附件已达 {LOOSE} 个，请明日再上传。",
            f"{LOOSE} files were uploaded within a day and not submitted; go on tomorrow.",
        )
