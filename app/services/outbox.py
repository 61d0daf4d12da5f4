"""What goes out after a commit, by kind. Delivery is at least once; receivers must not mind."""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from app.services.context import Context

log = logging.getLogger(__name__)


def deliver(ctx: Context, kind: str, payload: str) -> None:
    """Deliver one line; raises KeyError for a kind nobody delivers."""
    DELIVERIES[kind](ctx, json.loads(payload))


def _decided(_ctx: Context, payload: Mapping[str, Any]) -> None:
    """A decision was recorded. E-mail and SMS hang on here when they come (part K, G31)."""
    log.info("decided", extra={"instance": payload.get("instance"), "task": payload.get("task")})


DELIVERIES: Mapping[str, Callable[[Context, Mapping[str, Any]], None]] = {"decided": _decided}
