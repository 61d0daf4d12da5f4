"""Reads certificates by number and by application."""

import re
from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction
from app.domain.label import Label

NUMBER = re.compile(r"ZXZS-\d{4}-\d{7,12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate's row; the ledger knows the rest by ``transfer_id``."""

    number: str
    instance_id: int
    transfer_id: int
    holder: Label
    beneficiary: str
    purpose: str
    issued_at: datetime
    application: str


SELECT = """SELECT c.number, c.instance_id, c.transfer_id, c.holder,
    coalesce(nullif(c.holder_en, ''), c.holder), c.beneficiary, c.purpose, c.issued_at, i.number
    FROM certificates.certificate c JOIN workflow.instance i ON i.id = c.instance_id WHERE """


def by_number(tx: Transaction, number: str) -> Certificate | None:
    """Return the certificate of a number, or None; what is no number never meets the database."""
    if not NUMBER.fullmatch(number):
        return None
    return _read(tx.one(SELECT + "c.number = %(number)s", {"number": number}))


def of_instance(tx: Transaction, instance_id: int) -> Certificate | None:
    """Return the newest certificate of an application, or None."""
    sql = SELECT + "c.instance_id = %(id)s ORDER BY c.id DESC LIMIT 1"
    return _read(tx.one(sql, {"id": instance_id}))


def _read(row: tuple[object, ...] | None) -> Certificate | None:
    if row is None:
        return None
    number, instance, transfer, holder, holder_en, *rest = row
    return Certificate(number, instance, transfer, Label(holder, holder_en), *rest)  # type: ignore[arg-type]
