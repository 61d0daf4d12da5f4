"""The numbered checks of an application as a reviewer sees them: all, with the values compared.

They are the ones that the step itself runs (app/domain/checks): a page never judges by itself.
"""

from dataclasses import dataclass

from app.domain.checks import run_checks
from app.domain.checks.check import Check
from app.domain.checks.facts import Facts
from app.domain.findings import Finding
from app.domain.label import Label
from app.identity.actor import Actor
from app.services.application import visible
from app.services.context import Context
from app.services.counterparty import counterparty_of
from app.services.facts import facts_of
from app.services.instance import load
from app.services.proposal import wish_of


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
        held = instance.reserved_transfer_id
        kind = tx.one("SELECT type FROM ledger.transfer WHERE id = %(id)s", {"id": held})
        if held is None or kind is None:
            return []
        wish = wish_of(
            tx,
            instance,
            instance.content,
            kind[0],
            held,
            custody_strictly_less=ctx.settings.custody_strictly_less,
        )
        facts = facts_of(tx, wish)
    return [_checked(check, found, facts) for check, found in run_checks(facts)]


def _checked(check: Check, found: list[Finding], facts: Facts) -> Checked:
    if found:
        said = Label("；".join(f.message.zh for f in found), "; ".join(f.message.en for f in found))
        return Checked(check.code, check.rule, "bad", said)
    warning = check.warning(facts) if check.warning else None
    if warning:
        return Checked(check.code, check.rule, "warn", warning)
    return Checked(
        check.code, check.rule, "ok", check.shown(facts) if check.shown else Label("", "")
    )
