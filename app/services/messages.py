"""Messages to an organisation that ask for nothing, such as a reminder before the deadline."""

from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction
from app.domain.errors import NotFound
from app.domain.label import Label
from app.identity.actor import Actor
from app.services.context import Context
from app.services.cursor import Cursor, Pager, paged, read_cursor

SHOWN = 20
SIZE = 50
COUNTED = 99  # the header counts no further


@dataclass(frozen=True, slots=True)
class Message:
    """A notification; unread while nobody of the organisation has put it away.

    One without an application is about certificates (M2).
    """

    id: int
    instance_id: int | None
    number: str
    text: Label
    created_at: datetime
    read_at: datetime | None = None


@dataclass(frozen=True)
class Page:
    """A page of all messages, the newest first."""

    messages: tuple[Message, ...]
    pager: Pager


def page(
    ctx: Context, actor: Actor, cursor: str | None = None, *, only_unread: bool = False
) -> Page:
    """Return a page of the messages to the organisation; raises Invalid for a bad cursor."""
    at = read_cursor(cursor, (int,))
    back = at is not None and at.back
    where = "" if at is None else f"AND n.id {'>' if back else '<'} %(after)s"
    unread = "AND n.read_at IS NULL" if only_unread else ""
    with ctx.database.transaction() as tx:
        rows = tx.all(
            f"""SELECT n.id, n.instance_id, coalesce(i.number, ''), n.text, n.text_en,
                    n.created_at, n.read_at
                FROM workflow.notification n LEFT JOIN workflow.instance i ON i.id = n.instance_id
                WHERE n.holder_id = %(holder)s {unread} {where}
                ORDER BY n.id {"ASC" if back else "DESC"} LIMIT {SIZE + 1}""",  # noqa: S608 - constants
            {"holder": actor.holder_id, "after": at.after[0] if at else 0},
        )
    rows, before, after = paged(rows, SIZE, at)
    found = tuple(Message(*(*row[:3], Label(row[3], row[4]), *row[5:])) for row in rows)
    if not found:
        return Page((), Pager(None, None))
    return Page(
        found,
        Pager(
            Cursor((found[0].id,), back=True).text() if before else None,
            Cursor((found[-1].id,)).text() if after else None,
        ),
    )


def unread_count(ctx: Context, actor: Actor) -> int:
    """Return the number at the header's bell; it stops at COUNTED + 1."""
    with ctx.database.transaction() as tx:
        row = tx.one(
            f"""SELECT count(*) FROM (SELECT FROM workflow.notification n
                WHERE n.holder_id = %(holder)s AND n.read_at IS NULL LIMIT {COUNTED + 1}) AS u""",  # noqa: S608 - constants
            {"holder": actor.holder_id},
        )
    return int(row[0]) if row else 0


def mark_all_read(ctx: Context, actor: Actor, newest: int) -> int:
    """Put away all messages up to the newest one that was shown; return how many."""
    with ctx.database.transaction() as tx:
        return tx.run(
            """UPDATE workflow.notification SET read_at = %(at)s
               WHERE holder_id = %(holder)s AND id <= %(newest)s AND read_at IS NULL""",
            {"holder": actor.holder_id, "newest": newest, "at": ctx.clock.now()},
        )


def unread(ctx: Context, actor: Actor, limit: int = SHOWN) -> list[Message]:
    """Return the newest messages to the actor's organisation that nobody has put away."""
    with ctx.database.transaction() as tx:
        return unread_of(tx, actor, limit)


def unread_of(tx: Transaction, actor: Actor, limit: int = SHOWN) -> list[Message]:
    """As ``unread``, for a page that reads more in the same transaction."""
    rows = tx.all(
        """SELECT n.id, n.instance_id, coalesce(i.number, ''), n.text, n.text_en, n.created_at
           FROM workflow.notification n LEFT JOIN workflow.instance i ON i.id = n.instance_id
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
