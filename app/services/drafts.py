"""Drafts: saved any number of times, never checked against limits, never lost (R7, M15, M44)."""

import json
from collections.abc import Mapping
from typing import Any

import psycopg2

from app.db import Transaction
from app.domain.errors import Forbidden, Invalid, NotFound
from app.services.actor import Actor
from app.services.context import Context
from app.services.instance import load_with_task
from app.services.parties import refuse_other_account
from app.services.step import meaning_of

LONGEST = 200_000  # characters of JSON; far above any form, far below a denial of service


def save(ctx: Context, actor: Actor, instance_id: int, key: int, form: Mapping[str, Any]) -> None:
    """Save what was typed so far into the task's draft; the limits are checked on submission.

    Raises NotFound when the task is not open or not the actor's, Forbidden for read-only rights
    and for a person who has acted for another party of the instance (nobody reviews what they
    drafted), Invalid for values that no page of this form could have sent.
    """
    with ctx.database.transaction() as tx:
        save_within(ctx, tx, actor, instance_id, key, form)


def save_within(
    ctx: Context,
    tx: Transaction,
    actor: Actor,
    instance_id: int,
    key: int,
    form: Mapping[str, Any],
) -> None:
    """Do the same inside a transaction that is already open."""
    if actor.rights == "read":
        raise Forbidden("您只有查看权限，不能保存。", "Your rights are read-only.")
    text = json.dumps(_readable(tx, actor, instance_id, key, form), ensure_ascii=False)
    if len(text) > LONGEST:
        raise Forbidden("内容过长，未能保存。", "The content is too long and was not saved.")
    saved = tx.run(
        """INSERT INTO workflow.draft (instance_id, element_id, form, person_id, account_id,
               role, saved_at)
           SELECT t.instance_id, t.element_id, %(form)s, %(person)s, %(account)s, t.role, %(at)s
           FROM workflow.task t
           WHERE t.instance_id = %(instance)s AND t.key = %(key)s AND t.holder_id = %(holder)s
             AND t.role = %(role)s
           ON CONFLICT (instance_id, element_id) DO UPDATE SET form = excluded.form,
               person_id = excluded.person_id, account_id = excluded.account_id,
               saved_at = excluded.saved_at""",
        {
            "form": text,
            "person": actor.person_id,
            "account": actor.account_id,
            "at": ctx.clock.now(),
            "instance": instance_id,
            "key": key,
            "holder": actor.holder_id,
            "role": actor.role,
        },
    )
    if saved:
        _take_part(tx, actor, instance_id, key)
    else:
        raise _closed()


def _readable(
    tx: Transaction, actor: Actor, instance_id: int, key: int, form: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the fields of the task's form; what lists and pages could not show is refused."""
    instance, task = load_with_task(tx, instance_id, key)
    if task["holder_id"] != actor.holder_id or task["role"] != actor.role:
        raise _closed()
    refuse_other_account(instance, task["lane"], actor)
    clean, errors = instance.definition.form_of(task["element_id"]).validate(form, strict=False)
    if errors:
        raise Invalid("草稿未保存。", "The draft was not saved.", fields=errors)
    return clean


def _closed() -> NotFound:
    return NotFound("这项待办已不在办理中，草稿未保存。", "This task is no longer open.")


def _take_part(tx: Transaction, actor: Actor, instance_id: int, key: int) -> None:
    try:
        tx.run(
            """SELECT workflow.take_part(t.instance_id, %(person)s, t.holder_id, t.lane)
               FROM workflow.task t WHERE t.instance_id = %(instance)s AND t.key = %(key)s""",
            {"person": actor.person_id, "instance": instance_id, "key": key},
        )
    except psycopg2.Error as error:
        raise meaning_of(error) from error


def draft_of(tx: Transaction, instance_id: int, element_id: str) -> dict[str, Any] | None:
    """Return the saved form of a task, or None."""
    row = tx.one(
        """SELECT form FROM workflow.draft
           WHERE instance_id = %(instance)s AND element_id = %(element)s""",
        {"instance": instance_id, "element": element_id},
    )
    return json.loads(row[0]) if row else None
