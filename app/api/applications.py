"""Applications: begin, list, read, withdraw."""

from typing import Any

from app.api.doors import actor, context, idempotency_key
from app.api.groups import group
from app.api.shapes import ApplicationOut, Applications, Begin, Done, ListQuery
from app.services import application as reading
from app.services import applications, records, withdraw
from app.services.application import Application
from app.services.queries.narrowed import Narrowed
from app.services.records import Records

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
    """Begin an application: save it as a draft, or submit it at once."""
    started = applications.begin(
        context(),
        actor("apply"),
        body["process"],
        body["subject_id"],
        body["form"],
        submit=body["submit"],
        ready=body["ready"],
        idempotency_key=idempotency_key(),
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


@resources.post("/<int:application_id>/events/<name>")
@resources.response(200, Done)
def send_event(application_id: int, name: str) -> dict[str, Any]:
    """Send an event that the diagram lets this party send: withdraw, discard."""
    outcome = withdraw.trigger(context(), actor("apply"), application_id, name)
    return {
        "application_id": outcome.instance_id,
        "number": outcome.number,
        "decision_id": outcome.decision_id,
        "key": None,
        "replayed": False,
    }
