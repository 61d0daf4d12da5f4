"""The numbered checks of an application as a reviewer sees them: all, with the values compared.

They are the ones that the step itself runs (app/domain/checks): a page never judges by itself.
"""

from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction
from app.domain import account_changes, credential_changes
from app.domain.checks import run_checks
from app.domain.checks.check import Check
from app.domain.checks.facts import Facts
from app.domain.findings import Finding
from app.domain.label import Label
from app.identity.actor import Actor
from app.services.account_changes.checking import facts_of_change
from app.services.account_changes.fields import form_of_change
from app.services.application import visible
from app.services.context import Context
from app.services.counterparty import counterparty_of
from app.services.credentials.facts import FLOW, facts_of_credential
from app.services.external.claims import claim_wish
from app.services.facts import Wish, facts_of
from app.services.instance import Instance, load
from app.services.proposal import wish_of
from app.workflow.forms import Form


@dataclass(frozen=True, slots=True)
class Checked:
    """One check and its result; ``state`` is ok, bad, or warn: a person has to confirm."""

    code: str
    message: Label
    state: str
    compared: Label


def checks(ctx: Context, actor: Actor, instance_id: int) -> list[Checked]:
    """Return the checks of a submitted application that is still open; none for others.

    A counterparty sees none: they compare what all of them get.

    Raises NotFound when the application is not the actor's to see.
    """
    with ctx.database.transaction() as tx:
        row = visible(tx, actor, instance_id)
        instance = load(tx, instance_id)
        definition = instance.definition
        if counterparty_of(tx, actor, definition, instance_id, row["applicant_id"]) is not None:
            return []  # they compare what all recipients get
        form = form_of_change(definition)
        if form is not None:
            return _of_change(tx, instance, form, ctx.clock.now())
        if instance.process_id == FLOW:
            return _of_credential(tx, instance, actor, ctx.clock.now())
        wish = _wish(ctx, tx, instance)
        if wish is None:
            return []
        facts = facts_of(tx, wish)
    return [_checked(check, found, facts) for check, found in run_checks(facts)]


def _wish(ctx: Context, tx: Transaction, instance: Instance) -> Wish | None:
    """Return what the application holds units for, or what it claims of another registry (G17)."""
    held = instance.reserved_transfer_id
    kind = tx.one("SELECT type FROM ledger.transfer WHERE id = %(id)s", {"id": held})
    if held is not None and kind is not None:
        return wish_of(
            tx,
            instance,
            instance.content,
            kind[0],
            held,
            custody_strictly_less=ctx.settings.custody_strictly_less,
        )
    claims = instance.definition.constants("external/mark", "type")
    if not claims or instance.submitted_at is None or instance.status != "open":
        return None
    return claim_wish(tx, instance, instance.content, str(*claims))


def _of_change(tx: Transaction, instance: Instance, form: Form, at: datetime) -> list[Checked]:
    """Return the checks of a change of a holder's data that is under review."""
    if instance.submitted_at is None or instance.status != "open":
        return []
    facts = facts_of_change(tx, instance, form, instance.content, at)
    return [
        Checked(check.code, check.rule, "bad" if found else "ok", _said(found))
        for check, found in account_changes.run_checks(facts)
    ]


def _of_credential(
    tx: Transaction, instance: Instance, actor: Actor, at: datetime
) -> list[Checked]:
    """Return the checks of a change of a certificate that another officer is to confirm."""
    if instance.submitted_at is None or instance.status != "open":
        return []
    facts = facts_of_credential(tx, instance.id, instance.content, actor.person_id, at)
    return [
        Checked(
            check.code,
            check.rule,
            "bad" if found else "ok",
            _said(found) if found else check.shown(facts),
        )
        for check, found in credential_changes.run_checks(facts)
    ]


def _said(found: list[Finding]) -> Label:
    return Label("；".join(f.message.zh for f in found), "; ".join(f.message.en for f in found))


def _checked(check: Check, found: list[Finding], facts: Facts) -> Checked:
    if found:
        return Checked(check.code, check.rule, "bad", _said(found))
    warning = check.warning(facts) if check.warning else None
    if warning:
        return Checked(check.code, check.rule, "warn", warning)
    return Checked(
        check.code, check.rule, "ok", check.shown(facts) if check.shown else Label("", "")
    )
