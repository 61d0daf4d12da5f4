"""Holders as people name them, by code: who may be linked with a depositor (R14, R15)."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.db import Transaction
from app.domain.errors import Invalid
from app.domain.label import Label


@dataclass(frozen=True, slots=True)
class Named:
    """A holder that was named by its code."""

    id: int
    code: str
    name: Label


def named(tx: Transaction, codes: Sequence[str]) -> dict[str, Named]:
    """Return the emitters among holders by their codes; unknown ones are left out."""
    rows = tx.all(
        """SELECT id, code, name, name_en FROM identity.holder
           WHERE code = ANY (%(codes)s) AND role = 'emitter'""",
        {"codes": list(codes)},
    )
    return {row[1]: Named(row[0], row[1], Label(row[2], row[3] or row[2])) for row in rows}


def linkable(tx: Transaction, depositor_id: int, codes: Sequence[str], field: str) -> list[Named]:
    """Return the holders to link with a depositor; raises Invalid naming the form's ``field``.

    Everyone is an emitter, and none is the depositor itself.
    """
    found = named(tx, codes)
    unknown = [code for code in codes if code not in found]
    if unknown:
        raise _refused(
            field,
            f"没有单位代码为 {'、'.join(unknown)} 的重点排放单位。",
            f"There is no emitter with the code {', '.join(unknown)}.",
        )
    if any(holder.id == depositor_id for holder in found.values()):
        raise _refused(field, "不能与本单位关联。", "A holder is not linked with itself.")
    return [found[code] for code in dict.fromkeys(codes)]


def _refused(field: str, zh: str, en: str) -> Invalid:
    return Invalid(zh, en, fields={field: Label(zh, en)})
