"""A form before anything exists: what a new application asks, and of whom (M14, M44).

The diagram is started in memory only, to learn its first task; nothing is written until the
first save or submission.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from app.domain.clock import local_day
from app.domain.errors import Forbidden
from app.domain.label import Label
from app.identity.actor import Actor
from app.services.context import Context
from app.services.definitions import current_definition
from app.services.pilots.view import PilotView, pilot_view
from app.services.progress import NoticeView, notice_within
from app.services.subjects import subject_of
from app.workflow.definition import Definition, UserTask
from app.workflow.forms import Form
from app.workflow.run import Run


@dataclass(frozen=True)
class Blank:
    """The first task of a process for an actor, and what it would be about."""

    definition: Definition
    task: UserTask
    form: Form
    subject_id: int | None
    notice: NoticeView | None
    pilot: PilotView | None = None

    @property
    def process(self) -> Label:
        """The name of the process."""
        return self.definition.label


def blank(ctx: Context, actor: Actor, process_id: str, subject_id: int | None) -> Blank:
    """Return the first task of a process.

    Raises NotFound for a process that is not deployed or a subject that is not the actor's,
    Forbidden when somebody else has to begin it.
    """
    with ctx.database.transaction() as tx:
        definition = current_definition(tx, process_id)
        subject = subject_of(tx, definition.subject, subject_id, actor)
        values = {k: v for k, v in subject.values.items() if k in definition.declared}
        run = Run.start(definition, values, ctx.clock, _nothing_yet)
        mine = [
            t.task for t in run.open_tasks() if actor.role in definition.lanes[t.task.lane].roles
        ]
        if not mine or actor.rights == "read":
            raise Forbidden(
                "您的角色不能发起这项申请。", "Your role cannot start this application."
            )
        notice = (
            notice_within(tx, actor, subject.id)
            if subject.kind == "notice" and subject.id is not None
            else None
        )
        year = local_day(ctx.clock.now()).year
        pilot = (
            pilot_view(tx, subject.id, actor.holder_id, year)
            if subject.kind == "pilot" and subject.id is not None
            else None
        )
    task = mine[0]
    return Blank(definition, task, definition.forms[task.form], subject.id, notice, pilot)


def _nothing_yet(operator: str, _params: Mapping[str, Any]) -> NoReturn:
    raise Forbidden(
        f"流程在首个人工任务之前不能执行 {operator}。",
        f"A process cannot run {operator} before its first human task.",
    )
