"""Files that a form names by their ids (widget ``attachments``), saved or handed in (R19)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.attachments.store import Attachment, find
from app.db import Transaction
from app.domain.errors import Invalid
from app.domain.label import Label
from app.services.actor import Actor
from app.services.attachments.reading import OWN, is_number, of_instance
from app.services.context import Context
from app.workflow.forms import Form

if TYPE_CHECKING:
    from app.services.step import Step


def check_named(tx: Transaction, actor: Actor, form: Form, clean: Mapping[str, Any]) -> None:
    """Raise Invalid when a form names a file that is not of the actor's holder."""
    _named(tx, actor, form, clean)


def bind_named(ctx: Context, step: "Step", actor: Actor, form: Form) -> None:
    """Make the files that the form names part of the application, with this decision.

    The effect carries each file's hash, so the decision's document says what was decided on.
    Raises Invalid for a file of somebody else and for more files than an application may have.
    """
    files = _named(step.tx, actor, form, step.decided.form)
    if not files:
        return
    most = ctx.settings.attachments_most
    present = {file.id for file in of_instance(step.tx, step.instance.id)}
    if len(present | {file.id for file in files}) > most:
        zh = f"一项申请最多可有 {most} 个附件（含此前各次提交的）。"
        en = f"An application has at most {most} files, those of earlier rounds included."
        raise Invalid(zh, en, fields={_fields(form)[0]: Label(zh, en)})
    named = [{"id": str(file.id), "sha256": file.sha256} for file in files]
    step.effect("bind_attachments", {"attachments": named})


def _fields(form: Form) -> list[str]:
    return [field.name for field in form.fields if field.widget == "attachments"]


def _named(tx: Transaction, actor: Actor, form: Form, clean: Mapping[str, Any]) -> list[Attachment]:
    """Return the files that a form names, each once."""
    by_field = {name: clean[name] for name in _fields(form) if clean.get(name)}
    if not by_field:
        return []
    wanted = [int(text) for ids in by_field.values() for text in ids if is_number(text)]
    params = {"holder": actor.holder_id, "ids": wanted}
    files = find(tx, f"{OWN} AND a.id = ANY (%(ids)s)", params)
    known = {str(file.id) for file in files}
    for name, ids in by_field.items():
        if not set(ids) <= known:
            zh, en = "有附件不存在，请重新上传。", "A file is not there; upload it again."
            raise Invalid(zh, en, fields={name: Label(zh, en)})
    return files
