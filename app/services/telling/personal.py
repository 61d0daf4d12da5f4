"""Messages to one person about their own certificate: at once, whatever they chose to be told (M2).

A code stands sealed in its line of the outbox alone. What is kept of the message has a mark in its
place, so that neither the list of messages nor a copy of the database holds both codes.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.db import Transaction
from app.messages.credential_texts import CODE
from app.messages.texts import Written
from app.services.context import Context
from app.services.telling.plan import Message, record
from app.services.telling.sealed import seal, unseal
from app.services.telling.send import carry

KIND = "credential"


def tell(
    ctx: Context,
    tx: Transaction,
    person_id: int,
    channel: str,
    written: Written,
    at: datetime,
    code: str = "",
) -> None:
    """Plan a message in the caller's transaction; the worker sends it after the commit.

    Nothing is planned for who has never acted for anybody.
    """
    holder = tx.one(
        """SELECT a.holder_id FROM identity.mandate m JOIN identity.account a ON a.id = m.account_id
           WHERE m.person_id = %(person)s ORDER BY m.id DESC LIMIT 1""",
        {"person": person_id},
    )
    if holder is None:
        return
    sealed = {"sealed": seal(ctx.settings.secret_key, code)} if code else {}
    line = tx.one(
        """INSERT INTO workflow.outbox (kind, payload, due_at, created_at)
           VALUES ('personal', %(payload)s, %(at)s, %(at)s) RETURNING id""",
        {"payload": json.dumps(sealed), "at": at},
    )
    assert line is not None  # noqa: S101 -- INSERT … RETURNING gives a row or raises
    record(tx, Message(line[0], person_id, holder[0], channel, KIND, written), at, held=False)


def send_personal(ctx: Context, payload: Mapping[str, Any], line: int) -> None:
    """Send what a line has planned, its code filled in; raises Failed to be tried again."""
    with ctx.database.transaction() as tx:
        row = tx.one("SELECT id FROM messages.message WHERE outbox_id = %(line)s", {"line": line})
    if row is None:
        raise LookupError(f"line {line} has planned no message")
    sealed = payload.get("sealed")
    code = unseal(ctx.settings.secret_key, str(sealed)) if sealed else ""
    carry(ctx, int(row[0]), {CODE: code} if code else {})
