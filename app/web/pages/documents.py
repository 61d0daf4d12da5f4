"""What is to be signed, for the pages' own scripts; and the evidence of what was signed (W10)."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, jsonify, request, url_for
from werkzeug.wrappers import Response

from app.domain.errors import Conflict, Invalid
from app.services import application as reading
from app.services.blank import blank
from app.services.decide import Request
from app.services.saved import saved_form
from app.services.signing.begin import prepare_first
from app.services.signing.export import evidence
from app.services.signing.prepare import prepare, prepare_event
from app.web.bodies import takes_files
from app.web.limits import documents_asked_for
from app.web.pages.filled import Filled
from app.web.pages.handed_in import hand_in
from app.web.pages.typed import values_of
from app.web.signs import session
from app.web.visitor import actor, context
from app.workflow.forms import Form

pages = Blueprint("documents", __name__, url_prefix="/applications")


@pages.post("/new/<process_id>/prepare")
@pages.post("/new/<process_id>/<int:subject_id>/prepare")
@documents_asked_for
@takes_files
def first(process_id: str, subject_id: int | None = None) -> Response:
    """Save a new application as a draft, and return what is to be signed to submit it.

    From then on the form is the draft's: where it is sent and prepared says the answer.
    """
    ctx, who = context(), actor()
    form = _typed(blank(ctx, who, process_id, subject_id).form)
    begun = prepare_first(ctx, who, process_id, subject_id, form, session())
    if begun.started is None:
        return answer([])
    instance_id, key = begun.started.instance_id, begun.started.key
    return answer(
        [begun.prepared.document],
        action=url_for("applications.task", instance_id=instance_id, key=key),
        prepare=url_for(".task", instance_id=instance_id, key=key),
    )


@pages.post("/<int:instance_id>/tasks/<int:key>/prepare")
@documents_asked_for
@takes_files
def task(instance_id: int, key: int) -> Response:
    """Return what is to be signed to complete a task with what the form says."""
    ctx, who = context(), actor()
    found = reading.application(ctx, who, instance_id)
    waiting = found.task(key)
    if waiting is None:
        raise Conflict("这项待办已办结。", "This task has been decided.")
    form: dict[str, Any]
    if request.form.get("action") == "confirm":  # what another handed over, as it is (G21)
        saved = saved_form(ctx, who, instance_id, key)
        form = dict(saved.form) if saved and saved.ready else {}
    else:
        form = _typed(found.definition.form_of(waiting.element_id))
    asked = Request(instance_id, key, form, session=session())
    return answer([prepare(ctx, who, asked).document])


@pages.post("/<int:instance_id>/send/<name>/prepare")
@documents_asked_for
def event(instance_id: int, name: str) -> Response:
    """Return what is to be signed to send an event; most accounts ask for none."""
    found = prepare_event(context(), actor(), instance_id, name, session())
    return answer([found.document])


@pages.get("/<int:instance_id>/decisions/<int:decision_id>/evidence.json")
def download(instance_id: int, decision_id: int) -> Response:
    """Return the evidence of a signed decision as a file, byte for byte."""
    found = evidence(context(), actor(), instance_id, decision_id)
    response = Response(found.content, mimetype="application/json")
    response.headers.set("Content-Disposition", "attachment", filename=found.name)
    return response


def answer(documents: Sequence[bytes | None], **more: str) -> Response:
    """Return documents as the script of signing reads them (assets/signing.js)."""
    found = [b64encode(document).decode() for document in documents if document is not None]
    return jsonify({"needed": bool(found), "documents": found, **more})


def _typed(form: Form) -> dict[str, Any]:
    """Read the form as its own page does; raises Invalid, which the page then says."""
    filled = Filled(form)
    filled.read(values_of(form))
    hand_in(filled)
    if filled.refused:
        raise Invalid("有附件没有上传。", "Files were not uploaded.", fields=filled.errors)
    filled.without_blanks()
    return filled.checked(strict=True)
