"""The first submission of somebody who signs with a key of their own: a draft, then its document.

Nothing exists before it is saved or submitted (R7), but what is signed has to name an application
that exists, by its number. So pressing submit on a new form saves it as a draft, like the button
beside it would, and the document to be signed is that draft's. Who then cancels the signature
finds the draft; who signs submits it. A form that would be refused saves nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.services.actor import Actor
from app.services.context import Context
from app.services.decide import Request
from app.services.drafts import save_within
from app.services.signing.prepare import Prepared, prepare_within, signed_by_themselves
from app.services.signing.signed import Session
from app.services.start import Started, start_within


@dataclass(frozen=True, slots=True)
class Begun:
    """What is to be signed, and the draft it is about; no draft where nothing is to be signed."""

    prepared: Prepared
    started: Started | None = None


def prepare_first(
    ctx: Context,
    actor: Actor,
    process_id: str,
    subject_id: int | None,
    form: Mapping[str, Any],
    session: Session,
) -> Begun:
    """Save a new application and return what is to be signed to submit it.

    Raises what saving and what submitting it would raise; then nothing was saved.
    """
    with ctx.database.transaction() as tx:
        if not signed_by_themselves(ctx, tx, actor, "complete", session):
            return Begun(Prepared())
        started = start_within(ctx, tx, actor, process_id, subject_id)
        save_within(ctx, tx, actor, started.instance_id, started.key, form)
        request = Request(started.instance_id, started.key, form, session=session)
        return Begun(prepare_within(ctx, tx, actor, request), started)
