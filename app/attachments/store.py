"""Reading and adding files in a transaction; who may, the services decide."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from app.db import Transaction
from app.domain.label import Label


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a holder; ``size`` in bytes, ``sha256`` as hexadecimal digits."""

    id: int
    filename: str
    size: int
    media_type: str
    sha256: str
    purpose: str
    holder_id: int
    holder: Label
    person: str
    at: datetime


def add(
    tx: Transaction, values: dict[str, object], content: bytes, media_type: str
) -> tuple[int, str]:
    """Add a file and, unless it is there already, its content; return the id and the hash.

    ``values``: filename, holder, person, account, purpose, at. The same file handed in again by
    the same person, such as with a button pressed twice, is the one that is there.
    """
    hashed = sha256(content)
    again = {**values, "hash": hashed.digest()}
    tx.run(
        "SELECT pg_advisory_xact_lock(hashtextextended(%(key)s, 0))", {"key": hashed.hexdigest()}
    )
    before = tx.one(
        """SELECT min(id) FROM attachments.attachment
           WHERE sha256 = %(hash)s AND filename = %(filename)s AND holder_id = %(holder)s
             AND person_id = %(person)s AND account_id = %(account)s AND purpose = %(purpose)s""",
        again,
    )
    if before is not None and before[0] is not None:
        return int(before[0]), hashed.hexdigest()
    named = {"hash": hashed.digest(), "size": len(content), "type": media_type}
    if not tx.one("SELECT FROM attachments.blob WHERE sha256 = %(hash)s", named):
        tx.run(
            """INSERT INTO attachments.blob (sha256, size, media_type, content)
               VALUES (%(hash)s, %(size)s, %(type)s, %(content)s) ON CONFLICT DO NOTHING""",
            {**named, "content": content},
        )
    row = tx.one(
        """INSERT INTO attachments.attachment (sha256, filename, holder_id, person_id, account_id,
               purpose, at)
           VALUES (%(hash)s, %(filename)s, %(holder)s, %(person)s, %(account)s, %(purpose)s,
               %(at)s) RETURNING id""",
        again,
    )
    assert row is not None  # noqa: S101 - RETURNING of one inserted row
    return int(row[0]), hashed.hexdigest()


def content_of(tx: Transaction, attachment_id: int) -> bytes:
    """Return the content of a file that is known to be there."""
    row = tx.one(
        """SELECT b.content FROM attachments.attachment a
           JOIN attachments.blob b ON b.sha256 = a.sha256 WHERE a.id = %(id)s""",
        {"id": attachment_id},
    )
    assert row is not None  # noqa: S101 - the caller has just found it
    return bytes(row[0])


def find(tx: Transaction, condition: str, params: dict[str, Any]) -> list[Attachment]:
    """Return files in the order in which they were handed in, without their contents.

    ``condition`` is SQL of ours on a (attachment), never text of a user.
    """
    rows = tx.maps(
        f"""SELECT a.id, a.filename, b.size, b.media_type, encode(a.sha256, 'hex') AS sha256,
               a.purpose,
               a.holder_id, h.name, h.name_en, p.name AS person, a.at
           FROM attachments.attachment a JOIN attachments.blob b ON b.sha256 = a.sha256
           JOIN identity.holder h ON h.id = a.holder_id
           JOIN identity.person p ON p.id = a.person_id
           WHERE {condition} ORDER BY a.id""",  # noqa: S608 - constants of the services
        params,
    )
    return [_from_row(row) for row in rows]


def _from_row(row: dict[str, Any]) -> Attachment:
    name, english = row.pop("name"), row.pop("name_en")
    return Attachment(holder=Label(name, english or name), **row)
