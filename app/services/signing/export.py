"""The evidence of one decision, for somebody who trusts neither the server nor its operator (W10).

One file: the document, the signature, the chain and the lists it was checked against. It is held
against itself before it is handed out. `registry verify-decision` says offline what it proves.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.db import Transaction
from app.domain.errors import Conflict, NotFound
from app.evidence.bundle import encode_verified
from app.evidence.chain import Anchors
from app.evidence.reasons import Rejected
from app.evidence.verify import verified
from app.identity.actor import Actor
from app.services.application import application_within
from app.services.context import Context


@dataclass(frozen=True, slots=True)
class Evidence:
    """The file of one decision, and what to call it."""

    name: str
    content: bytes


def evidence(ctx: Context, actor: Actor, instance_id: int, decision_id: int) -> Evidence:
    """Return the evidence of a decision to a party of its application or an auditor.

    One of several reviewers gets that of its own organisation's decisions only: what others
    signed names all lines (M22). Raises NotFound for a decision that is not the actor's to see or
    that nobody signed, Conflict when its signature does not stand.
    """
    with ctx.database.transaction() as tx:
        found = application_within(tx, actor, instance_id)
        decision = next((d for d in found.decisions if d.id == decision_id), None)
        if decision is None or (found.in_part and decision.holder_id != actor.holder_id):
            raise NotFound
        content = _content(tx, decision_id)
    return Evidence(f"{found.number}-{decision_id}.evidence.json", content)


def _content(tx: Transaction, decision_id: int) -> bytes:
    row = tx.one(
        "SELECT document, cms, crl_ids, at FROM trust.signature WHERE decision_id = %(id)s",
        {"id": decision_id},
    )
    if row is None:
        raise NotFound("这项决定没有签名。", "This decision was not signed.")
    document, cms, at = bytes(row[0]), bytes(row[1]), row[3]
    lists = _lists(tx, row[2])
    try:
        standing = verified(document, cms, _anchors(tx), lists, at)
    except Rejected as error:
        raise Conflict(
            f"这项决定的签名不成立：{error.zh}", f"The signature does not stand: {error.en}"
        ) from error
    return encode_verified(document, cms, standing, lists)


def _lists(tx: Transaction, ids: Sequence[int]) -> list[bytes]:
    rows = tx.all("SELECT der FROM trust.crl WHERE id = ANY (%(ids)s) ORDER BY id", {"ids": ids})
    return [bytes(row[0]) for row in rows]


def _anchors(tx: Transaction) -> Anchors:
    """Return everybody who was ever believed: a decision stays what it was (R23)."""
    rows = tx.all("SELECT kind, der FROM trust.anchor ORDER BY id")
    of_kind = {kind: [bytes(d) for k, d in rows if k == kind] for kind in ("root", "intermediate")}
    return Anchors(of_kind["root"], of_kind["intermediate"])
