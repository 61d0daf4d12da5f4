"""One summary instead of two hundred e-mails on the day of the deadline."""

from collections.abc import Mapping
from typing import Any

from app.db import Transaction
from app.domain.label import Label
from app.messages.texts import SHOWN, Line, Written, digest_email, digest_sms
from app.services.context import Context
from app.services.telling.plan import (
    AT_HOME,
    Message,
    covered,
    enqueue,
    lock,
    newest_held,
    note,
    record,
)


def summarise(ctx: Context, payload: Mapping[str, Any], line: int) -> None:
    """Plan the summary of what was held; one that has nothing left to say is settled at once."""
    person, channel = int(payload["person"]), str(payload["channel"])
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        lock(tx, person)
        since, until = covered(tx, person, channel), newest_held(tx, person, channel)
        if until <= since:
            return  # an earlier delivery of this line has done it
        tasks, notices, lines = _waiting(tx, person, channel, since)
        written = _written(ctx, channel, tasks, notices, lines)
        holder = tx.one("SELECT holder_id FROM messages.message WHERE id = %(id)s", {"id": until})
        assert holder is not None  # noqa: S101 -- it was read a moment ago
        message = Message(line, person, holder[0], channel, "digest", written, covers_to=until)
        number = record(tx, message, at, held=False)
        if number is None:
            return
        if tasks + notices:
            enqueue(tx, "message", {"message": number}, at, at)
        else:
            note(tx, number, "settled", at)


def _waiting(tx: Transaction, person: int, channel: str, since: int) -> tuple[int, int, list[Line]]:
    """Return how many held tasks are still open, how many messages came, and the first lines."""
    held = """FROM messages.message m JOIN workflow.instance i ON i.id = m.instance_id
        LEFT JOIN workflow.task t ON t.instance_id = m.instance_id AND t.key = ANY (m.task_keys)
        WHERE m.person_id = %(person)s AND m.channel = %(channel)s AND m.held AND m.id > %(since)s
          AND (m.kind = 'notice' OR t.id IS NOT NULL)"""
    values = {"person": person, "channel": channel, "since": since, "most": SHOWN}
    counts = tx.one(
        f"SELECT count(t.id), count(*) FILTER (WHERE m.kind = 'notice' AND t.id IS NULL) {held}",
        values,
    )
    rows = tx.all(
        f"""SELECT i.number, coalesce(t.name, '新消息'), coalesce(t.name_en, 'New message')
            {held} ORDER BY t.due_at, m.id LIMIT %(most)s""",
        values,
    )
    tasks, notices = counts or (0, 0)
    return tasks, notices, [Line(number, Label(zh, en or zh)) for number, zh, en in rows]


def _written(ctx: Context, channel: str, tasks: int, notices: int, lines: list[Line]) -> Written:
    if channel == "sms":
        return digest_sms(tasks, notices)
    return digest_email(tasks, notices, lines, ctx.settings.public_url or AT_HOME)
