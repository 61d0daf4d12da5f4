"""Build the document that a person is to sign, with a new challenge (M4, R23).

Everything that deciding would refuse is refused here already, the diagram's numbered checks
included: nobody types a PIN for what cannot be. Nothing is written but the challenge.
"""

from dataclasses import dataclass

from app.db import Transaction
from app.evidence.reasons import Rejected
from app.services.actor import Actor
from app.services.advance import Move, tried
from app.services.context import Context
from app.services.decide import Request, asked_step
from app.services.signing import challenge
from app.services.signing.named import Named, named_in
from app.services.signing.order import Terms, order
from app.services.signing.refused import SignatureRefused
from app.services.signing.server_signed import signs_for
from app.services.signing.signed import Session, origin_of
from app.services.step import Step
from app.services.withdraw import asked_event


@dataclass(frozen=True, slots=True)
class Prepared:
    """The document's bytes; None where the account asks for no signature, or the server signs."""

    document: bytes | None = None

    @property
    def needed(self) -> bool:
        """Whether the decision has to come with a signature of the person's own key."""
        return self.document is not None


def prepare(ctx: Context, actor: Actor, request: Request) -> Prepared:
    """Return what is to be signed to complete a task; raises what ``decide`` would raise."""
    with ctx.database.transaction() as tx:
        return prepare_within(ctx, tx, actor, request)


def prepare_within(ctx: Context, tx: Transaction, actor: Actor, request: Request) -> Prepared:
    """Do the same inside a transaction that is already open."""
    if not signed_by_themselves(ctx, tx, actor, "complete", request.session):
        return Prepared()
    step, move = asked_step(ctx, tx, actor, request)
    return _document(ctx, step, move, request.session)


def prepare_event(
    ctx: Context, actor: Actor, instance_id: int, name: str, session: Session
) -> Prepared:
    """Return what is to be signed to send an event; raises what ``trigger`` would raise."""
    with ctx.database.transaction() as tx:
        if not signed_by_themselves(ctx, tx, actor, "trigger", session):
            return Prepared()
        step, move = asked_event(ctx, tx, actor, instance_id, name)
        return _document(ctx, step, move, session)


def signed_by_themselves(
    ctx: Context, tx: Transaction, actor: Actor, kind: str, session: Session
) -> bool:
    """Whether a decision of a kind needs a signature that the server cannot give."""
    return actor.signs(kind) and signs_for(ctx, tx, actor.person_id, session) is None


def _document(ctx: Context, step: Step, move: Move, session: Session) -> Prepared:
    named = named_in(step)  # before service tasks add to the content
    tried(ctx, step, move)
    return document_of(ctx, step, named, session)


def document_of(ctx: Context, step: Step, named: Named, session: Session) -> Prepared:
    """Return what is to be signed for a step that would be taken, with a new challenge.

    Raises SignatureRefused where it would make no document that anybody could verify.
    """
    if step.actor is None:
        return Prepared()
    asked = challenge.new(step.tx, "decision", step.actor.person_id, session.hash, step.at)
    terms = Terms(origin_of(ctx, session), asked.nonce, asked.issued, asked.expires)
    try:
        return Prepared(order(step, terms, named).data)
    except Rejected as error:
        raise SignatureRefused(error.reason, error.detail) from error
