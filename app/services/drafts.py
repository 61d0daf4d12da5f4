"""Drafts: saved any number of times, never checked against limits, never lost (R7, M15, M44)."""

import json
from collections.abc import Mapping
from typing import Any

import psycopg2

from app.db import Transaction
from app.domain.errors import Forbidden, Invalid, NotFound
from app.services.actor import Actor
from app.services.attachments.naming import check_named
from app.services.context import Context
from app.services.instance import load_with_task
from app.services.parties import refuse_other_account, refuse_other_receiver
from app.services.step import meaning_of

LONGEST = 200_000  # characters of JSON; far above any form, far below a denial of service


def save(
    ctx: Context,
    actor: Actor,
    instance_id: int,
    key: int,
    form: Mapping[str, Any],
    *,
    ready: bool = False,
) -> None:
    """Save what was typed so far into the task's draft; the limits are checked on submission.

    ``ready`` hands it over to the account's confirming representative (G21); it must be complete
    then. Saving again takes it back.

    Raises NotFound when the task is not open or not the actor's, Forbidden for read-only rights
    and for a person who has acted for another party of the instance (nobody reviews what they
    drafted), Invalid for values that no page of this form could have sent.
    """
    with ctx.database.transaction() as tx:
        save_within(ctx, tx, actor, instance_id, key, form, ready=ready)


def save_within(
    ctx: Context,
    tx: Transaction,
    actor: Actor,
    instance_id: int,
    key: int,
    form: Mapping[str, Any],
    *,
    ready: bool = False,
) -> None:
    """Do the same inside a transaction that is already open."""
    if actor.rights == "read":
        raise Forbidden("您只有查看权限，不能保存。", "Your rights are read-only.")
    if actor.two_person and not actor.may_initiate:
        raise Forbidden(
            "您是确认代表，不能填写；请由发起代表填写或修改。",
            "You confirm for this account; the initiating representative fills in.",
        )
    clean = _readable(tx, actor, instance_id, key, form, strict=ready)
    text = json.dumps(clean, ensure_ascii=False)
    if len(text) > LONGEST:
        raise Forbidden("内容过长，未能保存。", "The content is too long and was not saved.")
    saved = tx.run(
        """INSERT INTO workflow.draft (instance_id, element_id, holder_id, form, person_id,
               account_id, role, saved_at, ready_at)
           SELECT t.instance_id, t.element_id, t.holder_id, %(form)s, %(person)s, %(account)s,
               t.role, %(at)s, %(ready)s
           FROM workflow.task t
           WHERE t.instance_id = %(instance)s AND t.key = %(key)s AND t.holder_id = %(holder)s
             AND t.role = %(role)s
           ON CONFLICT (instance_id, element_id, holder_id) DO UPDATE SET form = excluded.form,
               person_id = excluded.person_id, account_id = excluded.account_id,
               saved_at = excluded.saved_at, ready_at = excluded.ready_at""",
        {
            "form": text,
            "person": actor.person_id,
            "account": actor.account_id,
            "at": ctx.clock.now(),
            "ready": ctx.clock.now() if ready else None,
            "instance": instance_id,
            "key": key,
            "holder": actor.holder_id,
            "role": actor.role,
        },
    )
    if not saved:
        raise _closed()
    _take_part(tx, actor, instance_id, key)
    if ready:
        _let_go(tx, actor, instance_id, key)


def take_back(ctx: Context, actor: Actor, instance_id: int, key: int) -> None:
    """Give what was handed over back for editing; either representative may (G21).

    Raises NotFound when nothing is handed over at a task of the actor's organisation.
    """
    if actor.rights == "read":
        raise Forbidden("您只有查看权限。", "Your rights are read-only.")
    with ctx.database.transaction() as tx:
        done = tx.run(
            """UPDATE workflow.draft d SET ready_at = NULL FROM workflow.task t
               WHERE t.instance_id = %(instance)s AND t.key = %(key)s
                 AND t.holder_id = %(holder)s AND d.instance_id = t.instance_id
                 AND d.element_id = t.element_id AND d.holder_id = t.holder_id
                 AND d.account_id = %(account)s AND d.ready_at IS NOT NULL""",
            {
                "instance": instance_id,
                "key": key,
                "holder": actor.holder_id,
                "account": actor.account_id,
            },
        )
        if not done:
            raise NotFound("没有待确认的内容。", "Nothing is waiting to be confirmed.")


def _readable(
    tx: Transaction,
    actor: Actor,
    instance_id: int,
    key: int,
    form: Mapping[str, Any],
    *,
    strict: bool,
) -> dict[str, Any]:
    """Return the fields of the task's form; what lists and pages could not show is refused."""
    instance, task = load_with_task(tx, instance_id, key)
    if task["holder_id"] != actor.holder_id or task["role"] != actor.role:
        raise _closed()
    refuse_other_account(instance, task["lane"], actor)
    refuse_other_receiver(tx, instance, task["lane"], actor)
    asked = instance.definition.form_of(task["element_id"])
    clean, errors = asked.validate(form, strict=strict)
    if errors:
        raise Invalid("草稿未保存。", "The draft was not saved.", fields=errors)
    check_named(tx, actor, asked, clean)
    return clean


def _closed() -> NotFound:
    return NotFound("这项待办已不在办理中，草稿未保存。", "This task is no longer open.")


def _let_go(tx: Transaction, actor: Actor, instance_id: int, key: int) -> None:
    """Release one's own claim: who hands over asks a colleague to decide."""
    tx.run(
        """UPDATE workflow.task SET claimed_by = NULL, claimed_at = NULL, claimed_for = NULL
           WHERE instance_id = %(instance)s AND key = %(key)s AND claimed_by = %(person)s""",
        {"instance": instance_id, "key": key, "person": actor.person_id},
    )


def _take_part(tx: Transaction, actor: Actor, instance_id: int, key: int) -> None:
    try:
        tx.run(
            """SELECT workflow.take_part(t.instance_id, %(person)s, t.holder_id, t.lane)
               FROM workflow.task t WHERE t.instance_id = %(instance)s AND t.key = %(key)s""",
            {"person": actor.person_id, "instance": instance_id, "key": key},
        )
    except psycopg2.Error as error:
        raise meaning_of(error) from error


def draft_of(
    tx: Transaction, instance_id: int, element_id: str, holder_id: int
) -> dict[str, Any] | None:
    """Return the form that a holder saved at a task, or None."""
    row = tx.one(
        """SELECT form FROM workflow.draft WHERE instance_id = %(instance)s
             AND element_id = %(element)s AND holder_id = %(holder)s""",
        {"instance": instance_id, "element": element_id, "holder": holder_id},
    )
    return json.loads(row[0]) if row else None
