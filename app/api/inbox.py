"""What waits for one's organisation; claim and release."""

from typing import Any

from app.api.doors import actor, context
from app.api.groups import group
from app.api.shapes import Inbox, InboxQuery
from app.services import claims, inbox
from app.services.inbox import Filters, Page

resources = group("inbox", "", "What waits for one's organisation")


@resources.get("/inbox")
@resources.arguments(InboxQuery, location="query")
@resources.response(200, Inbox)
def read_inbox(query: dict[str, Any]) -> Page:
    """Return a page of the inbox, in the order of what is due."""
    cursor = query.pop("cursor", None)
    query["at_least"] = int(query["at_least"])
    return inbox.page(context(), actor("read"), Filters(**query), cursor)


@resources.post("/inbox/<int:task_id>/claim")
@resources.response(204)
def claim(task_id: int) -> None:
    """Take a task for oneself; 409 names the colleague who was first."""
    claims.claim(context(), actor("review"), task_id)


@resources.post("/inbox/<int:task_id>/release")
@resources.response(204)
def release(task_id: int) -> None:
    """Give back a task one has claimed."""
    claims.release(context(), actor("review"), task_id)
