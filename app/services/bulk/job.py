"""Begin a bulk review, watch it, stop it, and tell what became of each task."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.db import Transaction
from app.domain.errors import Invalid, NotFound
from app.domain.label import Label
from app.identity.actor import Actor
from app.services.bulk.select import MOST, refuse_alone, sorted_out
from app.services.bulk.signing import Handed, accepted
from app.services.context import Context
from app.services.definitions import current_definition, definition_of
from app.services.history import note
from app.services.inbox import Entry, chosen
from app.services.signing.signed import Signed

RECENT = 20
NOTHING = Handed()
STOPPED = Label("已停止，未办理", "Stopped, not decided")


@dataclass(frozen=True, slots=True)
class Job:
    """A bulk review: what was concluded, and how far it has come."""

    id: int
    name: Label
    verdict: Label
    opinion: str
    at: datetime
    total: int
    decided: int
    failed: int
    stopped: int

    @property
    def done(self) -> int:
        """How many tasks are dealt with, one way or the other."""
        return self.decided + self.failed + self.stopped

    @property
    def finished(self) -> bool:
        """Whether nothing of it waits any more."""
        return self.done == self.total


@dataclass(frozen=True, slots=True)
class Item:
    """One task of a bulk review; ``outcome`` is waiting, decided, failed or stopped."""

    instance_id: int
    number: str
    holder: Label
    quantity: int
    outcome: str
    reason: Label
    decision_id: int | None
    done_at: datetime | None


def start(
    ctx: Context,
    actor: Actor,
    task_ids: Sequence[int],
    form: Mapping[str, Any],
    once: str,
    handed: Handed = NOTHING,
) -> int:
    """Put the tasks on the list to be decided and return the job's number.

    The same ``once`` of the same person again is the same job. ``handed`` are the signatures under
    which the worker decides, where they are asked for. Raises what ``prepare`` raises, Invalid
    naming the fields when the conclusion is not complete, and SignatureRefused.
    """
    refuse_alone(actor)
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        known = _begun(tx, actor, once)
        if known is not None:
            return known
        fit, _ = sorted_out(actor, chosen(tx, at, actor, task_ids[:MOST]))
        clean = _clean(tx, fit, form)
        signatures = accepted(ctx, tx, actor, fit, handed, at)
        job = _insert(tx, actor, fit, clean, once, at, signatures if handed.signed else None)
        if job is None:
            raise NotFound  # somebody else's key
        data = {"tasks": len(fit), "step": f"{fit[0].process_id}.{fit[0].element_id}"}
        note(tx, at, actor, "workflow:bulk:begun", f"bulk:{job}", data)
    ctx.bell.ring()
    return job


def _clean(tx: Transaction, fit: Sequence[Entry], form: Mapping[str, Any]) -> dict[str, Any]:
    """Validate by the form of each bundle that the tasks run; all take the same answers."""
    clean: dict[str, Any] = {}
    bundles = tx.all(
        "SELECT DISTINCT bundle_hash FROM workflow.instance WHERE id = ANY (%(ids)s)",
        {"ids": [entry.instance_id for entry in fit]},
    )
    for (bundle,) in bundles:
        clean, errors = definition_of(tx, bundle).form_of(fit[0].element_id).validate(form)
        if errors:
            raise Invalid(
                "有内容需要修改，尚未提交。",
                "Some fields need attention; nothing was submitted.",
                fields=errors,
            )
    return clean


def begun(ctx: Context, actor: Actor, once: str) -> int | None:
    """Return the job that the actor began with this key, if there is one."""
    with ctx.database.transaction() as tx:
        return _begun(tx, actor, once)


def _begun(tx: Transaction, actor: Actor, once: str) -> int | None:
    row = tx.one(
        "SELECT id FROM workflow.bulk_job WHERE once = %(once)s AND person_id = %(person)s",
        {"once": once, "person": actor.person_id},
    )
    return int(row[0]) if row else None


def _insert(
    tx: Transaction,
    actor: Actor,
    fit: Sequence[Entry],
    form: Mapping[str, Any],
    once: str,
    at: datetime,
    signatures: Mapping[tuple[str, str], Signed] | None,
) -> int | None:
    """Write job and items; pressed twice at the same moment, the second finds the first's.

    An item without a signature in a review that came with some says so by its time.
    """
    row = tx.one(
        """INSERT INTO workflow.bulk_job (person_id, account_id, process_id, element_id, name,
               name_en, form, once, at)
           VALUES (%(person)s, %(account)s, %(process)s, %(element)s, %(name)s, %(name_en)s,
               %(form)s, %(once)s, %(at)s)
           ON CONFLICT (once) DO NOTHING RETURNING id""",
        {
            "person": actor.person_id,
            "account": actor.account_id,
            "process": fit[0].process_id,
            "element": fit[0].element_id,
            "name": fit[0].name.zh,
            "name_en": fit[0].name.en,
            "form": json.dumps(form, ensure_ascii=False),
            "once": once,
            "at": at,
        },
    )
    if row is None:
        return _begun(tx, actor, once)
    signed = [(signatures or {}).get((entry.number, entry.element_id)) for entry in fit]
    tx.run(
        """INSERT INTO workflow.bulk_item (job_id, place, instance_id, key, document, cms,
               signed_at)
           SELECT %(job)s, i.place, i.instance_id, i.key, i.document, i.cms, i.signed_at
           FROM unnest(%(instances)s::bigint[], %(keys)s::integer[], %(documents)s::bytea[],
                       %(cms)s::bytea[], %(times)s::timestamptz[])
               WITH ORDINALITY AS i (instance_id, key, document, cms, signed_at, place)""",
        {
            "job": row[0],
            "instances": [entry.instance_id for entry in fit],
            "keys": [entry.key for entry in fit],
            "documents": [one.document if one else None for one in signed],
            "cms": [one.cms if one else None for one in signed],
            "times": [None if signatures is None else at] * len(fit),
        },
    )
    return int(row[0])


def job(ctx: Context, actor: Actor, job_id: int) -> Job:
    """Return one of the actor's own bulk reviews; raises NotFound."""
    found = _jobs(ctx, actor, "j.id = %(job)s", {"job": job_id})
    if not found:
        raise NotFound
    return found[0]


def jobs(ctx: Context, actor: Actor) -> list[Job]:
    """Return the actor's newest bulk reviews."""
    return _jobs(ctx, actor, "true", {})


def _jobs(ctx: Context, actor: Actor, where: str, params: Mapping[str, object]) -> list[Job]:
    with ctx.database.transaction() as tx:
        rows = tx.all(
            f"""SELECT j.id, j.name, j.name_en, j.process_id, j.element_id, j.form, j.at,
                    count(*), count(*) FILTER (WHERE i.outcome = 'decided'),
                    count(*) FILTER (WHERE i.outcome = 'failed'),
                    count(*) FILTER (WHERE i.outcome = 'stopped')
                FROM (SELECT * FROM workflow.bulk_job j WHERE j.person_id = %(person)s
                        AND j.account_id = %(account)s AND {where}
                      ORDER BY j.id DESC LIMIT {RECENT}) AS j
                JOIN workflow.bulk_item i ON i.job_id = j.id
                GROUP BY j.id, j.name, j.name_en, j.process_id, j.element_id, j.form, j.at
                ORDER BY j.id DESC""",  # noqa: S608 - made of constants
            {"person": actor.person_id, "account": actor.account_id, **params},
        )
        return [_job(tx, row) for row in rows]


def _job(tx: Transaction, row: tuple[Any, ...]) -> Job:
    number, name, name_en, process, element, text, at, *counts = row
    form = json.loads(text)
    verdict = _verdict(tx, process, element, form)
    return Job(number, Label(name, name_en or name), verdict, form.get("opinion", ""), at, *counts)


def _verdict(tx: Transaction, process: str, element: str, form: Mapping[str, Any]) -> Label:
    """Return the conclusion in the words of the newest diagram's form, if it still has the task."""
    definition = current_definition(tx, process)
    if element in definition.tasks:
        said = definition.form_of(element).field("verdict").said(form)
        if said.zh:
            return said
    return Label(form["verdict"], form["verdict"])


def items(ctx: Context, actor: Actor, job_id: int, *, outcome: str = "") -> list[Item]:
    """Return the tasks of one of the actor's own bulk reviews, in its order; raises NotFound."""
    job(ctx, actor, job_id)
    with ctx.database.transaction() as tx:
        return list(_items(tx, job_id, outcome))


def _items(tx: Transaction, job_id: int, outcome: str) -> Iterator[Item]:
    rows = tx.all(
        """SELECT i.instance_id, n.number, h.name, h.name_en, n.quantity, i.outcome, i.reason,
               i.reason_en, i.decision_id, i.done_at
           FROM workflow.bulk_item i JOIN workflow.instance n ON n.id = i.instance_id
           JOIN identity.holder h ON h.id = n.applicant_id
           WHERE i.job_id = %(job)s AND %(outcome)s IN ('', i.outcome) ORDER BY i.place""",
        {"job": job_id, "outcome": outcome},
    )
    for instance, number, name, name_en, quantity, how, zh, en, decision, at in rows:
        holder, reason = Label(name, name_en or name), Label(zh, en)
        yield Item(instance, number, holder, quantity, how, reason, decision, at)


def stop(ctx: Context, actor: Actor, job_id: int) -> int:
    """Leave undone what has not begun; what was decided stays. Return how many are left undone.

    Raises NotFound for another's job.
    """
    job(ctx, actor, job_id)
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        stopped = tx.run(
            """UPDATE workflow.bulk_item SET outcome = 'stopped', done_at = %(at)s,
                   reason = %(zh)s, reason_en = %(en)s
               WHERE (job_id, place) IN (SELECT w.job_id, w.place FROM workflow.bulk_item w
                   WHERE w.job_id = %(job)s AND w.done_at IS NULL FOR UPDATE SKIP LOCKED)""",
            {"job": job_id, "at": at, "zh": STOPPED.zh, "en": STOPPED.en},
        )
        note(tx, at, actor, "workflow:bulk:stopped", f"bulk:{job_id}", {"left": stopped})
    return stopped
