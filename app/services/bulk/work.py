"""Work off bulk reviews: one task after the other, each decided in a transaction of its own.

An item stays locked while it is decided, so that workers share the list (SKIP LOCKED). When a
worker dies between decision and mark, the next one finds the decision under the item's own
idempotency key and only marks it.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg2

from app.db import Transaction
from app.domain.clock import BEIJING, local_day
from app.domain.errors import AlreadyDecided, RegistryError
from app.domain.label import Label
from app.failpoints import reached
from app.identity.mandates import actor_of_account
from app.services.actor import Actor
from app.services.checked import checks
from app.services.context import Context
from app.services.decide import Request, decide
from app.services.signing.signed import Session, Signed

log = logging.getLogger(__name__)
LEFT = Label("您对该账户的授权已失效。", "Your mandate for this account has ended.")
ALONE = Label(
    "检查未全部通过或须人工确认，请单独审核：",
    "A check failed or asks for a person; review alone: ",
)
FAULT = Label("系统故障，这一项没有办理。", "A fault; this one was not decided.")
LONGEST = 500  # characters kept of a reason


@dataclass(frozen=True, slots=True)
class _Item:
    """What is to be decided, by whom, and how."""

    job_id: int
    place: int
    instance_id: int
    key: int
    person_id: int
    account_id: int
    form: Mapping[str, Any]
    signature: Signed | None
    session: Session

    @property
    def once(self) -> str:
        return f"bulk:{self.job_id}:{self.place}"


def work_one(ctx: Context) -> bool:
    """Deal with one waiting task of a bulk review; False when none waits.

    Jobs take turns: a small one does not wait for a large one.
    """
    with ctx.database.transaction() as tx:
        row = tx.one(
            """SELECT i.job_id, i.place, i.instance_id, i.key, j.person_id, j.account_id, j.form,
                   i.document, i.cms, i.signed_at
               FROM workflow.bulk_item i JOIN workflow.bulk_job j ON j.id = i.job_id
               WHERE i.done_at IS NULL
               ORDER BY i.place, i.job_id LIMIT 1 FOR NO KEY UPDATE OF i SKIP LOCKED"""
        )
        if row is None:
            return False
        item = _Item(*(*row[:6], json.loads(row[6]), *_signature(tx, *row[7:])))
        decision, reason = _attempt(ctx, item)
        reached("bulk_decided")
        _mark(tx, ctx, item, decision, reason)
    return True


def _signature(
    tx: Transaction, document: Any, cms: Any, at: datetime | None
) -> tuple[Signed | None, Session]:
    """Return the signature that was handed in for an item, and the session it is bound to.

    Where others of its review came signed and this one did not, nobody signs it later on.
    """
    if document is None:
        return None, Session(own_key=at is not None)
    row = tx.one(
        """SELECT session_hash FROM trust.challenge
           WHERE nonce = decode(convert_from(%(document)s, 'UTF8')::jsonb->>'nonce', 'hex')""",
        {"document": document},
    )
    return Signed(bytes(document), bytes(cms), at), Session(bytes(row[0]) if row else b"")


def _attempt(ctx: Context, item: _Item) -> tuple[int | None, Label]:
    """Return the decision's number, or why there is none."""
    try:
        given = _given(ctx, item)
        return (given, Label("", "")) if given is not None else _decide(ctx, item)
    except AlreadyDecided as late:
        return None, _who(late)
    except RegistryError as refused:
        return None, refused.message
    except (psycopg2.OperationalError, psycopg2.InterfaceError):
        raise  # the database went away: the item waits for the next sweep
    except Exception:
        log.exception("bulk review %s, place %s", item.job_id, item.place)
        return None, FAULT


def _given(ctx: Context, item: _Item) -> int | None:
    """Return the decision that a worker made and did not live to mark."""
    with ctx.database.transaction() as tx:
        row = tx.one(
            "SELECT id FROM workflow.decision WHERE idempotency_key = %(key)s", {"key": item.once}
        )
    return int(row[0]) if row else None


def _decide(ctx: Context, item: _Item) -> tuple[int | None, Label]:
    actor = _actor(ctx, item)
    if actor is None:
        return None, LEFT
    if item.form.get("verdict") != "return":
        doubts = [c for c in checks(ctx, actor, item.instance_id) if c.state != "ok"]
        if doubts:
            return None, Label(
                ALONE.zh + "；".join(f"{c.code} {c.message.zh}" for c in doubts),
                ALONE.en + "; ".join(f"{c.code} {c.message.en}" for c in doubts),
            )
    asked = Request(item.instance_id, item.key, item.form, item.once, item.signature, item.session)
    outcome = decide(ctx, actor, asked)
    return outcome.decision_id, Label("", "")


def _actor(ctx: Context, item: _Item) -> Actor | None:
    """Return the person with the rights they have now, not those of when they asked."""
    with ctx.database.transaction() as tx:
        today = local_day(ctx.clock.now())
        return actor_of_account(tx, item.person_id, item.account_id, today)


def _who(late: AlreadyDecided) -> Label:
    name, at = late.facts.get("name"), late.facts.get("at")
    if not name or at is None:
        return late.message
    when = at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")  # type: ignore[attr-defined]
    return Label(f"{name} 已于 {when} 办理。", f"{name} decided it on {when}.")


def _mark(tx: Transaction, ctx: Context, item: _Item, decision: int | None, reason: Label) -> None:
    tx.run(
        """UPDATE workflow.bulk_item SET outcome = %(outcome)s, decision_id = %(decision)s,
               reason = %(zh)s, reason_en = %(en)s, done_at = %(at)s
           WHERE job_id = %(job)s AND place = %(place)s""",
        {
            "outcome": "failed" if decision is None else "decided",
            "decision": decision,
            "zh": reason.zh[:LONGEST],
            "en": reason.en[:LONGEST],
            "at": ctx.clock.now(),
            "job": item.job_id,
            "place": item.place,
        },
    )
