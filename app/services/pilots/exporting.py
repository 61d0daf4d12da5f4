"""Hand cancelled CCER over to a pilot's own registry: one export of many applications (R52).

What is handed over is kept as canonical JSON with its SHA-256; every file made of it, today or
in ten years, says the same. Each application's export task is completed by its own decision.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.db import Transaction
from app.domain.canonical import canonical
from app.domain.errors import Conflict, Forbidden, Invalid, NotFound
from app.domain.label import Label
from app.evidence import documents, reasons
from app.evidence.reasons import Rejected
from app.identity.actor import Actor
from app.pilots.pilots import Pilot
from app.services.advance import tried
from app.services.context import Context
from app.services.decide import Request, asked_step, decide_within, stand_in_line
from app.services.pilots.content import content_of
from app.services.pilots.region import own_within
from app.services.pilots.waiting import rows_of, waiting_of
from app.services.signing.named import named_in
from app.services.signing.prepare import document_of, signed_by_themselves
from app.services.signing.refused import SignatureRefused
from app.services.signing.signed import NO_SESSION, Session, Signed

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


@dataclass(frozen=True, slots=True)
class Drawn:
    """An export that was prepared to be signed: its number, and a document for each application.

    On the way back ``signed`` are the documents with their signatures, handed in in ``session``.
    """

    number: str
    documents: tuple[bytes, ...] = ()
    signed: Sequence[Signed] = ()
    session: Session = NO_SESSION


def prepare(
    ctx: Context, actor: Actor, instance_ids: Sequence[int], session: Session
) -> Drawn | None:
    """Draw the number of an export, and return what is to be signed for each application in it.

    The number is part of what is decided, so it is there before the export is; one that is not
    used in the end stays free. Raises what ``export`` raises; None where nothing is to be signed.
    """
    chosen = _chosen(actor, instance_ids)
    with ctx.database.transaction() as tx:
        if not signed_by_themselves(ctx, tx, actor, "complete", session):
            return None
        number = _next_number(tx, ctx.clock.now())
        tx.run("SAVEPOINT as_if")
        ready, _left = _exported(ctx, tx, actor, chosen, number)
        for row in ready:
            tried(ctx, *asked_step(ctx, tx, actor, _request(row, number)))
        tx.run("ROLLBACK TO SAVEPOINT as_if")
        asked = []
        for row in ready:
            step, _move = asked_step(ctx, tx, actor, _request(row, number))
            asked.append(document_of(ctx, step, named_in(step), session).document)
    return Drawn(number, tuple(document for document in asked if document))


def export(
    ctx: Context,
    actor: Actor,
    instance_ids: Sequence[int],
    drawn: Drawn | None = None,
    session: Session = NO_SESSION,
) -> Done:
    """Export what is chosen, and complete the export task of each, in one transaction.

    What moved on or was claimed by a colleague in the meantime is left out and named. ``drawn``
    is an export that was prepared and signed; its number comes from ``prepare`` and nowhere else.
    Without it the server signs, where whoever came in ``session`` has no key of their own.
    Raises Invalid when nothing or nothing exportable is chosen, Forbidden for anybody but the
    authority, SignatureRefused.
    """
    chosen = _chosen(actor, instance_ids)
    with ctx.database.transaction() as tx:
        number = drawn.number if drawn else _next_number(tx, ctx.clock.now())
        ready, left = _exported(ctx, tx, actor, chosen, number)
        signed = _by_instance(drawn.signed if drawn else ())
        session = drawn.session if drawn else session
        for row in ready:
            asked = replace(_request(row, number), signature=signed.get(row[2]), session=session)
            decide_within(ctx, tx, actor, asked)
    ctx.bell.ring()
    return Done(number, tuple(left))


def _request(row: tuple[Any, ...], number: str) -> Request:
    return Request(row[0], row[1], {"export": number}, f"{number}:{row[0]}")


def _by_instance(signed: Sequence[Signed]) -> dict[str, Signed]:
    """Return the signatures by the number of the application that each names."""
    try:
        return {str(documents.read(one.document).fields["instance"]): one for one in signed}
    except (Rejected, KeyError) as error:
        raise SignatureRefused(reasons.DOCUMENT_MALFORMED) from error


def _chosen(actor: Actor, instance_ids: Sequence[int]) -> list[int]:
    chosen = sorted(set(instance_ids))
    if not chosen or len(chosen) > MOST:
        zh = f"请选择 1 至 {MOST} 项申请。"
        en = f"Choose 1 to {MOST} applications."
        raise Invalid(zh, en, fields={"chosen": Label(zh, en)})
    if not actor.may_confirm:
        raise Forbidden("您的权限不能导出。", "Your rights do not allow exporting.")
    return chosen


def _exported(
    ctx: Context, tx: Transaction, actor: Actor, chosen: Sequence[int], number: str
) -> tuple[list[tuple[Any, ...]], list[Left]]:
    """Keep the export of what is chosen; return the applications in it, and who was left out."""
    pilots = {pilot.id: pilot for pilot in own_within(tx, actor)}
    for instance_id in chosen:
        stand_in_line(tx, instance_id)
    there = {row[0]: row for row in rows_of(tx, actor)}
    ready, left = _sorted_out(tx, actor, chosen, there)
    pilot = _one_pilot(pilots, ready)
    at = ctx.clock.now()
    content = canonical(content_of(tx, number, pilot, at, [waiting_of(row) for row in ready]))
    _keep(tx, actor, pilot, number, content, [row[0] for row in ready], at)
    return ready, left


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
