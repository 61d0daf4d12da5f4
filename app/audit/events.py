"""Writes the append-only history; whoever changes something writes its event beside it."""

import json
from collections.abc import Mapping
from datetime import datetime

from app.db import Transaction


def record(
    tx: Transaction,
    at: datetime,
    tag: str,
    *,
    subject: str = "",
    person_id: int | None = None,
    account_id: int | None = None,
    role: str | None = None,
    data: Mapping[str, object] | None = None,
) -> None:
    """Write one event in the caller's transaction; ``tag`` is source:subject:action.

    ``subject`` names what it is about as kind:id. Personal data never enters ``data``.
    """
    tx.run(
        """INSERT INTO audit.event (at, tag, person_id, account_id, role, subject, data)
           VALUES (%(at)s, %(tag)s, %(person)s, %(account)s, %(role)s, %(subject)s, %(data)s)""",
        {
            "at": at,
            "tag": tag,
            "person": person_id,
            "account": account_id,
            "role": role,
            "subject": subject,
            "data": json.dumps(data or {}, ensure_ascii=False, sort_keys=True),
        },
    )
