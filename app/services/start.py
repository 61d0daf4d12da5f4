"""Start an application: the diagram's newest deployed version, its parties, its first task."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.db import Transaction
from app.domain.clock import local_day
from app.domain.errors import Forbidden
from app.services.actor import Actor
from app.services.context import Context
from app.services.definitions import current_definition
from app.services.instance import Instance, load
from app.services.parties import parties_of
from app.services.subjects import Subject, subject_of
from app.workflow.definition import Definition
from app.workflow.run import Run


@dataclass(frozen=True, slots=True)
class Started:
    """A new instance and the key of its first task; ``replayed``: begun before by the same key."""

    instance_id: int
    number: str
    key: int
    replayed: bool = False


def start(ctx: Context, actor: Actor, process_id: str, subject_id: int | None = None) -> Started:
    """Start an instance in its own transaction; see ``start_within``."""
    with ctx.database.transaction() as tx:
        return start_within(ctx, tx, actor, process_id, subject_id)


def start_within(
    ctx: Context, tx: Transaction, actor: Actor, process_id: str, subject_id: int | None = None
) -> Started:
    """Start an instance of the process for the actor's account.

    Raises Forbidden when the first task is not for the actor's role, NotFound when the subject
    (such as a notice) is not the actor's.
    """
    definition = current_definition(tx, process_id)
    subject = subject_of(tx, definition.subject, subject_id, actor)
    at = ctx.clock.now()
    run = Run.start(definition, _declared(definition, subject.values), ctx.clock, _no_effects)
    _refuse_wrong_role(definition, run, actor)
    instance_id, number = _insert(tx, actor, definition, subject, at)
    _insert_parties(tx, definition, actor, subject, instance_id)
    instance = load(tx, instance_id)
    return Started(instance_id, number, _open_first(tx, instance, actor, run, at))


def _no_effects(operator: str, _params: Mapping[str, Any]) -> None:
    """A diagram whose service task runs before anybody has decided anything is refused."""
    raise Forbidden(
        f"流程在首个人工任务之前不能执行 {operator}。",
        f"A process cannot run {operator} before its first human task.",
    )


def _declared(definition: Definition, values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in values.items() if k in definition.declared}


def _refuse_wrong_role(definition: Definition, run: Run, actor: Actor) -> None:
    roles = {role for task in run.open_tasks() for role in definition.lanes[task.task.lane].roles}
    if actor.role not in roles or actor.rights == "read":
        raise Forbidden("您的角色不能发起这项申请。", "Your role cannot start this application.")


def _insert(
    tx: Transaction, actor: Actor, definition: Definition, subject: Subject, at: datetime
) -> tuple[int, str]:
    row = tx.one(
        """INSERT INTO workflow.instance (number, process_id, bundle_hash, state, applicant_id,
               applicant_account_id, applicant_role, subject_kind, subject_id, created_at)
           SELECT %(prefix)s || lpad(n::text, greatest(7, length(n::text)), '0'), %(process)s,
               %(hash)s, '', %(holder)s, %(account)s, %(role)s, %(kind)s, %(subject)s, %(at)s
           FROM nextval('workflow.application_number') AS n RETURNING id, number""",
        {
            "prefix": f"{definition.number_prefix}-{local_day(at).year}-",
            "process": definition.process_id,
            "hash": definition.hash,
            "holder": actor.holder_id,
            "account": actor.account_id,
            "role": actor.role,
            "kind": subject.kind,
            "subject": subject.id,
            "at": at,
        },
    )
    assert row is not None  # noqa: S101 - INSERT … RETURNING gives a row or raises
    return row[0], row[1]


def _insert_parties(
    tx: Transaction, definition: Definition, actor: Actor, subject: Subject, instance_id: int
) -> None:
    for party in parties_of(tx, definition, actor, subject):
        tx.run(
            """INSERT INTO workflow.party (instance_id, lane, holder_id, account_id)
               VALUES (%(instance)s, %(lane)s, %(holder)s, %(account)s)""",
            {
                "instance": instance_id,
                "lane": party.lane,
                "holder": party.holder_id,
                "account": party.account_id,
            },
        )


def _open_first(tx: Transaction, instance: Instance, actor: Actor, run: Run, at: datetime) -> int:
    """Write the first state and tasks; a start is an event of the history, not a decision."""
    tasks = run.open_tasks()
    wake = run.next_wake()
    tx.run(
        "UPDATE workflow.instance SET state = %(state)s, wake_at = %(wake)s WHERE id = %(id)s",
        {"state": run.dump(), "wake": wake, "id": instance.id},
    )
    for task in tasks:
        lane = instance.definition.lanes[task.task.lane]
        tx.run(
            """INSERT INTO workflow.task (instance_id, key, element_id, name, name_en, process_id,
                   lane, role, holder_id, visit, due_at, created_at)
               VALUES (%(instance)s, %(key)s, %(element)s, %(name)s, %(name_en)s, %(process)s,
                   %(lane)s, %(role)s, %(holder)s, %(visit)s,
                   coalesce(%(due)s::timestamptz, 'infinity'), %(at)s)""",
            {
                "instance": instance.id,
                "key": task.key,
                "element": task.task.id,
                "name": task.task.label.zh,
                "name_en": task.task.label.en,
                "process": instance.process_id,
                "lane": lane.key,
                "role": instance.role_in(lane),
                "holder": instance.parties[lane.key],
                "visit": task.visit,
                "due": task.due,
                "at": at,
            },
        )
    tx.run(
        """INSERT INTO audit.event (at, tag, instance_id, person_id, account_id, role, data, path)
           VALUES (%(at)s, %(tag)s, %(instance)s, %(person)s, %(account)s, %(role)s, %(data)s,
               %(path)s)""",
        {
            "at": at,
            "tag": f"workflow:{instance.process_id}:start",
            "instance": instance.id,
            "person": actor.person_id,
            "account": actor.account_id,
            "role": actor.role,
            "data": json.dumps({}),
            "path": " ".join(visit.element_id for visit in run.path),
        },
    )
    return tasks[0].key
