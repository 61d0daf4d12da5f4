"""Complete a human task: submit an application, review it (M14, M15, M35, W7)."""

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from psycopg2.errors import DeadlockDetected

from app.db import Transaction
from app.domain.errors import AlreadyDecided, Conflict, Forbidden, Invalid, NotFound
from app.services.actor import Actor
from app.services.advance import Move, advance, tried
from app.services.attachments.naming import bind_named
from app.services.context import Context
from app.services.counterparty import counterparty_of
from app.services.instance import Instance, load_with_names, load_with_task
from app.services.parties import refuse_other_account, refuse_other_receiver
from app.services.signing import trust
from app.services.signing.check import accepted
from app.services.signing.foresee import foreseen
from app.services.signing.names import Foreseen
from app.services.signing.refused import SignatureRefused
from app.services.signing.signed import NO_SESSION, Session, Signed
from app.services.step import Decided, MovedOn, OtherTrust, Step
from app.services.two_people import initiator
from app.workflow.definition import UserTask
from app.workflow.forms import Form

MAY_DECIDE = frozenset({"both", "confirm"})
LOOKS = 4
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the step did: the decision's number, and whether it was an answer given before."""

    decision_id: int
    instance_id: int
    number: str
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What a person hands in: the task, the form's values, and an optional idempotency key.

    ``signature`` is over the document that was asked for in ``session``
    (app/services/signing/prepare.py), where the account asks for one (R23).
    """

    instance_id: int
    key: int
    form: Mapping[str, Any]
    idempotency_key: str | None = None
    signature: Signed | None = None
    session: Session = NO_SESSION

    @property
    def fingerprint(self) -> str:
        """A hash of what was handed in, so that a repeated key can be told from a new request."""
        text = json.dumps([self.key, self.form], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


def decide(ctx: Context, actor: Actor, request: Request) -> Outcome:
    """Complete a task in one transaction.

    Raises NotFound when the instance is not the actor's to see, Forbidden when the task is not
    theirs to decide, AlreadyDecided when somebody was first, Invalid when the form is wrong,
    Refused with every failing numbered check.
    """

    def once(look: int) -> Outcome:
        with ctx.database.transaction() as tx:
            if look:
                stand_in_line(tx, request.instance_id)
            return decide_within(ctx, tx, actor, request)

    outcome = after_the_quicker(once)
    ctx.bell.ring()
    return outcome


def after_the_quicker(once: Callable[[int], T]) -> T:
    """Do a step; when another was quicker, look again at what it left behind.

    The second look finds the task decided and says by whom, or finds the answer to the same key,
    or goes on: a reminder that fired in between is nobody's decision, and of many who review at
    once each decides for itself. ``once`` is told which look it is, and stands in line from the
    second on, so that nobody loses twice. Of two that waited for one another the database has
    undone ours altogether: it is done again as well.
    """
    for look in range(LOOKS - 1):
        with suppress(MovedOn, DeadlockDetected):
            return once(look)
    return once(LOOKS - 1)


def stand_in_line(tx: Transaction, instance_id: int) -> None:
    """Wait for those who are at the instance already; nobody overtakes us then."""
    tx.run("SELECT FROM workflow.instance WHERE id = %(id)s FOR NO KEY UPDATE", {"id": instance_id})


def decide_within(ctx: Context, tx: Transaction, actor: Actor, request: Request) -> Outcome:
    """Do the same inside a transaction that is already open."""
    given = _given_before(tx, actor, request)
    if given is not None:
        return given
    try:
        step, move = asked_step(ctx, tx, actor, request)
    except AlreadyDecided:
        given = _given_before(tx, actor, request)  # by the same key, while we looked
        if given is not None:
            return given
        raise
    return settle(ctx, step, move, request.signature, request.session)


def settle(
    ctx: Context, step: Step, move: Move, signature: Signed | None, session: Session
) -> Outcome:
    """Take a step under its signature and write it.

    Where the signature is missing, what is wrong with the application itself is said first.
    """
    try:
        step.signature = accepted(ctx, step, signature, session)
    except SignatureRefused as refused:
        if refused.missing:
            tried(ctx, step, move)
        raise
    try:
        decision = advance(ctx, step, move)
    except OtherTrust:
        trust.forget(ctx)
        raise
    return Outcome(decision, step.instance.id, step.instance.number)


def asked_step(ctx: Context, tx: Transaction, actor: Actor, request: Request) -> tuple[Step, Move]:
    """Return the step that a request asks for, entitled and with a valid form, and its move.

    What is decided on and what is signed for it begin alike, here.
    """
    instance, open_task, names = _open_task(tx, actor, request)
    task = instance.definition.tasks[open_task["element_id"]]
    asked = instance.definition.form_of(task.id)
    form = _filled(asked, request.form)
    step = _step(ctx, tx, actor, instance, task, open_task, form, request)
    step.foreseen = names
    bind_named(ctx, step, actor, asked)
    step.decided.initiator = initiator(tx, actor, instance.id, task.id, asked, form)
    return step, lambda run: run.complete(request.key, form)


def _filled(form: Form, given: Mapping[str, Any]) -> dict[str, Any]:
    clean, errors = form.validate(given)
    if errors:
        raise Invalid(
            "有内容需要修改，尚未提交。",
            "Some fields need attention; nothing was submitted.",
            fields=errors,
        )
    return clean


def _step(
    ctx: Context,
    tx: Transaction,
    actor: Actor,
    instance: Instance,
    task: UserTask,
    open_task: Mapping[str, Any],
    form: Mapping[str, Any],
    request: Request,
) -> Step:
    at = ctx.clock.now()
    step = Step(
        tx=tx,
        instance=instance,
        actor=actor,
        at=at,
        decided=Decided(
            element_id=task.id,
            visit=open_task["visit"],
            kind="complete",
            lane=open_task["lane"],
            verdict=str(form.get("verdict", "")),
            opinion=str(form.get("opinion", "")),
            idempotency_key=request.idempotency_key,
            request=request.fingerprint,
            form=form,
        ),
        content=instance.content,
        draft_done=task.id,
    )
    if instance.definition.asks_content(task.id):
        step.content = form
        step.changes["content"] = json.dumps(form, ensure_ascii=False)
        step.changes["submitted_at"] = at.isoformat()
    return step


def _given_before(tx: Transaction, actor: Actor, request: Request) -> Outcome | None:
    """Return the first answer to an idempotency key; other content under it is a conflict."""
    if request.idempotency_key is None:
        return None
    row = tx.one(
        """SELECT d.id, d.instance_id, d.person_id, d.document, i.number
           FROM workflow.decision d JOIN workflow.instance i ON i.id = d.instance_id
           WHERE d.idempotency_key = %(key)s""",
        {"key": request.idempotency_key},
    )
    if row is None:
        return None
    decision, instance, person, document, number = row
    same = (
        person == actor.person_id
        and instance == request.instance_id
        and json.loads(bytes(document))["request"] == request.fingerprint
    )
    if not same:
        raise Conflict(
            "这个幂等键已用于另一内容的请求。",
            "This idempotency key was used for a request with other content.",
        )
    return Outcome(decision, instance, number, replayed=True)


def _open_task(
    tx: Transaction, actor: Actor, request: Request
) -> tuple[Instance, Mapping[str, Any], Foreseen | None]:
    """Return the instance and its open task; the version check when writing is the lock."""
    instance, task, names = _load(tx, actor, request)
    if not instance.has_party(actor.holder_id) and task["holder_id"] != actor.holder_id:
        raise NotFound
    if task["element_id"] is None:
        raise first_decision(tx, instance, actor)
    refuse_stranger(actor, task)
    refuse_other_account(instance, task["lane"], actor)
    refuse_other_receiver(tx, instance, task["lane"], actor)
    return instance, task, names


def _load(
    tx: Transaction, actor: Actor, request: Request
) -> tuple[Instance, Mapping[str, Any], Foreseen | None]:
    """Read the task, and where a document came with the request, the names that it will need."""
    names = foreseen(request.signature)
    if names is None:
        return *load_with_task(tx, request.instance_id, request.key), None
    return load_with_names(tx, request.instance_id, request.key, actor.account_id, names)


def refuse_stranger(actor: Actor, task: Mapping[str, Any]) -> None:
    """Raise Forbidden unless the task lies with the actor's holder, in the actor's role."""
    if task["holder_id"] != actor.holder_id or task["role"] != actor.role:
        raise Forbidden(
            "这项待办不由您所代表的单位办理。",
            "This task is not for the organisation you act for.",
        )
    if actor.rights not in MAY_DECIDE:
        raise Forbidden(
            "您的权限不能提交或审核；请由有权代表办理。",
            "Your rights do not allow submitting or reviewing; ask an entitled representative.",
        )
    if task["claimed_by"] not in {None, actor.person_id}:
        raise Conflict(
            "这项待办已被同事认领；须先由其释放。",
            "A colleague has claimed this task; it must be released first.",
        )


def first_decision(tx: Transaction, instance: Instance, actor: Actor) -> Exception:
    """Return who was first at a task that is no longer open.

    One of several reviewers is told of its own organisation's people only (M22): neither who of
    another has decided, nor how.
    """
    said = (
        "这项待办已有人办理，您的操作没有生效，没有任何数据被更改。",
        "This task has already been decided; nothing of yours was applied.",
    )
    who = counterparty_of(tx, actor, instance.definition, instance.id, instance.applicant_id)
    row = tx.map(
        """SELECT p.name, d.at, d.verdict, d.element_id
           FROM workflow.decision d LEFT JOIN identity.person p ON p.id = d.person_id
           WHERE d.instance_id = %(id)s
             AND (%(only)s::bigint IS NULL OR d.holder_id = %(only)s)
           ORDER BY d.version DESC LIMIT 1""",
        {"id": instance.id, "only": who.holder_id if who else None},
    )
    if row is None:
        return AlreadyDecided(*said) if who else NotFound()
    return AlreadyDecided(*said, **row)
