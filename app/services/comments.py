"""What colleagues tell one another about an application (W2): seen by their own holder alone.

No part of the decision: it changes nothing, no other party and no auditor reads it, and nothing
of it is ever edited.
"""

from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction
from app.domain.errors import Forbidden, Invalid, NotFound
from app.domain.label import Label
from app.identity.actor import Actor
from app.services.application import visible
from app.services.context import Context

LONGEST = 1000  # characters
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment: who, when, what."""

    id: int
    person: str
    text: str
    at: datetime


def comments(ctx: Context, actor: Actor, instance_id: int) -> list[Comment] | None:
    """Return what the actor's own colleagues wrote, the newest first.

    None for whoever belongs to no party: an auditor reads the record, not the talk beside it.
    """
    with ctx.database.transaction() as tx:
        if not _of_a_party(tx, actor, instance_id):
            return None
        rows = tx.all(
            """SELECT c.id, p.name, c.text, c.at FROM workflow.comment c
               JOIN identity.person p ON p.id = c.person_id
               WHERE c.instance_id = %(instance)s AND c.holder_id = %(holder)s
               ORDER BY c.id DESC LIMIT %(most)s""",
            {"instance": instance_id, "holder": actor.holder_id, "most": SHOWN},
        )
    return [Comment(*row) for row in rows]


def say(ctx: Context, actor: Actor, instance_id: int, text: str, once: str | None = None) -> None:
    """Write a comment for one's colleagues; the same ``once`` again writes nothing more.

    Raises NotFound to anybody who is no party's, Forbidden to who only reads, Invalid for a text
    that is empty or too long.
    """
    said = text.strip()
    if actor.rights == "read":
        raise Forbidden("您只有查看权限，不能留言。", "Your rights are read-only.")
    if not 0 < len(said) <= LONGEST:
        wrong = Label(f"留言为 1 至 {LONGEST} 字。", f"A comment has 1 to {LONGEST} characters.")
        raise Invalid(wrong.zh, wrong.en, fields={"comment": wrong})
    with ctx.database.transaction() as tx:
        visible(tx, actor, instance_id)
        if not _of_a_party(tx, actor, instance_id):
            raise NotFound
        tx.run(
            """INSERT INTO workflow.comment
                   (instance_id, holder_id, person_id, account_id, text, once, at)
               VALUES (%(instance)s, %(holder)s, %(person)s, %(account)s, %(text)s, %(once)s,
                   %(at)s)
               ON CONFLICT (once) DO NOTHING""",
            {
                "instance": instance_id,
                "holder": actor.holder_id,
                "person": actor.person_id,
                "account": actor.account_id,
                "text": said,
                "once": once,
                "at": ctx.clock.now(),
            },
        )


def _of_a_party(tx: Transaction, actor: Actor, instance_id: int) -> bool:
    row = tx.one(
        """SELECT FROM workflow.party
           WHERE instance_id = %(instance)s AND holder_id = %(holder)s LIMIT 1""",
        {"instance": instance_id, "holder": actor.holder_id},
    )
    return row is not None
