"""Instruments (C4): creating them, and finding those that a holder may use and has."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from app.db import Transaction
from app.ledger.posting import call

COLUMNS = """i.id, i.code, i.name, i.name_en, i.unit_type, i.year, i.project_code, i.region,
    i.project_type, i.vintage, i.covered_source"""


@dataclass(frozen=True, slots=True)
class NewInstrument:
    """What is said of an instrument when it is created; it never changes afterwards."""

    code: str
    name: str
    unit_type: str
    name_en: str = ""
    year: int | None = None
    project_code: str = ""
    region: str = ""
    project_type: str = ""
    vintage: int | None = None
    covered_source: bool = False


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument, and the tonnes of it that are free in the account asked about."""

    id: int
    code: str
    name: str
    name_en: str
    unit_type: str
    year: int | None
    project_code: str
    region: str
    project_type: str
    vintage: int | None
    covered_source: bool
    available: int = 0


def create(tx: Transaction, new: NewInstrument, at: datetime) -> int:
    """Create an instrument and return its id; raises Conflict when the code is taken."""
    answer = call(tx, "create_instrument", {**asdict(new), "at": at.isoformat()})
    return int(answer["instrument_id"])


def by_code(tx: Transaction, code: str) -> Instrument | None:
    """Return the instrument with a code."""
    row = tx.one(f"SELECT {COLUMNS} FROM ledger.instrument i WHERE i.code = %(c)s", {"c": code})  # noqa: S608
    return Instrument(*row) if row else None


def by_ids(tx: Transaction, ids: Iterable[int]) -> dict[int, Instrument]:
    """Return instruments by id; unknown ids are left out."""
    rows = tx.all(
        f"SELECT {COLUMNS} FROM ledger.instrument i WHERE i.id = ANY (%(ids)s)",  # noqa: S608
        {"ids": list(ids)},
    )
    return {row[0]: Instrument(*row) for row in rows}


def available(tx: Transaction, account_id: int) -> list[Instrument]:
    """Return what lies free in an account (D1; in a trading account D4), by code.

    Which of these a notice's scope admits (R9) is a rule on their attributes and is asked
    where the notice is known.
    """
    rows = tx.all(
        f"""SELECT {COLUMNS}, sum(upper(b.serials) - lower(b.serials))::bigint
            FROM ledger.unit_block b JOIN ledger.instrument i ON i.id = b.instrument_id
            WHERE b.account_id = %(a)s AND b.position IN ('registry_available', 'trading_held')
            GROUP BY i.id ORDER BY i.code""",  # noqa: S608
        {"a": account_id},
    )
    return [Instrument(*row) for row in rows]
