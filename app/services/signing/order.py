"""What a person signs when they decide: the registry/decision/1 document (M4, R23, W10).

Built from the database each time it is asked for, when it is prepared and again inside the
transaction that decides; only nonce, times and origin are carried from the one to the other. No
flow is named here: what the content's widgets ask of the ledger, the form says, and the names of
process, task and verdict are those of the instance's own bundle. The version of the instance is
left out on purpose: of twenty reviewers who sign at once none makes another's document stale.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.domain.canonical import canonical, canonical_text
from app.domain.label import Label
from app.evidence import documents, reasons
from app.evidence.documents import DECISION, Document
from app.evidence.reasons import Rejected
from app.services.signing.named import Named
from app.services.timeline import label_of, verdict_label
from app.workflow.definition import Definition

if TYPE_CHECKING:
    from app.services.step import Step


@dataclass(frozen=True, slots=True)
class Terms:
    """What makes one document of many: where it is signed, and between when it may be handed in.

    ``nonce`` is 64 hex digits; ``issued`` and ``expires`` are UTC as in 2026-11-21T08:00:00Z.
    """

    origin: str
    nonce: str
    issued: str
    expires: str


@dataclass(frozen=True, slots=True)
class Order:
    """A document that somebody is to sign: its canonical bytes, and the same read."""

    data: bytes
    told: Document


def order(step: "Step", terms: Terms, named: Named) -> Order:
    """Return what is decided in a step, before the diagram moves.

    A reviewer who is asked about its own part of an application signs that part, and nothing of
    the others' stands in it (M22). Raises Rejected where that makes no document of the registry's
    types: whoever verifies it years later would refuse it.
    """
    fields = members(step, terms, named)
    told = documents.of(fields)
    data = canonical_text(fields)  # of text alone: that was looked at
    if len(data) > documents.LARGEST:
        raise Rejected(reasons.TOO_LARGE)
    return Order(data, told)


def members(step: "Step", terms: Terms, named: Named) -> dict[str, Any]:
    """Return what such a document says, whether or not it is one that may be signed."""
    decided, actor, definition = step.decided, step.actor, step.instance.definition
    if actor is None:
        raise ValueError("a step of the system is not signed")
    form = _hashed(decided.form)
    verdict = {"kind": decided.kind, "element_id": decided.element_id, "verdict": decided.verdict}
    return {
        "type": DECISION,
        "origin": terms.origin,
        "action": _said(_action(definition, decided.element_id)),
        "instance": step.instance.number,
        "process": step.instance.process_id,
        "bundle": step.instance.bundle_hash,
        "task": decided.element_id,
        "visit": str(decided.visit),
        "kind": decided.kind,
        "verdict": decided.verdict,
        "verdict_text": _said(verdict_label(definition, verdict)),
        "opinion": decided.opinion,
        "form": form,
        "content": form if named.content is decided.form else _hashed(named.content),
        "from": named.source,
        "to": named.targets,
        "quantities": named.quantities,
        "person": actor.person_hash,
        "account": named.account,
        "role": actor.role,
        **({"initiator": decided.initiator.person_hash} if decided.initiator else {}),
        "nonce": terms.nonce,
        "issued": terms.issued,
        "expires": terms.expires,
    }


def _action(definition: Definition, element_id: str) -> Label:
    process, task = definition.label, label_of(definition, element_id)
    return Label(f"{process.zh} · {task.zh}", f"{process.en} · {task.en}")


def _said(label: Label) -> dict[str, str]:
    return {"zh": label.zh, "en": label.en}


def _hashed(value: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(dict(value))).hexdigest()
