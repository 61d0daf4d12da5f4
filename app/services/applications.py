"""The first save or the first submission of a new application: one transaction, no empty shells."""

from collections.abc import Mapping
from typing import Any

from app.services.actor import Actor
from app.services.context import Context
from app.services.decide import Request, decide_within
from app.services.drafts import save_within
from app.services.start import Started, start_within


def begin(
    ctx: Context,
    actor: Actor,
    process_id: str,
    subject_id: int | None,
    form: Mapping[str, Any],
    *,
    submit: bool,
    idempotency_key: str | None = None,
) -> Started:
    """Start an application and save its draft, or submit it at once (M14, M15).

    A refused submission starts nothing: the page still has the form, and nothing was written.
    """
    with ctx.database.transaction() as tx:
        started = start_within(ctx, tx, actor, process_id, subject_id)
        if submit:
            request = Request(started.instance_id, started.key, form, idempotency_key)
            decide_within(ctx, tx, actor, request)
        else:
            save_within(ctx, tx, actor, started.instance_id, started.key, form)
    ctx.bell.ring()
    return started
