"""Exports that were made: the list of them, and each as it was handed over (R52)."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.errors import Conflict, NotFound
from app.domain.label import Label
from app.identity.actor import Actor
from app.pilots.pilots import Export, Pilot, export_of, pilot_of
from app.services.context import Context
from app.services.pilots.region import own_within


@dataclass(frozen=True, slots=True)
class Made:
    """An export that was made before; ``exports`` are its applications, ``outcomes`` those done."""

    number: str
    pilot: Label
    made_at: datetime
    person: str
    sha256: str
    applications: int
    outcomes: int


def made(ctx: Context, actor: Actor) -> list[Made]:
    """Return the exports of the pilots that the actor runs, and its own, newest first.

    Who ran a pilot before sees what it exported itself, not what its successor did.
    """
    with ctx.database.transaction() as tx:
        own = own_within(tx, actor)
        ids = [pilot.id for pilot in own if pilot.authority_id == actor.holder_id]
        rows = tx.all(
            """SELECT x.number, p.name, p.name_en, x.made_at, o.name, encode(x.sha256, 'hex'),
                   count(*), count(u.id)
               FROM pilots.export x JOIN pilots.pilot p ON p.id = x.pilot_id
               JOIN identity.person o ON o.id = x.person_id
               JOIN pilots.export_item n ON n.export_id = x.id
               LEFT JOIN pilots.outcome u ON u.instance_id = n.instance_id
               WHERE x.pilot_id = ANY (%(ids)s) OR x.holder_id = %(holder)s
               GROUP BY x.id, p.id, o.id ORDER BY x.id DESC LIMIT 200""",
            {"ids": ids, "holder": actor.holder_id},
        )
    return [Made(row[0], Label(row[1], row[2]), *row[3:]) for row in rows]


@dataclass(frozen=True, slots=True)
class Exported:
    """An export as it was made; ``content`` is what its SHA-256 is of, ``document`` the same read.

    ``outcomes`` are what the pilot's registry made of each application, by its number.
    """

    export: Export
    pilot: Pilot
    document: dict[str, Any]
    instances: dict[str, int]
    outcomes: dict[str, bool]


def exported(ctx: Context, actor: Actor, number: str) -> Exported:
    """Return an export, any time, with the same content; raises NotFound for a stranger.

    Seen by the authority that runs its pilot now, the one that made it, and auditors.
    """
    with ctx.database.transaction() as tx:
        found = export_of(tx, number)
        pilot = pilot_of(tx, found.pilot_id) if found else None
        if found is None or pilot is None:
            raise NotFound
        if actor.role != "auditor" and actor.holder_id not in {pilot.authority_id, found.holder_id}:
            raise NotFound
        rows = tx.all(
            """SELECT i.number, i.id, u.accepted FROM pilots.export_item n
               JOIN workflow.instance i ON i.id = n.instance_id
               LEFT JOIN pilots.outcome u ON u.instance_id = i.id
               WHERE n.export_id = %(id)s""",
            {"id": found.id},
        )
    if hashlib.sha256(found.content).hexdigest() != found.sha256:
        raise Conflict(
            "导出内容与其校验和不符，请联系运维人员。",
            "The export does not match its checksum; tell the operator.",
        )
    return Exported(
        found,
        pilot,
        json.loads(found.content),
        {row[0]: row[1] for row in rows},
        {row[0]: row[2] for row in rows if row[2] is not None},
    )
