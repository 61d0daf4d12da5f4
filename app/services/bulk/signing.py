"""A bulk review is signed at once and decided one by one: a document for each task (W2, R23).

One PIN confirms the list in the agent, which signs each document for itself. The signatures are
looked at when they are handed in: their site, their time, their key. What they say is compared
with the database when the worker comes to the task; who changed it in between, or was quicker,
makes that one fail, with its reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.db import Transaction
from app.domain.errors import RegistryError
from app.evidence import documents, reasons
from app.evidence.reasons import Rejected
from app.identity.actor import Actor
from app.services.bulk.select import MOST, refuse_alone, sorted_out
from app.services.context import Context
from app.services.decide import Request
from app.services.inbox import Entry, chosen
from app.services.signing import trust
from app.services.signing.prepare import prepare, signed_by_themselves
from app.services.signing.refused import SignatureRefused
from app.services.signing.signed import NO_SESSION, Session, Signed, origin_of
from app.trust import challenges
from app.trust.anchors import state


@dataclass(frozen=True, slots=True)
class Handed:
    """The signatures that came with a bulk review, in the session of whoever began it."""

    signed: Sequence[Signed] = ()
    session: Session = NO_SESSION


def documents_of(
    ctx: Context,
    actor: Actor,
    task_ids: Sequence[int],
    form: Mapping[str, Any],
    session: Session,
) -> list[bytes]:
    """Return a document for each of the chosen tasks that may be decided so.

    A task that would be refused has none; the worker says why. Raises what beginning the review
    raises; returns nothing where no signature is asked for.
    """
    refuse_alone(actor)
    with ctx.database.transaction() as tx:
        if not signed_by_themselves(ctx, tx, actor, "complete", session):
            return []
        fit, _ = sorted_out(actor, chosen(tx, ctx.clock.now(), actor, task_ids[:MOST]))
    found = (_document(ctx, actor, entry, form, session) for entry in fit)
    return [document for document in found if document is not None]


def _document(
    ctx: Context, actor: Actor, entry: Entry, form: Mapping[str, Any], session: Session
) -> bytes | None:
    try:
        asked = Request(entry.instance_id, entry.key, form, session=session)
        return prepare(ctx, actor, asked).document
    except RegistryError:
        return None


def accepted(
    ctx: Context,
    tx: Transaction,
    actor: Actor,
    fit: Sequence[Entry],
    handed: Handed,
    at: datetime,
) -> dict[tuple[str, str], Signed]:
    """Return the signatures by application and task, each looked at and stamped with the time.

    Raises SignatureRefused for one that does not stand, or where all are missing.
    """
    if not handed.signed:
        if signed_by_themselves(ctx, tx, actor, "complete", handed.session):
            raise SignatureRefused(reasons.SIGNATURE_MISSING)
        return {}
    trusted = trust.current(ctx, tx, state(tx))
    asked = {(entry.number, entry.element_id) for entry in fit}
    found: dict[tuple[str, str], Signed] = {}
    for signed in handed.signed:
        try:
            document = documents.read(signed.document)
            _was_asked(ctx, tx, actor, document, handed.session)
            document.require_open(at)
            trusted.evidence.verified(signed.document, signed.cms, at)
        except Rejected as error:
            raise SignatureRefused(error.reason, error.detail) from error
        place = str(document.fields["instance"]), str(document.fields["task"])
        if place in asked:  # one that is gone by now needs none
            found[place] = replace(signed, received_at=at)
    return found


def _was_asked(
    ctx: Context, tx: Transaction, actor: Actor, document: documents.Document, session: Session
) -> None:
    """Refuse a document of another site, person or session, and one that served before."""
    if document.type != documents.DECISION:
        raise Rejected(reasons.DOCUMENT_TYPE)
    if document.fields["origin"] != origin_of(ctx, session):
        raise Rejected(reasons.FOREIGN_ORIGIN)
    if document.fields["person"] != actor.person_hash:
        raise Rejected(reasons.WRONG_PERSON)
    row = challenges.find(tx, bytes.fromhex(document.nonce))
    if row is None or (row.person_id, row.session_hash) != (actor.person_id, session.hash):
        raise Rejected(reasons.UNKNOWN_NONCE)
    if row.used_at is not None:
        raise Rejected(reasons.REPLAYED)
