"""The lines of an application as its page shows them, with what changed since the last one."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.db import Transaction
from app.domain.label import Label
from app.ledger.instruments import Instrument, by_code
from app.ledger.journal import Movement, joined

Lines = Sequence[Mapping[str, Any]]
Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the application; quantities in whole tonnes.

    ``lot`` and ``recipient`` are those of a line that returns units from custody.
    """

    code: str
    instrument: Instrument | None
    quantity: int
    before: int | None
    serials: Ranges
    lot: int | None = None
    recipient: Label | None = None
    recipient_code: str = ""

    @property
    def name(self) -> Label:
        """The instrument's name."""
        if self.instrument is None:
            return Label(self.code, self.code)
        return Label(self.instrument.name, self.instrument.name_en or self.instrument.name)

    @property
    def unit_type(self) -> str:
        """Allowance or ccer."""
        return self.instrument.unit_type if self.instrument else ""


def items_of(
    tx: Transaction,
    instance_id: int,
    lines: Lines,
    before: Lines | None,
    movements: Sequence[Movement],
) -> list[Item]:
    """Return the lines with the serial ranges that are held, or were last moved, for them.

    ``before`` are the lines of the submission before, if there was one.
    """
    if any("lot" in line for line in lines):
        return _of_lots(tx, instance_id, lines, before)
    serials = {m.instrument_code: m.serials for m in movements if m.kind != "voided"}
    old = _quantities(before, lambda line: str(line.get("instrument", "")))
    return [
        Item(
            code=str(line["instrument"]),
            instrument=by_code(tx, str(line["instrument"])),
            quantity=int(line["quantity"]),
            before=None if old is None else old.get(str(line["instrument"]), 0),
            serials=serials.get(str(line["instrument"]), ()),
        )
        for line in lines
    ]


def submission_before(tx: Transaction, instance_id: int) -> Lines | None:
    """Return the lines of the submission before the last one; None when there was none.

    A submission is what the task did that was the first to be completed; an export, say, is none.
    """
    rows = tx.all(
        """SELECT document FROM workflow.decision d WHERE d.instance_id = %(id)s
           AND d.kind = 'complete' AND d.element_id = (
               SELECT f.element_id FROM workflow.decision f WHERE f.instance_id = %(id)s
               AND f.kind = 'complete' ORDER BY f.version LIMIT 1)
           ORDER BY d.version DESC LIMIT 2""",
        {"id": instance_id},
    )
    return lines_in(json.loads(bytes(rows[1][0]))) if len(rows) == 2 else None


def lines_in(document: Mapping[str, Any]) -> Lines:
    """Return the lines of the form that a decision was taken with."""
    lines = document.get("form", {}).get("lines", ())
    return lines if isinstance(lines, list) else ()


def _of_lots(tx: Transaction, instance_id: int, lines: Lines, before: Lines | None) -> list[Item]:
    instruments = dict(
        tx.all(
            """SELECT c.id, i.code FROM ledger.custody_lot c
               JOIN ledger.instrument i ON i.id = c.instrument_id WHERE c.id = ANY (%(lots)s)""",
            {"lots": [int(line["lot"]) for line in lines]},
        )
    )
    names = {
        code: Label(name, name_en or name)
        for code, name, name_en in tx.all(
            "SELECT code, name, name_en FROM identity.holder WHERE code = ANY (%(codes)s)",
            {"codes": [str(line["recipient"]) for line in lines]},
        )
    }
    held, old = _held(tx, instance_id), _quantities(before, _lot_and_recipient)
    items = []
    for line in lines:
        lot, recipient = key = _lot_and_recipient(line)
        code = str(instruments.get(int(lot), ""))
        items.append(
            Item(
                code=code,
                instrument=by_code(tx, code),
                quantity=int(line["quantity"]),
                before=None if old is None else old.get(key, 0),
                serials=held.get(key, ()),
                lot=int(lot),
                recipient=names.get(recipient, Label(recipient, recipient)),
                recipient_code=recipient,
            )
        )
    return items


def _lot_and_recipient(line: Mapping[str, Any]) -> tuple[str, str]:
    return str(line.get("lot", "")), str(line.get("recipient", ""))


def _quantities(lines: Lines | None, key: Callable[[Mapping[str, Any]], Any]) -> Any:
    return None if lines is None else {key(line): int(line["quantity"]) for line in lines}


def _held(tx: Transaction, instance_id: int) -> dict[tuple[str, str], Ranges]:
    """Return the ranges that a pending return holds, by lot and recipient."""
    rows = tx.all(
        """SELECT l.custody_lot_id, h.code, array_agg(lower(b.serials)),
                  array_agg(upper(b.serials) - 1)
           FROM workflow.instance i
           JOIN ledger.transfer_line l ON l.transfer_id = i.reserved_transfer_id
           JOIN ledger.unit_block b ON b.transfer_id = l.transfer_id AND b.line_no = l.no
           JOIN identity.account a ON a.id = l.to_account_id
           JOIN identity.holder h ON h.id = a.holder_id
           WHERE i.id = %(id)s AND l.custody_lot_id IS NOT NULL GROUP BY 1, 2""",
        {"id": instance_id},
    )
    return {
        (str(lot), code): joined(zip(first, last, strict=True)) for lot, code, first, last in rows
    }
