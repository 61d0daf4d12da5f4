"""Who stands in for somebody who is away, on a day (W2). Days are Beijing days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from app.db import Transaction

# Of identity.delegation d: in force on %(today)s, and the delegate may still decide.
IN_FORCE = """%(today)s BETWEEN d.valid_from AND d.valid_to
    AND NOT EXISTS (SELECT FROM identity.delegation_end e
        WHERE e.delegation_id = d.id AND e.from_day <= %(today)s)
    AND identity.decides_throughout(d.delegate_id, d.account_id, %(today)s, %(today)s)"""


@dataclass(frozen=True, slots=True)
class Deputy:
    """A colleague who stands in for a person at one account."""

    person_id: int
    account_id: int


def deputies_of(tx: Transaction, person_id: int, day: date) -> list[Deputy]:
    """Return who stands in for a person on a day, at which account; nobody when not away."""
    return deputies_of_all(tx, [person_id], day).get(person_id, [])


def deputies_of_all(
    tx: Transaction, person_ids: Iterable[int], day: date
) -> dict[int, list[Deputy]]:
    """Do the same for several people in one query; those without a deputy are left out."""
    rows = tx.all(
        f"""SELECT d.person_id, d.delegate_id, d.account_id FROM identity.delegation d
            WHERE d.person_id = ANY (%(persons)s) AND {IN_FORCE} ORDER BY d.id""",  # noqa: S608
        {"persons": list(person_ids), "today": day},
    )
    found: dict[int, list[Deputy]] = {}
    for person, delegate, account in rows:
        found.setdefault(person, []).append(Deputy(delegate, account))
    return found


def stands_in(
    tx: Transaction, delegate_id: int, account_id: int, person_id: int, day: date
) -> bool:
    """Whether one person stands in for another at an account on a day."""
    return Deputy(delegate_id, account_id) in deputies_of(tx, person_id, day)
