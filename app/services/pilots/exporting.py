"""Hand cancelled CCER over to a pilot's own registry: one export of many applications (R52).

What is handed over is kept as canonical JSON with its SHA-256; every file made of it, today or
in ten years, says the same. Each application's export task is completed by its own decision.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.db import Transaction
from app.domain.canonical import canonical
from app.domain.errors import Conflict, Forbidden, Invalid, NotFound
from app.domain.label import Label
from app.identity.actor import Actor
from app.ledger.journal import movements_of
from app.pilots.pilots import Export, Pilot, export_of, pilot_of, run_by
from app.services.context import Context
from app.services.decide import Request, decide_within, stand_in_line
from app.services.pilots.region import own_within

PROCESS, TASK = "ccer_pilot_surrender", "export_surrender"  # the one step this page completes
MOST = 500  # applications in one export


@dataclass(frozen=True, slots=True)
class Waiting:
    """A cancelled surrender that waits to be exported; quantity in whole tonnes."""

    instance_id: int
    key: int
    number: str
    pilot: Label
    year: str
    holder: Label
    holder_code: str
    quantity: int
    since: datetime
    claimed_by: int | None


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


@dataclass(frozen=True, slots=True)
class Left:
    """An application that was chosen and left out, and why."""

    number: str
    why: Label


@dataclass(frozen=True, slots=True)
class Done:
    """The number of the new export, and what was left out of it."""

    number: str
    left: tuple[Left, ...]


WAITING = """SELECT t.instance_id, t.key, i.number, p.name, p.name_en,
    i.content::jsonb->>'year', h.name, coalesce(nullif(h.name_en, ''), h.name), h.code,
    i.quantity, t.created_at, t.claimed_by, i.subject_id
    FROM workflow.task t JOIN workflow.instance i ON i.id = t.instance_id
    JOIN identity.holder h ON h.id = i.applicant_id
    JOIN pilots.pilot p ON p.id = i.subject_id
    WHERE t.holder_id = %(holder)s AND t.process_id = %(process)s AND t.element_id = %(task)s
      AND i.subject_kind = 'pilot'"""


def waiting(ctx: Context, actor: Actor, year: str = "") -> list[Waiting]:
    """Return what waits for the actor's export, oldest first; raises Forbidden for others."""
    with ctx.database.transaction() as tx:
        own_within(tx, actor)
        found = [_waiting(row) for row in _rows(tx, actor)]
    return [one for one in found if not year or one.year == year]


def _rows(tx: Transaction, actor: Actor) -> list[tuple[Any, ...]]:
    return tx.all(
        f"{WAITING} ORDER BY t.created_at, t.id",
        {"holder": actor.holder_id, "process": PROCESS, "task": TASK},
    )


def _waiting(row: tuple[Any, ...]) -> Waiting:
    instance, key, number, name, name_en, year, holder, holder_en, *rest = row[:12]
    return Waiting(
        instance, key, number, Label(name, name_en), year or "", Label(holder, holder_en), *rest
    )


def made(ctx: Context, actor: Actor) -> list[Made]:
    """Return the exports of the pilots that the actor runs, newest first."""
    with ctx.database.transaction() as tx:
        ids = [pilot.id for pilot in own_within(tx, actor)]
        rows = tx.all(
            """SELECT x.number, p.name, p.name_en, x.made_at, o.name, encode(x.sha256, 'hex'),
                   count(*), count(u.id)
               FROM pilots.export x JOIN pilots.pilot p ON p.id = x.pilot_id
               JOIN identity.person o ON o.id = x.person_id
               JOIN pilots.export_item n ON n.export_id = x.id
               LEFT JOIN pilots.outcome u ON u.instance_id = n.instance_id
               WHERE x.pilot_id = ANY (%(ids)s)
               GROUP BY x.id, p.id, o.id ORDER BY x.id DESC LIMIT 200""",
            {"ids": ids},
        )
    return [Made(row[0], Label(row[1], row[2]), *row[3:]) for row in rows]


def export(ctx: Context, actor: Actor, instance_ids: Sequence[int]) -> Done:
    """Export what is chosen, and complete the export task of each, in one transaction.

    What moved on or was claimed by a colleague in the meantime is left out and named. Raises
    Invalid when nothing or nothing exportable is chosen, Forbidden for anybody but the authority.
    """
    chosen = sorted(set(instance_ids))
    if not chosen or len(chosen) > MOST:
        zh = f"请选择 1 至 {MOST} 项申请。"
        en = f"Choose 1 to {MOST} applications."
        raise Invalid(zh, en, fields={"chosen": Label(zh, en)})
    if not actor.may_confirm:
        raise Forbidden("您的权限不能导出。", "Your rights do not allow exporting.")
    with ctx.database.transaction() as tx:
        pilots = {pilot.id: pilot for pilot in own_within(tx, actor)}
        for instance_id in chosen:
            stand_in_line(tx, instance_id)
        there = {row[0]: row for row in _rows(tx, actor)}
        ready, left = _sorted_out(tx, actor, chosen, there)
        pilot = _one_pilot(pilots, ready)
        at = ctx.clock.now()
        number = _next_number(tx, at)
        content = canonical(_content(tx, number, pilot, at, [_waiting(row) for row in ready]))
        _keep(tx, actor, pilot, number, content, [row[0] for row in ready], at)
        for row in ready:
            request = Request(row[0], row[1], {"export": number}, f"{number}:{row[0]}")
            decide_within(ctx, tx, actor, request)
    ctx.bell.ring()
    return Done(number, tuple(left))


def _sorted_out(
    tx: Transaction, actor: Actor, chosen: Sequence[int], there: dict[int, tuple[Any, ...]]
) -> tuple[list[tuple[Any, ...]], list[Left]]:
    ready, left = [], []
    for instance_id in chosen:
        row = there.get(instance_id)
        if row is None:
            number = _number_of(tx, actor, instance_id)
            left.append(Left(number, Label("已不在待导出状态", "no longer waits for export")))
        elif row[11] not in {None, actor.person_id}:
            left.append(Left(row[2], Label("已被同事认领", "claimed by a colleague")))
        else:
            ready.append(row)
    return ready, left


def _number_of(tx: Transaction, actor: Actor, instance_id: int) -> str:
    """Return the number of an application that the actor may see; raises NotFound for others."""
    row = tx.one(
        """SELECT i.number FROM workflow.instance i JOIN workflow.party p ON p.instance_id = i.id
           WHERE i.id = %(id)s AND p.holder_id = %(holder)s AND i.version > 0""",
        {"id": instance_id, "holder": actor.holder_id},
    )
    if row is None:
        raise NotFound
    return str(row[0])


def _one_pilot(pilots: dict[int, Pilot], ready: list[tuple[Any, ...]]) -> Pilot:
    """An export is for one pilot's registry."""
    ids = {row[12] for row in ready}
    if not ids:
        raise Conflict(
            "所选申请都已不在待导出状态，没有导出。",
            "None of the chosen applications waits for export any more; nothing was exported.",
        )
    if len(ids) > 1:
        zh = "一次只能导出同一试点地区的申请。"
        en = "An export is for one pilot region."
        raise Invalid(zh, en, fields={"chosen": Label(zh, en)})
    pilot = pilots.get(ids.pop())
    if pilot is None:
        raise Forbidden(
            "该试点地区已由其他主管部门负责。", "Another authority runs this pilot region now."
        )
    return pilot


def _next_number(tx: Transaction, at: datetime) -> str:
    row = tx.one("SELECT pilots.next_export_number(%(at)s)", {"at": at})
    assert row is not None  # noqa: S101 - a function call gives a row
    return str(row[0])


def _content(
    tx: Transaction, number: str, pilot: Pilot, at: datetime, ready: Sequence[Waiting]
) -> dict[str, Any]:
    """Return what is handed over; quantities and serials as text, like everywhere on record."""
    return {
        "type": "pilot-surrender-export/1",
        "number": number,
        "pilot": pilot.code,
        "pilot_name": pilot.name.zh,
        "made_at": at.isoformat(),
        "applications": [_application(tx, one) for one in ready],
    }


def _application(tx: Transaction, one: Waiting) -> dict[str, Any]:
    posted = [m for m in movements_of(tx, one.instance_id) if m.kind == "posted"]
    kinds = {row[0]: row for row in tx.all(
        """SELECT code, project_code, project_type, region, vintage FROM ledger.instrument
           WHERE code = ANY (%(codes)s)""",
        {"codes": [m.instrument_code for m in posted]},
    )}  # fmt: skip
    account = tx.one(
        """SELECT a.number FROM workflow.instance i
           JOIN identity.account a ON a.id = i.applicant_account_id WHERE i.id = %(id)s""",
        {"id": one.instance_id},
    )
    return {
        "number": one.number,
        "year": one.year,
        "holder_code": one.holder_code,
        "holder": one.holder.zh,
        "account": account[0] if account else "",
        "quantity": str(one.quantity),
        "cancelled_at": max(m.at for m in posted).isoformat(),
        "lines": [
            {
                "instrument": m.instrument_code,
                "name": m.instrument.zh,
                "project_code": kinds[m.instrument_code][1] or "",
                "project_type": kinds[m.instrument_code][2] or "",
                "region": kinds[m.instrument_code][3] or "",
                "vintage": str(kinds[m.instrument_code][4] or ""),
                "quantity": str(m.quantity),
                "serials": [[str(first), str(last)] for first, last in m.serials],
            }
            for m in sorted(posted, key=lambda m: m.instrument_code)
        ],
    }


def _keep(
    tx: Transaction,
    actor: Actor,
    pilot: Pilot,
    number: str,
    content: bytes,
    instances: Sequence[int],
    at: datetime,
) -> None:
    request = {
        "number": number,
        "pilot_id": pilot.id,
        "instances": list(instances),
        "person_id": actor.person_id,
        "account_id": actor.account_id,
        "at": at.isoformat(),
    }
    tx.one(
        "SELECT pilots.make_export(%(request)s::jsonb, %(content)s)",
        {"request": json.dumps(request), "content": content},
    )


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

    Seen by the authority of its pilot and by auditors.
    """
    with ctx.database.transaction() as tx:
        found = export_of(tx, number)
        pilot = pilot_of(tx, found.pilot_id) if found else None
        if found is None or pilot is None:
            raise NotFound
        ran = {one.id for one in run_by(tx, actor.holder_id)}
        if actor.role != "auditor" and pilot.id not in ran:
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
