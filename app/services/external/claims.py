"""A claim on reductions that are frozen in another registry, read from its application (G17)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.db import Transaction
from app.domain.checks import findings
from app.domain.checks.claim_facts import ClaimFacts, Taken
from app.domain.errors import Conflict, Invalid, Refused
from app.domain.external_numbers import Stretch, UnreadableNumbers, read_numbers
from app.services.facts import Wish, WishLine, facts_of
from app.services.instance import Instance

if TYPE_CHECKING:
    from app.services.step import Step

TAKEN = """
SELECT w.prefix, w.digits, lower(w.numbers * r.numbers), i.code
FROM (SELECT p AS prefix, d AS digits, int8range(f, l, '[]') AS numbers
      FROM unnest(%(prefixes)s::text[], %(digits)s::int[], %(firsts)s::bigint[],
                  %(lasts)s::bigint[]) AS u (p, d, f, l)) w
JOIN ledger.external_range r ON r.registry = %(registry)s AND r.prefix = w.prefix
    AND r.numbers && w.numbers
JOIN ledger.instrument i ON i.id = r.instrument_id
JOIN ledger.issue s ON s.instrument_id = r.instrument_id
WHERE EXISTS (
    SELECT FROM ledger.unit_block b JOIN identity.account a ON a.id = b.account_id
    WHERE b.instrument_id = r.instrument_id AND a.type <> 'external_release'
      AND b.serials && int8range(
          lower(s.serials) + r.place + lower(w.numbers * r.numbers) - lower(r.numbers),
          lower(s.serials) + r.place + upper(w.numbers * r.numbers) - lower(r.numbers)))
ORDER BY i.id, r.no LIMIT 20"""


def claim_wish(
    tx: Transaction, instance: Instance, content: Mapping[str, Any], transaction_type: str
) -> Wish:
    """Return the claim as a movement that somebody wants: new units for the applicant's account.

    Raises Invalid, naming the field, for numbers that cannot be read.
    """
    row = tx.one(
        """SELECT a.type, (SELECT min(s.id) FROM identity.account s
                           WHERE s.type = 'issuance_source' AND s.status = 'open')
           FROM identity.account a WHERE a.id = %(id)s""",
        {"id": instance.applicant_account_id},
    )
    account_type, source = row or ("", None)
    stretches = _stretches(content)
    registry, quantity = str(content["registry"]), int(content["quantity"])
    return Wish(
        type=transaction_type,
        from_account=source or 0,
        lines=(WishLine(instance.number, quantity, instance.applicant_account_id),),
        acting_holder=instance.applicant_id,
        role=instance.applicant_role,
        claim=ClaimFacts(
            registry, quantity, stretches, account_type, _taken(tx, registry, stretches)
        ),
    )


def checked_claim(step: "Step", transaction_type: str) -> dict[str, Any]:
    """Return the request of ledger.mark_external; raises Refused with every failing check."""
    content = step.content
    wish = claim_wish(step.tx, step.instance, content, transaction_type)
    failing = findings(facts_of(step.tx, wish))
    if failing:
        raise Refused(failing)
    if wish.claim is None:
        raise Conflict("没有标记申请。", "There is no claim.")
    step.changes["quantity"] = step.changes["ccer_quantity"] = wish.claim.quantity
    return {
        "quantity": str(wish.claim.quantity),
        "registry": wish.claim.registry,
        "ranges": [stretch.request() for stretch in wish.claim.stretches],
        "covered_source": content["covered_source"] == "yes",
        "vintage": str(content["vintage"]),
        **{
            name: str(content.get(name, ""))
            for name in ("project_code", "project_name", "project_type", "region")
        },
    }


def _stretches(content: Mapping[str, Any]) -> Sequence[Stretch]:
    try:
        return read_numbers(str(content["serials"]))
    except UnreadableNumbers as error:
        zh, en = "对方登记编号有误。", "The other registry's numbers are wrong."
        raise Invalid(zh, en, fields={"serials": error.why}) from error


def _taken(tx: Transaction, registry: str, stretches: Sequence[Stretch]) -> tuple[Taken, ...]:
    rows = tx.all(
        TAKEN,
        {
            "registry": registry,
            "prefixes": [s.prefix for s in stretches],
            "digits": [s.digits for s in stretches],
            "firsts": [s.first for s in stretches],
            "lasts": [s.last for s in stretches],
        },
    )
    return tuple(
        Taken(Stretch(prefix, digits, first, first).said, code)
        for prefix, digits, first, code in rows
    )
