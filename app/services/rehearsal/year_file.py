"""The file of a compliance year: read completely and checked row by row before anything moves."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.domain.errors import Invalid

COLUMNS = (
    "regulator",
    "operator_id",
    "account_holder",
    "allocation_standard_2021",
    "allocation_new_entrant_2021",
    "verified_emissions_2021",
    "surrender_status_2021",
)
STATUSES = frozenset({"A", "B", "C", "EXCLUDED", "NOT_APPLICABLE", ""})
LONGEST_LINE = 20_000  # bytes; an operator's row has some two hundred
LARGEST_FILE = 50_000_000  # bytes
LARGEST = 10**12  # whole tonnes
LONGEST_TEXT = 300  # characters of an id or a name
MOST_ERRORS = 200


class Rows(Protocol):
    """What csv.reader gives: rows, and how many lines of the file they took so far."""

    line_num: int

    def __next__(self) -> list[str]:
        """Return the next row."""
        ...


@dataclass(frozen=True, slots=True)
class Operator:
    """One row; quantities in whole tonnes. ``row`` is the line number in the file."""

    row: int
    regulator: str
    operator_id: str
    name: str
    standard: int
    new_entrant: int
    emissions: int
    status: str

    @property
    def allocated(self) -> int:
        """What the province allocates: standard and new entrant."""
        return self.standard + self.new_entrant

    @property
    def obligation(self) -> int:
        """What the notice demands: the verified emissions."""
        return self.emissions

    @property
    def auctioned(self) -> int:
        """What an operator that met its obligation must have bought."""
        return max(0, self.obligation - self.allocated) if self.status == "A" else 0

    @property
    def surrenders(self) -> int:
        """What it hands in: A all of it, B at most one tonne less, the others nothing."""
        if self.status == "A":
            return self.obligation
        if self.status == "B":
            return max(0, min(self.allocated, self.obligation - 1))
        return 0


class BadYearFile(Invalid):
    """The file cannot be replayed; ``lines`` says why, row by row. Nothing was changed."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = tuple(lines)
        first = self.lines[0] if self.lines else ""
        super().__init__(f"年度文件有误：{first}", f"the year's file is not usable: {first}")


def read_year(path: Path) -> list[Operator]:
    """Return the operators in file order; raises BadYearFile with every bad row."""
    text = _decoded(path)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise BadYearFile([f"row 1: {error}"]) from error
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise BadYearFile([f"row 1: missing column {', '.join(missing)}"])
    doubled = [name for name, times in Counter(header).items() if times > 1]
    if doubled:
        raise BadYearFile([f"row 1: column {', '.join(doubled)} stands twice"])
    return _operators(reader, header)


def _decoded(path: Path) -> str:
    try:
        if not path.is_file():
            raise BadYearFile([f"{path}: there is no such file"])
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise BadYearFile([f"the file has {size} bytes; at most {LARGEST_FILE} are read"])
        raw = path.read_bytes()
    except OSError as error:
        raise BadYearFile([f"{path}: {error.strerror}"]) from error
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if len(line) > LONGEST_LINE:
            raise BadYearFile(
                [f"row {number}: a line of {len(line)} bytes; at most {LONGEST_LINE} are read"]
            )
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadYearFile([f"row {number}: not UTF-8 (byte {error.start + 1})"]) from error
        if b"\0" in line:
            raise BadYearFile([f"row {number}: holds a zero byte"])
    return raw.decode("utf-8-sig")


def _rows(reader: Rows, errors: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank, each with the line of the file in which it begins."""
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            errors.append(f"row {begins}: {error}")
            return
        if cells:
            yield begins, cells


def _operators(reader: Rows, header: list[str]) -> list[Operator]:
    operators: list[Operator] = []
    errors: list[str] = []
    seen: dict[str, int] = {}
    for number, cells in _rows(reader, errors):
        if len(cells) != len(header):
            errors.append(f"row {number}: {len(cells)} columns instead of {len(header)}")
            continue
        operator = _operator(number, dict(zip(header, cells, strict=True)), errors)
        first = seen.setdefault(operator.operator_id, number)
        if first != number:
            errors.append(
                f"row {number}: operator_id {operator.operator_id} stands in row {first} too"
            )
        operators.append(operator)
    if not operators and not errors:
        errors.append("row 2: the file has no operators")
    if errors:
        raise BadYearFile(errors[:MOST_ERRORS])
    return operators


def _operator(number: int, row: dict[str, str], errors: list[str]) -> Operator:
    def text(name: str, *, needed: bool = False) -> str:
        value = row[name].strip()
        if needed and not value:
            errors.append(f"row {number}: {name} is empty")
        if len(value) > LONGEST_TEXT:
            errors.append(f"row {number}: {name} is longer than {LONGEST_TEXT} characters")
        return value

    def tonnes(name: str) -> int:
        value = row[name].strip()
        if value == "":
            return 0
        if not (value.isascii() and value.isdigit()):
            errors.append(f"row {number}: {name} is {value[:40]!r}, not whole tonnes")
            return 0
        if len(value) > 13 or int(value) > LARGEST:
            errors.append(f"row {number}: {name} is above {LARGEST} tonnes")
            return 0
        return int(value)

    operator_id = text("operator_id", needed=True)
    status = text("surrender_status_2021")
    if status not in STATUSES:
        errors.append(f"row {number}: surrender_status_2021 is {status[:40]!r}")
    return Operator(
        row=number,
        regulator=text("regulator", needed=True),
        operator_id=operator_id,
        name=text("account_holder") or operator_id,
        standard=tonnes("allocation_standard_2021"),
        new_entrant=tonnes("allocation_new_entrant_2021"),
        emissions=tonnes("verified_emissions_2021"),
        status=status,
    )
