"""What goes out after a commit, by kind. Delivery is at least once; receivers must not mind."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from app.services.context import Context
from app.services.telling.digest import summarise
from app.services.telling.personal import send_personal
from app.services.telling.plan import plan
from app.services.telling.send import send

Delivery = Callable[[Context, Mapping[str, Any], int], None]


def deliver(ctx: Context, kind: str, payload: str, line: int) -> None:
    """Deliver the line of that number; raises KeyError for a kind nobody delivers."""
    DELIVERIES[kind](ctx, json.loads(payload), line)


# A decision plans messages; each of them, and each summary of many, is a line of its own.
DELIVERIES: Mapping[str, Delivery] = {
    "decided": plan,
    "message": send,
    "digest": summarise,
    "personal": send_personal,
}
