"""From a decision to messages: one a person and channel, however often the line is delivered."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.db import Transaction
from app.domain.clock import local_day
from app.domain.label import Label
from app.messages.texts import News, TaskNews, Written, email, sms
from app.services.context import Context
from app.services.telling.audience import CHANNELS, Recipient, Whose, people

BURST = 5  # messages a person gets one by one; what follows within WINDOW waits for a summary
WINDOW = timedelta(minutes=10)
AT_HOME = "http://127.0.0.1:8000"  # where `make run` serves
LOCK = 7_320_006  # class of the advisory locks: one planner a person


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it is recorded."""

    outbox_id: int
    person_id: int
    holder_id: int
    channel: str
    kind: str
    written: Written
    instance_id: int | None = None
    task_keys: tuple[int, ...] = ()
    covers_to: int | None = None


def plan(ctx: Context, payload: Mapping[str, Any], line: int) -> None:
    """Plan what a step's line of the outbox tells; a second delivery plans nothing more.

    A task that is no longer open is not told of: somebody was quicker than the post.
    """
    opened, told = payload.get("opened", []), payload.get("told", [])
    if not opened and not told:
        return
    with ctx.database.transaction() as tx:
        facts = _facts(tx, payload["id"])
        tasks = _tasks(tx, payload["id"])
        news = _news_by_holder(tx, facts, tasks, set(opened), told)
        asked = [_whose(facts, tasks, holder, news[holder]) for holder in sorted(news)]
        at = ctx.clock.now()
        for who in people(tx, asked, local_day(at), payload.get("by")):
            _plan_for(ctx, tx, who, news[who.holder_id], line, payload["id"])


@dataclass(frozen=True, slots=True)
class _News:
    """What one holder hears of, and the keys of the tasks in it."""

    news: News
    keys: tuple[int, ...]

    @property
    def kind(self) -> str:
        return "task" if self.keys else "notice"


def _facts(tx: Transaction, instance_id: int) -> dict[str, Any]:
    found = tx.map(
        """SELECT i.number, i.applicant_id, i.applicant_account_id, b.name, b.name_en,
               h.name AS applicant, h.name_en AS applicant_en
           FROM workflow.instance i JOIN workflow.bundle b ON b.hash = i.bundle_hash
           JOIN identity.holder h ON h.id = i.applicant_id WHERE i.id = %(id)s""",
        {"id": instance_id},
    )
    assert found is not None  # noqa: S101 -- an instance is never deleted
    return found


def _tasks(tx: Transaction, instance_id: int) -> list[dict[str, Any]]:
    return tx.maps(
        """SELECT key, holder_id, name, name_en, nullif(due_at, 'infinity') AS due_at, claimed_by
           FROM workflow.task WHERE instance_id = %(id)s ORDER BY key""",
        {"id": instance_id},
    )


def _news_by_holder(
    tx: Transaction,
    facts: Mapping[str, Any],
    tasks: list[dict[str, Any]],
    opened: set[int],
    told: list[tuple[int, str, str]],
) -> dict[int, _News]:
    new = [task for task in tasks if task["key"] in opened]
    holders = {task["holder_id"] for task in new} | {holder for holder, *_ in told}
    names = tx.all(
        "SELECT id, name, name_en FROM identity.holder WHERE id = ANY (%(ids)s)",
        {"ids": list(holders)},
    )
    found = {}
    for holder, name, name_en in names:
        own = [task for task in new if task["holder_id"] == holder]
        news = News(
            number=facts["number"],
            process=_label(facts["name"], facts["name_en"]),
            applicant=_label(facts["applicant"], facts["applicant_en"]),
            holder=_label(name, name_en),
            tasks=tuple(TaskNews(_label(t["name"], t["name_en"]), t["due_at"]) for t in own),
            notices=tuple(Label(zh, en) for whom, zh, en in told if whom == holder),
        )
        found[holder] = _News(news, tuple(task["key"] for task in own))
    return found


def _label(zh: str, en: str) -> Label:
    return Label(zh, en or zh)


def _whose(
    facts: Mapping[str, Any], tasks: list[dict[str, Any]], holder: int, news: _News
) -> Whose:
    """Return a holder with the claimers: of the tasks that opened, else of those that wait."""
    own = [task for task in tasks if task["holder_id"] == holder]
    about = [task for task in own if task["key"] in news.keys] or own
    claimers = {task["claimed_by"] for task in about}
    return Whose(
        holder,
        facts["applicant_account_id"] if holder == facts["applicant_id"] else None,
        frozenset() if None in claimers else frozenset(claimers),
    )


def _plan_for(
    ctx: Context, tx: Transaction, who: Recipient, news: _News, line: int, instance_id: int
) -> None:
    url = ctx.settings.public_url or AT_HOME
    for channel in CHANNELS:
        if not who.wants(channel, news.kind):
            continue
        written = email(news.news, url) if channel == "email" else sms(news.news)
        message = Message(
            line, who.person_id, who.holder_id, channel, news.kind, written, instance_id, news.keys
        )
        if channel not in who.reachable:
            unreachable = record(tx, message, ctx.clock.now(), held=False)
            if unreachable is not None:
                note(tx, unreachable, "no_address", ctx.clock.now())
            continue
        lock(tx, who.person_id)
        _send_or_hold(tx, message, ctx.clock.now())


def _send_or_hold(tx: Transaction, message: Message, at: datetime) -> None:
    held = _many_just_now(tx, message, at)
    planned = held and covered(tx, message.person_id, message.channel) < newest_held(
        tx, message.person_id, message.channel
    )
    number = record(tx, message, at, held=held)
    if number is None:
        return  # told by an earlier delivery of the same line
    if not held:
        enqueue(tx, "message", {"message": number}, at, at)
    elif not planned:
        summary = {"person": message.person_id, "channel": message.channel}
        enqueue(tx, "digest", summary, at, at + WINDOW)


def _many_just_now(tx: Transaction, message: Message, at: datetime) -> bool:
    row = tx.one(
        """SELECT at FROM messages.message
           WHERE person_id = %(person)s AND channel = %(channel)s AND kind <> 'digest'
             AND outbox_id <> %(line)s
           ORDER BY id DESC OFFSET %(burst)s LIMIT 1""",
        {
            **_whom(message.person_id, message.channel),
            "burst": BURST - 1,
            "line": message.outbox_id,
        },
    )
    return row is not None and row[0] > at - WINDOW


def covered(tx: Transaction, person: int, channel: str) -> int:
    """Return the last message that a summary has covered."""
    row = tx.one(
        """SELECT covers_to FROM messages.message
           WHERE person_id = %(person)s AND channel = %(channel)s AND kind = 'digest'
           ORDER BY id DESC LIMIT 1""",
        _whom(person, channel),
    )
    return int(row[0]) if row else 0


def newest_held(tx: Transaction, person: int, channel: str) -> int:
    """Return the newest message that waits, or has waited, for a summary."""
    row = tx.one(
        """SELECT id FROM messages.message
           WHERE person_id = %(person)s AND channel = %(channel)s AND held
           ORDER BY id DESC LIMIT 1""",
        _whom(person, channel),
    )
    return int(row[0]) if row else 0


def _whom(person: int, channel: str) -> dict[str, object]:
    return {"person": person, "channel": channel}


def lock(tx: Transaction, person: int) -> None:
    """Let one worker at a time plan for a person: two would both count too few."""
    tx.run("SELECT pg_advisory_xact_lock(%(c)s, %(p)s::integer)", {"c": LOCK, "p": person % 2**31})


def record(tx: Transaction, message: Message, at: datetime, *, held: bool) -> int | None:
    """Write a message; None when this line has told this person over this channel before."""
    row = tx.one(
        """INSERT INTO messages.message (outbox_id, person_id, holder_id, channel, kind,
               instance_id, task_keys, held, covers_to, token, subject, body, at)
           VALUES (%(line)s, %(person)s, %(holder)s, %(channel)s, %(kind)s, %(instance)s,
               %(keys)s, %(held)s, %(covers)s, %(token)s, %(subject)s, %(body)s, %(at)s)
           ON CONFLICT ON CONSTRAINT message_once DO NOTHING RETURNING id""",
        {
            "line": message.outbox_id,
            "person": message.person_id,
            "holder": message.holder_id,
            "channel": message.channel,
            "kind": message.kind,
            "instance": message.instance_id,
            "keys": list(message.task_keys),
            "held": held,
            "covers": message.covers_to,
            "token": secrets.token_hex(16),
            "subject": message.written.subject,
            "body": message.written.body,
            "at": at,
        },
    )
    return int(row[0]) if row else None


def note(
    tx: Transaction,
    message: int,
    outcome: str,
    at: datetime,
    *,
    address_hash: bytes | None = None,
    error: str = "",
) -> None:
    """Write what became of a message."""
    tx.run(
        """INSERT INTO messages.attempt (message_id, outcome, address_hash, error, at)
           VALUES (%(message)s, %(outcome)s, %(hash)s, %(error)s, %(at)s)""",
        {"message": message, "outcome": outcome, "hash": address_hash, "error": error, "at": at},
    )


def enqueue(
    tx: Transaction, kind: str, payload: Mapping[str, Any], at: datetime, due_at: datetime
) -> None:
    """Add a line to the outbox."""
    tx.run(
        """INSERT INTO workflow.outbox (kind, payload, due_at, created_at)
           VALUES (%(kind)s, %(payload)s, %(due)s, %(at)s)""",
        {"kind": kind, "payload": json.dumps(payload), "due": due_at, "at": at},
    )
