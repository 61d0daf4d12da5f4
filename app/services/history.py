"""What somebody did outside of an application, in the append-only history (W7)."""

from collections.abc import Mapping
from datetime import datetime

from app.audit.events import record
from app.db import Transaction
from app.services.actor import Actor


def note(
    tx: Transaction,
    at: datetime,
    by: Actor | None,
    tag: str,
    subject: str,
    data: Mapping[str, object] | None = None,
) -> None:
    """Write one event with who did it; ``by`` None is the installation itself (a command)."""
    record(
        tx,
        at,
        tag,
        subject=subject,
        person_id=by.person_id if by else None,
        account_id=by.account_id if by else None,
        role=by.role if by else None,
        data=data,
    )
