"""One instance as a step needs it: loaded in one query, with the diagram it runs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.db import Transaction
from app.domain.errors import NotFound
from app.services.definitions import definition_of
from app.workflow.definition import Definition


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
    parties: Mapping[str, int]
    definition: Definition

    @property
    def applicant_role(self) -> str:
        """The role in which the applicant acts: that of its lane in this diagram."""
        lanes = self.definition.lanes.values()
        mine = (x.role for x in lanes if x.party == "applicant" and x.key in self.parties)
        return next(mine, None) or ""


COLUMNS = """i.id, i.number, i.process_id, i.bundle_hash, i.state, i.version, i.status,
    i.applicant_id, i.applicant_account_id, i.subject_kind, i.subject_id, i.content,
    i.reserved_transfer_id, i.submitted_at,
    (SELECT json_object_agg(p.lane, p.holder_id) FROM workflow.party p
     WHERE p.instance_id = i.id)"""


def load(tx: Transaction, instance_id: int) -> Instance:
    """Return an instance; raises NotFound."""
    row = tx.one(
        f"SELECT {COLUMNS} FROM workflow.instance i WHERE i.id = %(id)s",  # noqa: S608
        {"id": instance_id},
    )
    if row is None:
        raise NotFound
    return from_row(tx, row)


def from_row(tx: Transaction, row: tuple[Any, ...]) -> Instance:
    """Make an instance of the columns of COLUMNS."""
    values = list(row)
    values[4] = bytes(row[4])
    values[11] = json.loads(row[11])
    values[14] = row[14] or {}
    values.append(definition_of(tx, row[3]))
    return Instance(*values)
