"""Send one message, once: what began and did not end is never simply sent again."""

import hashlib
from collections.abc import Mapping
from typing import Any

from app.db import Transaction
from app.failpoints import reached
from app.messages.port import Failed, Letter, Port, Refused
from app.services.context import Context
from app.services.telling.plan import note

LONGEST_ERROR = 200


def send(ctx: Context, payload: Mapping[str, Any], _line: int) -> None:
    """Send a planned message; raises Failed when it is to be tried again.

    ``begun`` is committed before the message leaves. If a worker died after that, the port is
    asked whether it left; where nobody can know, it stays ``unclear``, and the operator sees it.
    """
    carry(ctx, int(payload["message"]))


def carry(ctx: Context, number: int, filled: Mapping[str, str] | None = None) -> None:
    """Send a recorded message, with ``filled`` put in the place of its marks; raises Failed.

    What is filled in stands nowhere else: the record keeps the marks.
    """
    with ctx.database.transaction() as tx:
        message = _message(tx, number)
        port = ctx.ports[message["channel"]]
        outcome = _outcome_without_sending(message, port)
        if outcome is not None:
            if outcome:
                note(tx, number, outcome, ctx.clock.now())
            return
        note(tx, number, "begun", ctx.clock.now(), address_hash=_hash(message))
    reached("message_begun")
    for mark, text in (filled or {}).items():
        message["body"] = message["body"].replace(mark, text)
    outcome, failure = _carried(port, message)
    reached("message_carried")
    with ctx.database.transaction() as tx:
        error = str(failure)[:LONGEST_ERROR] if failure else ""
        note(tx, number, outcome, ctx.clock.now(), address_hash=_hash(message), error=error)
    if outcome == "failed" and failure is not None:
        raise failure


def _carried(port: Port, message: Mapping[str, Any]) -> tuple[str, Failed | None]:
    letter = Letter(
        message["token"], message["address"], message["subject"], message["body"], message["at"]
    )
    try:
        port.send(letter)
    except Refused as refusal:
        return "refused", refusal
    except Failed as failure:
        return "failed", failure
    return "sent", None


def _outcome_without_sending(message: Mapping[str, Any], port: Port) -> str | None:
    """Return the outcome where nothing is to be sent ("" when it is on record), else None."""
    if message["final"]:
        return ""
    if message["last"] == "begun":
        left = port.holds(message["token"])
        if left is None:
            return "unclear"
        if left:
            return "sent"
    if message["closed"] or message["settled"]:
        return "settled"
    if not message["address"]:
        return "no_address"
    return None


def _message(tx: Transaction, number: int) -> dict[str, Any]:
    """Return a message, its person's present address, and what is on record of it.

    Settled: each task it tells of has been done meanwhile.
    """
    found = tx.map(
        """SELECT m.channel, m.token, m.subject, m.body, m.at, p.salt,
               CASE m.channel WHEN 'email' THEN p.email ELSE p.phone END AS address,
               p.closed_at IS NOT NULL AS closed,
               m.kind = 'task' AND NOT EXISTS (SELECT FROM workflow.task t
                   WHERE t.instance_id = m.instance_id AND t.key = ANY (m.task_keys)) AS settled,
               EXISTS (SELECT FROM messages.attempt a WHERE a.message_id = m.id
                   AND a.outcome NOT IN ('begun', 'failed')) AS final,
               (SELECT a.outcome FROM messages.attempt a WHERE a.message_id = m.id
                ORDER BY a.id DESC LIMIT 1) AS last
           FROM messages.message m JOIN identity.person p ON p.id = m.person_id
           WHERE m.id = %(id)s""",
        {"id": number},
    )
    if found is None:
        raise LookupError(f"there is no message {number}")
    return found


def _hash(message: Mapping[str, Any]) -> bytes:
    """Return the address as a hash that only the person's own salt opens."""
    return hashlib.sha256(bytes(message["salt"]) + message["address"].encode()).digest()
