"""Hand cancelled CCER over to a pilot's own registry: one export of many applications (R52).

What is handed over is kept as canonical JSON with its SHA-256; every file made of it, today or
in ten years, says the same. Each application's export task is completed by its own decision.
"""

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
from app.pilots.pilots import Pilot
from app.services.context import Context
from app.services.decide import Request, decide_within, stand_in_line
from app.services.pilots.content import content_of
from app.services.pilots.region import own_within
from app.services.pilots.waiting import rows_of, waiting_of

MOST = 500  # applications in one export


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
        there = {row[0]: row for row in rows_of(tx, actor)}
        ready, left = _sorted_out(tx, actor, chosen, there)
        pilot = _one_pilot(pilots, ready)
        at = ctx.clock.now()
        number = _next_number(tx, at)
        content = canonical(content_of(tx, number, pilot, at, [waiting_of(row) for row in ready]))
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
