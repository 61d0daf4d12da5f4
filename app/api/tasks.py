"""One task of an application: what it asks, its draft, its decision."""

from typing import Any

from app.api.doors import actor, context, idempotency_key, session, signature
from app.api.groups import group
from app.api.shapes import DecisionIn, Done, DraftIn, FormIn, PreparedOut, TaskForm
from app.domain.errors import Forbidden, NotFound
from app.identity.actor import Actor
from app.services import application as reading
from app.services import drafts
from app.services.application import Application
from app.services.checked import checks
from app.services.decide import Request, decide
from app.services.saved import saved_form
from app.services.signing.prepare import Prepared, prepare

resources = group("tasks", "/applications", "Tasks and decisions")


@resources.get("/<int:application_id>/tasks/<int:key>")
@resources.response(200, TaskForm)
def read_task(application_id: int, key: int) -> dict[str, Any]:
    """Return what an open task of one's own organisation asks."""
    ctx, who = context(), actor("read")
    found = reading.application(ctx, who, application_id)
    waiting = found.task(key)
    if waiting is None or waiting.holder_id != who.holder_id:
        raise NotFound
    task = found.definition.tasks[waiting.element_id]
    draft = saved_form(ctx, who, application_id, key)
    return {
        "application_id": application_id,
        "key": key,
        "element": task.id,
        "name": task.label,
        "instructions": task.instructions,
        "visit": waiting.visit,
        "due_at": waiting.due_at,
        "schema": dict(found.definition.forms[task.form].schema),
        "draft": dict(draft.form) if draft else None,
        "checks": checks(ctx, who, application_id),
    }


@resources.put("/<int:application_id>/tasks/<int:key>/draft")
@resources.arguments(DraftIn)
@resources.response(204)
def save_draft(body: dict[str, Any], application_id: int, key: int) -> None:
    """Save what was typed so far; limits are checked on submission only."""
    who = _entitled(application_id, key)
    drafts.save(context(), who, application_id, key, body["form"], ready=body["ready"])


@resources.post("/<int:application_id>/tasks/<int:key>/prepare")
@resources.arguments(FormIn)
@resources.response(200, PreparedOut)
def prepare_decision(body: dict[str, Any], application_id: int, key: int) -> Prepared:
    """Return the document to be signed for a decision; good once, for ten minutes.

    What deciding would refuse is refused here already. Sign it as a detached CMS with the
    person's own certificate, and send both with the decision, by the same token.
    """
    who = _entitled(application_id, key)
    return prepare(context(), who, Request(application_id, key, body["form"], session=session()))


@resources.post("/<int:application_id>/tasks/<int:key>/decision")
@resources.arguments(DecisionIn)
@resources.response(200, Done)
def decide_task(body: dict[str, Any], application_id: int, key: int) -> dict[str, Any]:
    """Complete a task: submit, or review. Send Idempotency-Key to repeat it safely.

    Where the account asks for a signature, bring the prepared document and the signature over it;
    one that does not stand is refused with its number (8001 to 8099).
    """
    who = _entitled(application_id, key)
    request = Request(
        application_id,
        key,
        body["form"],
        idempotency_key(),
        signature(body["signature"]),
        session(),
    )
    outcome = decide(context(), who, request)
    return {
        "application_id": outcome.instance_id,
        "number": outcome.number,
        "decision_id": outcome.decision_id,
        "key": None,
        "replayed": outcome.replayed,
    }


def _entitled(application_id: int, key: int) -> Actor:
    """Return who acts: an applicant's own task asks for ``apply``, any other for ``review``."""
    who = actor("apply", "review")
    found = reading.application(context(), who, application_id)
    return actor(_scope(found, key)) if found.task(key) else who


def _scope(found: Application, key: int) -> str:
    waiting = found.task(key)
    if waiting is None:
        raise Forbidden("这项待办已办结。", "This task has been decided.")
    return "apply" if waiting.holder_id == found.applicant_id else "review"
