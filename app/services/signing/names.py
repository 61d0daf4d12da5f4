"""What the database is asked to name for a document that is signed: accounts, holders, units."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.db import Transaction

FACTS = """workflow.order_facts(%(instance)s, %(account)s, %(codes)s::text[],
    %(targets)s::bigint[], %(lots)s::bigint[], %(recipients)s::text[], %(implied)s::text[])"""


@dataclass(frozen=True, slots=True)
class Names:
    """What is to be named: instruments and holders by code, accounts and custody lots by id.

    ``implied`` are the registry's own account types that units without a target may lead to.
    """

    codes: frozenset[str] = frozenset()
    targets: frozenset[int] = frozenset()
    lots: frozenset[int] = frozenset()
    recipients: frozenset[str] = frozenset()
    implied: frozenset[str] = frozenset()

    def within(self, other: "Names") -> bool:
        """Whether the answer for another holds the answer for this one."""
        return (
            self.codes <= other.codes
            and self.targets <= other.targets
            and self.lots <= other.lots
            and self.recipients <= other.recipients
            and self.implied <= other.implied
        )

    def params(self, instance_id: int, account_id: int | None) -> dict[str, Any]:
        """Return the parameters of ``FACTS``: of an application, for whoever acts."""
        return {
            "instance": instance_id,
            "account": account_id,
            "codes": sorted(self.codes),
            "targets": sorted(self.targets),
            "lots": sorted(self.lots),
            "recipients": sorted(self.recipients),
            "implied": sorted(self.implied),
        }


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Names that were read before it was known that they are needed, and what they are."""

    names: Names
    facts: Mapping[str, Any]


def asked_for(
    tx: Transaction, instance_id: int, account_id: int | None, names: Names
) -> Mapping[str, Any]:
    """Ask for names; one round trip."""
    row = tx.one(f"SELECT {FACTS}", names.params(instance_id, account_id))
    return row[0] if row else {}
