"""Applications: begin, list, read, withdraw."""

from typing import Any

from flask import Response

from app.api.doors import actor, context, idempotency_key, session, signature
from app.api.groups import group
from app.api.shapes import (
    ApplicationOut,
    Applications,
    Begin,
    Done,
    EventIn,
    ListQuery,
    PreparedOut,
)
from app.services import application as reading
from app.services import applications, records, withdraw
from app.services.application import Application
from app.services.queries.narrowed import Narrowed
from app.services.records import Records
from app.services.signing import prepare as preparing
from app.services.signing.export import evidence
from app.services.signing.prepare import Prepared

resources = group("applications", "/applications", "Applications and their history")


@resources.get("")
@resources.arguments(ListQuery, location="query")
@resources.response(200, Applications)
def read_applications(query: dict[str, Any]) -> Records:
    """Return one's own applications; an authority's are those it takes part in."""
    ctx, who = context(), actor("read")
    narrowed = Narrowed(query["search"], query["status"])
    listed = {
        "auditor": records.everything,
        "provincial_authority": records.overseen,
        "registry_operator": records.overseen,
    }.get(who.role, records.own)
    return listed(ctx, who, narrowed, query.get("cursor"))


@resources.post("")
@resources.arguments(Begin)
@resources.response(201, Done)
def begin_application(body: dict[str, Any]) -> dict[str, Any]:
    """Begin an application: save it as a draft, or submit it at once.

    What is to be signed exists first: where the account asks for a signature, begin a draft here,
    then prepare and decide its task.
    """
    started = applications.begin(
        context(),
        actor("apply"),
        body["process"],
        body["subject_id"],
        body["form"],
        submit=body["submit"],
        ready=body["ready"],
        idempotency_key=idempotency_key(),
        session=session(),
    )
    return {
        "application_id": started.instance_id,
        "number": started.number,
        "decision_id": None,
        "key": None if body["submit"] else started.key,
        "replayed": started.replayed,
    }


@resources.get("/<int:application_id>")
@resources.response(200, ApplicationOut)
def read_application(application_id: int) -> Application:
    """Return an application to a party of it or an auditor."""
    return reading.application(context(), actor("read"), application_id)


@resources.post("/<int:application_id>/events/<name>/prepare")
@resources.response(200, PreparedOut)
def prepare_event(application_id: int, name: str) -> Prepared:
    """Return the document to be signed for an event; most accounts ask for none."""
    return preparing.prepare_event(context(), actor("apply"), application_id, name, session())


@resources.post("/<int:application_id>/events/<name>")
@resources.arguments(EventIn, required=False)
@resources.response(200, Done)
def send_event(body: dict[str, Any] | None, application_id: int, name: str) -> dict[str, Any]:
    """Send an event that the diagram lets this party send: withdraw, discard."""
    signed = signature((body or {}).get("signature"))
    outcome = withdraw.trigger(context(), actor("apply"), application_id, name, signed, session())
    return {
        "application_id": outcome.instance_id,
        "number": outcome.number,
        "decision_id": outcome.decision_id,
        "key": None,
        "replayed": False,
    }


@resources.get("/<int:application_id>/decisions/<int:decision_id>/evidence")
@resources.response(200, content_type="application/json", description="the evidence file")
def read_evidence(application_id: int, decision_id: int) -> Response:
    """Return the evidence of a signed decision, byte for byte, to check it without this server.

    `registry verify-decision FILE` says offline who decided what and when.
    """
    found = evidence(context(), actor("read"), application_id, decision_id)
    return Response(found.content, mimetype="application/json")
