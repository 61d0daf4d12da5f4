"""The first save or the first submission of a new application: one transaction, no empty shells."""

import json
from collections.abc import Mapping
from typing import Any

from app.db import Transaction
from app.services.actor import Actor
from app.services.context import Context
from app.services.decide import Request, after_the_quicker, decide_within
from app.services.definitions import definition_of
from app.services.drafts import save_within
from app.services.signing.signed import NO_SESSION, Session
from app.services.start import Started, start_within


def begin(
    ctx: Context,
    actor: Actor,
    process_id: str,
    subject_id: int | None,
    form: Mapping[str, Any],
    *,
    submit: bool,
    ready: bool = False,
    idempotency_key: str | None = None,
    session: Session = NO_SESSION,
) -> Started:
    """Start an application and save its draft, or submit it at once (M14, M15).

    Who signs with a key of their own saves first: the number of the application is part of what
    is signed, and nothing exists before it is saved or submitted (R7). The page does both in one
    press (app/services/signing/begin.py). Whom the server signs for submits at once.

    ``ready`` hands the draft over to the account's confirming representative (G21).

    A refused submission starts nothing: the page still has the form, and nothing was written.
    The same key with the same content gives the application that it began.
    """

    def once(_look: int) -> Started:
        with ctx.database.transaction() as tx:
            if submit and idempotency_key is not None:
                begun = _begun(tx, actor, process_id, subject_id, form, idempotency_key)
                if begun is not None:
                    return begun
            started = start_within(ctx, tx, actor, process_id, subject_id)
            if submit:
                request = Request(
                    started.instance_id, started.key, form, idempotency_key, session=session
                )
                decide_within(ctx, tx, actor, request)
            else:
                save_within(ctx, tx, actor, started.instance_id, started.key, form, ready=ready)
            return started

    started = after_the_quicker(once)
    if submit:
        ctx.bell.ring()
    return started


def _begun(
    tx: Transaction,
    actor: Actor,
    process_id: str,
    subject_id: int | None,
    form: Mapping[str, Any],
    idempotency_key: str,
) -> Started | None:
    """Return what the key began with the same content; other content meets decide's conflict.

    A second request with the key waits here until the first has committed or given up.
    """
    tx.run("SELECT pg_advisory_xact_lock(hashtextextended(%(key)s, 0))", {"key": idempotency_key})
    row = tx.one(
        """SELECT i.id, i.number, i.bundle_hash, d.element_id, d.document
           FROM workflow.decision d JOIN workflow.instance i ON i.id = d.instance_id
           WHERE d.idempotency_key = %(key)s AND d.version = 1 AND d.person_id = %(person)s
             AND d.account_id = %(account)s AND i.process_id = %(process)s
             AND i.subject_id IS NOT DISTINCT FROM %(subject)s""",
        {
            "key": idempotency_key,
            "person": actor.person_id,
            "account": actor.account_id,
            "process": process_id,
            "subject": subject_id,
        },
    )
    if row is None:
        return None
    instance, number, bundle, element, document = row
    clean, _ = definition_of(tx, bundle).form_of(element).validate(form)
    if json.loads(bytes(document))["form"] != clean:
        return None
    return Started(instance, number, key=0, replayed=True)
