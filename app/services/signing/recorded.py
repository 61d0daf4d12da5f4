"""A decision as it stands on record, and what its person must have signed for it (R23, W10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import orjson

from app.db import Transaction
from app.services.actor import Actor
from app.services.definitions import definition_of
from app.services.instance import Instance
from app.services.signing.named import named_in
from app.services.signing.order import Terms, members
from app.services.step import Decided, Step
from app.services.two_people import Initiator
from app.workflow.definition import Definition

Fields = Mapping[str, Any]
HASH = "encode(sha256({0}.salt || convert_to({0}.member_no, 'UTF8')), 'hex')"

# Everything that people decided, oldest first, each with its signature if there is one.
RECORDED = f"""
SELECT d.id, d.instance_id, i.number AS instance, i.process_id, i.applicant_account_id,
       d.version, d.bundle_hash, d.element_id, d.visit, d.kind, d.person_id, d.holder_id,
       d.account_id, d.role, d.verdict, d.opinion, d.document, d.initiated_by, d.at,
       a.signature_policy, p.member_no, {HASH.format("p")} AS person_hash,
       {HASH.format("f")} AS initiator_hash, s.document AS signed, s.cms, s.crl_ids, s.nonce,
       s.at AS signed_at, c.fingerprint, c.person_id AS certified, c.at AS bound_at,
       e.at AS ended_at
FROM workflow.decision d
LEFT JOIN workflow.instance i ON i.id = d.instance_id
LEFT JOIN identity.account a ON a.id = d.account_id
LEFT JOIN identity.person p ON p.id = d.person_id
LEFT JOIN identity.person f ON f.id = d.initiated_by
LEFT JOIN trust.signature s ON s.decision_id = d.id
LEFT JOIN trust.certificate c ON c.id = s.certificate_id
LEFT JOIN trust.certificate_end e ON e.certificate_id = c.id
WHERE d.kind <> 'timer' ORDER BY d.id"""  # noqa: S608 -- the fragment is the constant above


@dataclass(frozen=True)
class Recorded:
    """One row of ``RECORDED``."""

    row: Fields

    def __str__(self) -> str:
        return f"decision {self.row['id']}"

    @cached_property
    def document(self) -> Fields:
        """What was decided on, as the decision's own document says."""
        read: Fields = orjson.loads(bytes(self.row["document"]))
        return read

    @property
    def at(self) -> datetime:
        """When it was decided."""
        return self.row["at"]  # type: ignore[no-any-return]

    @property
    def signed(self) -> bytes:
        """The signed document."""
        return bytes(self.row["signed"])

    @property
    def asks(self) -> bool:
        """Whether the account's policy asks for a signature."""
        policy: str = self.row["signature_policy"] or "decisions"
        return policy != "none" and (self.row["kind"] == "complete" or policy == "every")

    def unlike(self) -> list[str]:
        """Return what the row says otherwise than its own document."""
        row, told = self.row, self.document
        columns = {
            "instance": row["instance"],
            "version": row["version"],
            "bundle": row["bundle_hash"],
            "task": row["element_id"],
            "visit": row["visit"],
            "kind": row["kind"],
            "person": row["person_hash"],
            "account": str(row["account_id"]),
            "holder": str(row["holder_id"]),
            "role": row["role"],
            "verdict": row["verdict"],
            "opinion": row["opinion"],
            "initiator": row["initiator_hash"],
        }
        found = [name for name, value in columns.items() if told.get(name) != value]
        return found if datetime.fromisoformat(told["at"]) == self.at else [*found, "at"]

    def wanted(self, tx: Transaction, given: Fields) -> Fields:
        """Return the document that the registry would have had signed, with the terms of ``given``.

        Names of holders are those of today: who compares leaves them out.
        """
        definition = definition_of(tx, self.row["bundle_hash"])
        terms = Terms(*(str(given[name]) for name in ("origin", "nonce", "issued", "expires")))
        step = self._step(tx, definition)
        return members(step, terms, named_in(step))

    def _step(self, tx: Transaction, definition: Definition) -> Step:
        """Return the step as it was before the diagram moved, as far as documents tell of it."""
        row, told = self.row, self.document
        decided = Decided(
            element_id=row["element_id"],
            visit=row["visit"],
            kind=row["kind"],
            lane=_lane(definition, row),
            verdict=row["verdict"],
            opinion=row["opinion"],
            form=told["form"],
            initiator=(
                Initiator(row["initiated_by"], row["initiator_hash"])
                if row["initiated_by"]
                else None
            ),
        )
        asked = row["kind"] == "complete" and definition.asks_content(row["element_id"])
        content = told["form"] if asked else told["content"]
        actor = Actor(
            person_id=row["person_id"],
            person_name="",
            holder_id=row["holder_id"],
            holder_name="",
            account_id=row["account_id"],
            role=row["role"],
            rights="both",
            province_id=None,
            person_hash=row["person_hash"],
        )
        instance = self._instance(definition, content)
        return Step(tx, instance, actor, self.at, decided, content)

    def _instance(self, definition: Definition, content: Fields) -> Instance:
        row = self.row
        return Instance(
            id=row["instance_id"],
            number=row["instance"],
            process_id=row["process_id"],
            bundle_hash=row["bundle_hash"],
            state=b"",
            version=row["version"] - 1,
            status="open",
            applicant_id=0,
            applicant_account_id=row["applicant_account_id"],
            subject_kind="",
            subject_id=None,
            content=content,
            reserved_transfer_id=None,
            submitted_at=None,
            members={},
            reserved_type=None,
            applicant_role="",
            definition=definition,
        )


def _lane(definition: Definition, row: Fields) -> str:
    """Return the key of the lane in which it was decided, as lanes are named across diagrams."""
    element = row["element_id"]
    drawn = definition.triggers if row["kind"] == "trigger" else definition.tasks
    return definition.lanes[drawn[element].lane].key


def differing(given: Fields, wanted: Fields) -> list[str]:
    """Return the members in which a signed document differs from what the registry would write.

    What holders are called may have changed since; their accounts' numbers never do. Where an
    account has been closed since and is found no more, the signed number stays unquestioned.
    """
    names = sorted({*given, *wanted} - {"from", "to", "quantities"})
    found = [name for name in names if given.get(name) != wanted.get(name)]
    if given["from"].get("account") != wanted["from"].get("account"):
        found.append("from")
    if not _same(given["to"], wanted["to"], ()):
        found.append("to")
    if not _same(given["quantities"], wanted["quantities"], ("instrument", "quantity")):
        found.append("quantities")
    return found


def _same(given: list[Fields], wanted: list[Fields], names: tuple[str, ...]) -> bool:
    if len(given) != len(wanted):
        return False
    for ours, theirs in zip(wanted, given, strict=True):
        if any(ours.get(name) != theirs.get(name) for name in names):
            return False
        for account in ("to", "account"):
            if ours.get(account) not in {None, theirs.get(account)}:
                return False
    return True
