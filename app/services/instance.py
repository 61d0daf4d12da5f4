"""One instance as a step needs it: loaded in one query, with the diagram it runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from app.db import Transaction
from app.domain.errors import NotFound
from app.services.definitions import definition_of
from app.services.signing.names import FACTS, Foreseen, Names
from app.workflow.definition import Definition
from app.workflow.lanes import Lane


@dataclass(frozen=True, slots=True)
class Instance:
    """A row of workflow.instance with its parties; ``state`` restores the engine's run."""

    id: int
    number: str
    process_id: str
    bundle_hash: str
    state: bytes
    version: int
    status: str
    applicant_id: int
    applicant_account_id: int
    subject_kind: str
    subject_id: int | None
    content: Mapping[str, Any]
    reserved_transfer_id: int | None
    submitted_at: datetime | None
    members: Mapping[str, tuple[int, ...]]
    reserved_type: str | None
    applicant_role: str
    definition: Definition

    @property
    def parties(self) -> Mapping[str, int]:
        """The holder in each lane that has one; ``members`` also has lanes with several."""
        return {lane: holders[0] for lane, holders in self.members.items()}

    def has_party(self, holder_id: int) -> bool:
        """Whether a holder takes part, or took part: who was dropped still sees its own review."""
        return any(holder_id in holders for holders in self.members.values())

    def role_in(self, lane: Lane) -> str | None:
        """The role of a lane's people; where several may begin a flow, that of who began it."""
        return self.applicant_role if lane.party == "applicant" else lane.role


_TASK = "SELECT * FROM workflow.open_task(%(id)s, %(key)s)"
_NAMES_AND_TASK = f"SELECT {FACTS}, t.* FROM workflow.open_task(%(id)s, %(key)s) t"  # noqa: S608
OPEN_TASK = ("element_id", "visit", "lane", "holder_id", "role", "claimed_by")


def load(tx: Transaction, instance_id: int) -> Instance:
    """Return an instance; raises NotFound."""
    return load_with_task(tx, instance_id, None)[0]


def load_with_task(
    tx: Transaction, instance_id: int, key: int | None
) -> tuple[Instance, dict[str, Any]]:
    """Return an instance and its open task by key, all None if none is; raises NotFound."""
    row = tx.one(_TASK, {"id": instance_id, "key": key})
    return _with_task(tx, row)


def load_with_names(
    tx: Transaction, instance_id: int, key: int, account_id: int, names: Names
) -> tuple[Instance, dict[str, Any], Foreseen]:
    """Do the same and read names along with it: a round trip less; raises NotFound."""
    row = tx.one(
        _NAMES_AND_TASK,
        {"id": instance_id, "key": key, **names.params(instance_id, account_id)},
    )
    instance, task = _with_task(tx, row[1:] if row else None)
    return instance, task, Foreseen(names, row[0] if row else {})


def _with_task(tx: Transaction, row: tuple[Any, ...] | None) -> tuple[Instance, dict[str, Any]]:
    if row is None:
        raise NotFound
    own, task = row[: -len(OPEN_TASK)], row[-len(OPEN_TASK) :]
    return _from_row(tx, own), dict(zip(OPEN_TASK, task, strict=True))


def _from_row(tx: Transaction, row: tuple[Any, ...]) -> Instance:
    values = list(row)
    values[4] = bytes(row[4])
    values[11] = orjson.loads(row[11])
    values[14] = _members(row[14] or ())
    values.append(definition_of(tx, row[3]))
    return Instance(*values)


def _members(rows: Sequence[tuple[str, int]]) -> dict[str, tuple[int, ...]]:
    members: dict[str, tuple[int, ...]] = {}
    for lane, holder in rows:
        members[lane] = (*members.get(lane, ()), holder)
    return members
