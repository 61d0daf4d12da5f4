"""Messages in the inbox that ask for nothing, such as a reminder before the deadline."""

from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction
from app.domain.errors import NotFound
from app.domain.label import Label
from app.identity.actor import Actor
from app.services.context import Context

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Message:
    """A notification that nobody has put away; it asks for nothing."""

    id: int
    instance_id: int
    number: str
    text: Label
    created_at: datetime


def unread(ctx: Context, actor: Actor, limit: int = SHOWN) -> list[Message]:
    """Return the newest messages to the actor's organisation that nobody has put away."""
    with ctx.database.transaction() as tx:
        return unread_of(tx, actor, limit)


def unread_of(tx: Transaction, actor: Actor, limit: int = SHOWN) -> list[Message]:
    """As ``unread``, for a page that reads more in the same transaction."""
    rows = tx.all(
        """SELECT n.id, n.instance_id, i.number, n.text, n.text_en, n.created_at
           FROM workflow.notification n JOIN workflow.instance i ON i.id = n.instance_id
           WHERE n.holder_id = %(holder)s AND n.read_at IS NULL
           ORDER BY n.id DESC LIMIT %(limit)s""",
        {"holder": actor.holder_id, "limit": limit},
    )
    return [Message(*(*row[:3], Label(row[3], row[4]), row[5])) for row in rows]


def mark_read(ctx: Context, actor: Actor, notification_id: int) -> None:
    """Put a message away; raises NotFound when it is not the actor's organisation's."""
    with ctx.database.transaction() as tx:
        done = tx.run(
            """UPDATE workflow.notification SET read_at = coalesce(read_at, %(at)s)
               WHERE id = %(id)s AND holder_id = %(holder)s""",
            {"id": notification_id, "holder": actor.holder_id, "at": ctx.clock.now()},
        )
    if not done:
        raise NotFound
