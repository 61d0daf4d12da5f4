"""What an operator sees of messages: where they go, what became of them, who has no address."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.db import Transaction
from app.domain.errors import Forbidden
from app.domain.label import Label
from app.identity.actor import Actor
from app.services.context import Context
from app.services.telling.audience import CHANNELS
from app.services.workload import OPERATORS

SINCE = timedelta(days=7)
MOST = 50
OUTCOMES = {
    "sent": Label("已发送", "Sent"),
    "waiting": Label("等待发送", "Waiting"),
    "failed": Label("发送失败，将重试", "Failed, tried again"),
    "refused": Label("对方拒收", "Refused"),
    "unclear": Label("无法确认是否送达", "Unclear whether sent"),
    "no_address": Label("没有地址", "No address"),
    "settled": Label("已办理，未再发送", "Done before it was sent"),
}


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel: where its letters go, and how many of the last days' came to which end."""

    code: str
    told: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Unreached:
    """A person who could not be told; named by the member number only."""

    member_no: str
    channel: str
    reason: str
    times: int
    last_at: datetime


@dataclass(frozen=True)
class State:
    """The page's content."""

    channels: tuple[Channel, ...]
    unreached: tuple[Unreached, ...]


def state_of_messages(ctx: Context, actor: Actor) -> State:
    """Return what became of the messages of the last seven days; raises Forbidden for others."""
    if actor.role not in OPERATORS:
        raise Forbidden("只有运维人员可以查看本页。", "Only operators may see this page.")
    since = ctx.clock.now() - SINCE
    with ctx.database.transaction() as tx:
        counts = _counts(tx, since)
        channels = tuple(
            Channel(code, ctx.ports[code].told(), counts.get(code, {})) for code in CHANNELS
        )
        return State(channels, _unreached(tx, since))


def _counts(tx: Transaction, since: datetime) -> dict[str, dict[str, int]]:
    """Count by the last thing on record; what is held counts as its summary."""
    rows = tx.all(
        """SELECT m.channel, coalesce(nullif(last.outcome, 'begun'), 'waiting'), count(*)
           FROM messages.message m LEFT JOIN LATERAL (
               SELECT a.outcome FROM messages.attempt a WHERE a.message_id = m.id
               ORDER BY a.id DESC LIMIT 1) last ON true
           WHERE m.at >= %(since)s AND NOT m.held GROUP BY 1, 2""",
        {"since": since},
    )
    found: dict[str, dict[str, int]] = {}
    for channel, outcome, count in rows:
        found.setdefault(channel, {})[outcome] = count
    return found


def _unreached(tx: Transaction, since: datetime) -> tuple[Unreached, ...]:
    rows = tx.all(
        """SELECT p.member_no, m.channel, a.outcome, count(*), max(a.at)
           FROM messages.attempt a JOIN messages.message m ON m.id = a.message_id
           JOIN identity.person p ON p.id = m.person_id
           WHERE a.at >= %(since)s AND a.outcome IN ('no_address', 'refused', 'unclear')
           GROUP BY 1, 2, 3 ORDER BY max(a.at) DESC, p.member_no LIMIT %(most)s""",
        {"since": since, "most": MOST},
    )
    return tuple(Unreached(*row) for row in rows)
