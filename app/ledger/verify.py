"""``registry verify``: recompute everything from the journal alone and compare it with the blocks.

One read-only snapshot, streamed: a serial's place is replayed from the entries (conservation, no
overlap, nothing negative), then sums and backing are recomputed in SQL and compared with what the
ledger says.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from app.db import Database, Transaction
from app.ledger.audits import AUDITS
from app.ledger.sweep import Broken, Moved, Place, Stretch, replay

SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
Row = tuple[Any, ...]
BATCH = 5_000
SHOWN = 20
HELD = ("registry_reserved", "registry_pending_transfer", "trading_pending_transfer")
ENTRIES = """
SELECT e.event_id, e.no, lower(e.serials), upper(e.serials), e.instrument_id, e.from_account_id,
       e.from_position, e.to_account_id, e.to_position, e.custody_lot_id, v.transfer_id
FROM ledger.entry e LEFT JOIN ledger.transfer_event v ON v.id = e.event_id
ORDER BY lower(e.serials)"""
BLOCKS = """
SELECT lower(b.serials), upper(b.serials), b.instrument_id, b.account_id, b.position,
       b.transfer_id, b.custody_lot_id
FROM ledger.unit_block b ORDER BY lower(b.serials), b.id"""
TOTALS = """
SELECT i.code, coalesce(s.issued, 0)::bigint, coalesce(b.held, 0)::bigint
FROM ledger.instrument i
LEFT JOIN (SELECT instrument_id, sum(upper(serials) - lower(serials)) AS issued
           FROM ledger.issue GROUP BY 1) s ON s.instrument_id = i.id
LEFT JOIN (SELECT instrument_id, sum(upper(serials) - lower(serials)) AS held
           FROM ledger.unit_block GROUP BY 1) b ON b.instrument_id = i.id
ORDER BY i.code"""
COUNTS = """
SELECT (SELECT count(*) FROM ledger.transfer), (SELECT count(*) FROM ledger.entry),
       (SELECT count(*) FROM ledger.unit_block)"""


@dataclass(slots=True)
class Report:
    """What was compared, and every disagreement in plain words (the first of each kind named)."""

    transfers: int = 0
    entries: int = 0
    blocks: int = 0
    issued: dict[str, int] = field(default_factory=dict)
    also: list[str] = field(default_factory=list)  # what else was compared, beside the ledger
    faults: dict[str, list[str]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Return whether the journal and the blocks agree."""
        return not self.faults

    @property
    def exit_code(self) -> int:
        """Return 0 when everything agrees, else 1."""
        return 0 if self.ok else 1

    def add(self, kind: str, text: str) -> None:
        """Note a disagreement."""
        self.faults.setdefault(kind, []).append(text)

    def lines(self) -> Iterator[str]:
        """Yield the plain report."""
        yield f"{self.transfers} transfers, {self.entries} entries, {self.blocks} blocks"
        for code, tonnes in self.issued.items():
            yield f"{code}: {tonnes} t issued"
        yield from self.also
        for kind, texts in self.faults.items():
            yield f"FAULT {kind}: {len(texts)}"
            yield from (f"  {text}" for text in texts[:SHOWN])
        yield "verify: ok" if self.ok else "verify: FAILED"


def verify(database: Database) -> Report:
    """Recompute the ledger from its journal in one snapshot; changes nothing."""
    report = Report()
    with database.transaction() as tx:
        tx.run(SNAPSHOT)
        report.transfers, report.entries, report.blocks = tx.one(COUNTS) or (0, 0, 0)
        _compare_places(tx, report)
        _compare_totals(tx, report)
        for kind, sql in AUDITS.items():
            for (text,) in tx.all(sql):
                report.add(kind, text)
    return report


def _compare_places(tx: Transaction, report: Report) -> None:
    """Compare block by block with the replayed journal; both come in the order of serials."""
    said = _replayed(_stream(tx, "journal", ENTRIES), report)
    blocks = _held(_stream(tx, "blocks", BLOCKS), report)
    for low, high, journal, held in _side_by_side(said, blocks):
        if journal is None:
            report.add("units without a journal", f"serials {low}-{high - 1}: {_where(held)}")
        elif held is None:
            report.add("vanished units", f"serials {low}-{high - 1}: {_where(journal)}")
        elif journal[2:] != held[2:]:
            report.add(
                "units in the wrong place",
                f"serials {low}-{high - 1}: journal says {_where(journal)},"
                f" block says {_where(held)}",
            )


def _compare_totals(tx: Transaction, report: Report) -> None:
    for code, issued, held in tx.all(TOTALS):
        report.issued[code] = issued
        if issued != held:
            report.add("conservation", f"{code}: {issued} t issued, {held} t held")


def _replayed(rows: Iterable[Row], report: Report) -> Iterator[Stretch]:
    for part in replay(map(_moved, rows)):
        if isinstance(part, Broken):
            report.add(
                "broken history",
                f"serials {part.low}-{part.high - 1}, event {part.event_id}: {part.why}",
            )
        else:
            yield part


def _moved(row: Row) -> Moved:
    event, no, low, high, instrument, from_account, from_position, *target = row
    account, position, lot, transfer = target
    after = Place(account, position, transfer if position in HELD else None, lot)
    return Moved(event, no, low, high, instrument, (from_account, from_position), after)


def _held(rows: Iterable[Row], report: Report) -> Iterator[Stretch]:
    """Yield the blocks as stretches; one that overlaps another is a fault and is left out."""
    end = 0
    for low, high, instrument, account, position, transfer, lot in rows:
        if low < end:
            report.add("units held twice", f"serials {low}-{min(end, high) - 1}")
            continue
        end = high
        yield Stretch(low, high, instrument, Place(account, position, transfer, lot))


def _side_by_side(
    left: Iterator[Stretch], right: Iterator[Stretch]
) -> Iterator[tuple[int, int, Stretch | None, Stretch | None]]:
    """Yield the pieces in which both sides are the same throughout; None where one has nothing."""
    a, b = next(left, None), next(right, None)
    at = 0
    while a or b:
        starts = [max(s.low, at) for s in (a, b) if s]
        low = min(starts)
        inside = [s for s in (a, b) if s and s.low <= low]
        high = min(chain((s.high for s in inside), (s for s in starts if s > low)))
        yield (
            low,
            high,
            a if a and a.low <= low else None,
            b if b and b.low <= low else None,
        )
        at = high
        if a and a.high <= at:
            a = next(left, None)
        if b and b.high <= at:
            b = next(right, None)


def _where(stretch: Stretch | None) -> str:
    if stretch is None:
        return "nowhere"
    place = stretch.place
    held = f" for transfer {place.transfer_id}" if place.transfer_id else ""
    lot = f" in custody lot {place.custody_lot_id}" if place.custody_lot_id else ""
    return f"account {place.account_id} {place.position}{held}{lot}"


def _stream(tx: Transaction, name: str, sql: str) -> Iterator[Row]:
    """Yield rows from a cursor of the database, a batch at a time."""
    tx.run(f"DECLARE {name} NO SCROLL CURSOR FOR {sql}")
    while rows := tx.all(f"FETCH {BATCH} FROM {name}"):
        yield from rows
