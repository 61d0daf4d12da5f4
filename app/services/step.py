"""One step of an instance: what a decision, a withdrawal or a timer changes, gathered in memory.

The engine runs on the restored state; service tasks of the diagram add ledger effects and
notifications here; ``write`` hands everything to workflow.apply_step in one call. Nothing is
written before, so a refused check leaves no trace.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
import psycopg2
from psycopg2.errorcodes import UNIQUE_VIOLATION

from app.db import Transaction
from app.domain.canonical import canonical, leaf
from app.domain.errors import Conflict, Forbidden
from app.failpoints import reached
from app.ledger.refusals import refusal_of
from app.services.actor import Actor
from app.services.instance import Instance
from app.services.only_holder import only_holder
from app.services.share import Share
from app.services.signing.names import Foreseen
from app.services.signing.refused import meaning_of_refusal
from app.services.two_people import NEEDS_TWO, Initiator
from app.workflow.lanes import JOINING, Lane
from app.workflow.run import OpenTask, Run

if TYPE_CHECKING:
    from app.services.context import Context
    from app.services.signing.check import Accepted

KEY_ONCE = "decision_idempotency_key_key"


@dataclass
class Decided:
    """What the decision row will say."""

    element_id: str
    visit: int
    kind: str
    lane: str
    verdict: str = ""
    opinion: str = ""
    idempotency_key: str | None = None
    request: str = ""
    form: Mapping[str, Any] = field(default_factory=dict)
    initiator: Initiator | None = None


@dataclass
class Step:
    """The changes of one step. ``actor`` is None for a timer.

    ``shares`` is what each holder of a list gets of what is reserved; ``external`` are the tonnes
    of another registry's reductions in it. ``signature`` is the one that the step is taken under;
    ``foreseen`` are names for its document that were read with the task.
    """

    tx: Transaction
    instance: Instance
    actor: Actor | None
    at: datetime
    decided: Decided
    content: Mapping[str, Any] = field(default_factory=dict)
    draft_done: str | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    effects: list[dict[str, Any]] = field(default_factory=list)
    notifications: list[dict[str, Any]] = field(default_factory=list)
    outbox: list[dict[str, str]] = field(default_factory=list)
    shares: Mapping[int, Share] = field(default_factory=dict)
    external: int = 0
    custody_strictly_less: bool = False
    afterwards: list[Callable[["Context", int], None]] = field(default_factory=list)
    signature: "Accepted | None" = None
    foreseen: Foreseen | None = None

    def effect(self, op: str, request: dict[str, Any]) -> None:
        """Add a ledger effect; it is applied in this order when the step is written."""
        self.effects.append({"op": op, "request": request})
        if op in {"post", "void"}:
            self.changes["resolved"] = True

    def write(self, run: Run, before: frozenset[int]) -> int:
        """Write the step after the engine ran; return the decision's id.

        ``before`` are the keys of the tasks that were open. Raises Conflict when the instance
        has moved on, Forbidden when the person acted for another party in it, and what the
        ledger refuses.
        """
        document = canonical(self._document())
        step = self._step(run, before, leaf(document))
        reached("before_step")
        try:
            row = self.tx.one(
                "SELECT workflow.apply_step(%(step)s::jsonb, %(state)s, %(document)s)",
                {"step": orjson.dumps(step).decode(), "state": run.dump(), "document": document},
            )
        except psycopg2.Error as error:
            raise meaning_of(error) from error
        reached("after_step")
        return int(row[0]) if row else 0

    def _step(self, run: Run, before: frozenset[int], hashed: bytes) -> dict[str, Any]:
        opened = {task.key: task for task in run.open_tasks()}
        new = [task for key, task in opened.items() if key not in before]
        joining = [j for j in map(self._joining, new) if j is not None]
        wake = run.next_wake()
        decided = self.decided
        return {
            "instance_id": self.instance.id,
            "version": self.instance.version,
            "bundle_hash": self.instance.bundle_hash,
            "process_id": self.instance.process_id,
            "at": self.at.isoformat(),
            "status": "ended" if run.ended else "open",
            "outcome": run.outcome or "",
            "wake_at": wake.isoformat() if wake else None,
            "person_id": self.actor.person_id if self.actor else None,
            "holder_id": self.actor.holder_id if self.actor else None,
            "account_id": self.actor.account_id if self.actor else None,
            "role": self.actor.role if self.actor else "system",
            "lane": decided.lane,
            "decision": {
                "element_id": decided.element_id,
                "visit": decided.visit,
                "kind": decided.kind,
                "verdict": decided.verdict,
                "opinion": decided.opinion,
                "leaf": hashed.hex(),
                "key": decided.idempotency_key,
                **({"initiated_by": decided.initiator.person_id} if decided.initiator else {}),
            },
            "effects": self.effects,
            "close": [key for key in before if key not in opened],
            "open": [self._open(task) for task in new],
            "tag": f"workflow:{self.instance.process_id}.{decided.element_id}:{self._action()}",
            "data": json.dumps(self._data(), ensure_ascii=False),
            "path": _path(run),
            "notifications": self.notifications,
            "outbox": [*self.outbox, self._told(new)],
            **({"draft_done": self.draft_done} if self.draft_done else {}),
            **({"joining": joining} if joining else {}),
            **({"signature": self.signature.request(self.at)} if self.signature else {}),
            **self.changes,
        }

    def _open(self, task: OpenTask) -> dict[str, Any]:
        lane = self.instance.definition.lanes[task.task.lane]
        holder = self._holder(task, lane)
        return {
            "key": task.key,
            "element_id": task.task.id,
            "name": task.task.label.zh,
            "name_en": task.task.label.en,
            "lane": lane.key,
            "role": self._role(lane, holder),
            "holder_id": holder,
            "visit": task.visit,
            "due_at": task.due.isoformat() if task.due else None,
            **self._share(holder, lane),
        }

    def _holder(self, task: OpenTask, lane: Lane) -> int:
        """Who is asked: the item's holder, the lane's party, or who becomes one by being asked."""
        if lane.party == "item":
            return int(task.item)
        if lane.party == "any.asked":
            return only_holder(self.tx, lane)
        return self.instance.parties[lane.key]

    def _role(self, lane: Lane, holder: int) -> str | None:
        """The role of a task's people; where a reviewer may be of several roles, the holder's."""
        if len(lane.roles) < 2 or lane.party == "applicant":
            return self.instance.role_in(lane)
        row = self.tx.one("SELECT role FROM identity.holder WHERE id = %(id)s", {"id": holder})
        return str(row[0]) if row else None

    def _share(self, holder: int, lane: Lane) -> dict[str, int]:
        """A holder of a repeated task is asked about its own part; nobody else's shows there."""
        share = self.shares.get(holder) if lane.party == "item" else None
        return {"quantity": share.quantity, "ccer_quantity": share.ccer} if share else {}

    def _joining(self, task: OpenTask) -> dict[str, Any] | None:
        """Return the party that being asked makes of a holder."""
        lane = self.instance.definition.lanes[task.task.lane]
        if lane.party not in JOINING:
            return None
        return {"lane": lane.key, "holder_id": self._holder(task, lane)}

    def _told(self, new: list[OpenTask]) -> dict[str, str]:
        """The line from which the worker tells people by e-mail and SMS (G31, telling/plan.py)."""
        payload: dict[str, Any] = {
            "instance": self.instance.number,
            "id": self.instance.id,
            "task": self.decided.element_id,
            "action": self._action(),
            "by": self.actor.person_id if self.actor else None,
        }
        if new:
            payload["opened"] = [task.key for task in new]
        if self.notifications:
            payload["told"] = [
                (n["holder_id"], n["text"], n["text_en"]) for n in self.notifications
            ]
        return {"kind": "decided", "payload": orjson.dumps(payload).decode()}

    def _action(self) -> str:
        return self.decided.verdict or self.decided.kind

    def _data(self) -> dict[str, Any]:
        """What the history shows of the step; quantities as text, like everywhere on record."""
        data: dict[str, Any] = {"visit": self.decided.visit}
        for name in ("quantity", "ccer_quantity"):
            if name in self.changes:
                data[name] = str(self.changes[name])
        if self.decided.opinion:
            data["opinion"] = self.decided.opinion
        return data

    def _document(self) -> dict[str, Any]:
        """Return what was decided on, complete; personal data enters as a salted hash."""
        decided, actor = self.decided, self.actor
        return {
            "type": "decision/1",
            "instance": self.instance.number,
            "version": self.instance.version + 1,
            "bundle": self.instance.bundle_hash,
            "task": decided.element_id,
            "visit": decided.visit,
            "kind": decided.kind,
            "at": self.at.isoformat(),
            "person": actor.person_hash if actor else "",
            "account": str(actor.account_id) if actor else "",
            "holder": str(actor.holder_id) if actor else "",
            "role": actor.role if actor else "system",
            "verdict": decided.verdict,
            "opinion": decided.opinion,
            "request": decided.request,
            "form": dict(decided.form),
            **({"initiator": decided.initiator.person_hash} if decided.initiator else {}),
            "content": dict(self.content),
            "effects": self.effects,
            **({"signed": self.signature.hashed} if self.signature else {}),
        }


def _path(run: Run) -> str:
    """Return the elements passed in this step, in order: feeds the live diagram."""
    return " ".join(visit.element_id for visit in run.path)


class MovedOn(Conflict):
    """Somebody was quicker, or used the same key: whoever tries again finds out who and how."""


class OtherTrust(MovedOn):
    """What is believed has changed since the signature was checked: it is checked again."""


def meaning_of(error: psycopg2.Error) -> Exception:
    """Turn what the database refused into what a person can read."""
    twice = error.pgcode == UNIQUE_VIOLATION and error.diag.constraint_name == KEY_ONCE
    if error.pgcode == "RG409" or twice:
        return MovedOn(
            "这项申请刚刚已被他人处理，您的操作没有生效。",
            "Somebody else has just acted on this application; nothing of yours was applied.",
        )
    if error.pgcode == "RG403":
        return Forbidden(
            "您已在本流程中代表另一方操作，不能再办理这一步。",
            "You have acted for another party in this process and cannot take this step.",
        )
    if error.pgcode == "RG421":
        return NEEDS_TWO
    if error.pgcode == "RG447":
        return OtherTrust(
            "吊销列表刚刚更新，请重试。",
            "The lists of revoked certificates have just changed; try again.",
        )
    return meaning_of_refusal(error) or refusal_of(error)
