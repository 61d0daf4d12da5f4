"""Tables as files, CSV and XLSX: the whole list, in the memory of one batch of rows.

A file is written to disk first and sent from there. So a file is whole or there is none: a fault
half way becomes an error page, not a shorter table; and a slow reader holds no connection.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.parse import quote

import xlsxwriter
from flask import request
from werkzeug.wrappers import Response

from app.domain.errors import NotFound

Cell = str | int | None
Rows = Iterable[list[Cell]]
FORMULA = ("=", "+", "-", "@", "\t", "\r")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHUNK = 64 * 1024
CELL = 32_767  # characters that a cell of a workbook holds
CUT = " …（全部内容见 CSV，the CSV holds all of it）"
SHEET_ROWS = 1_000_000  # a sheet holds 1,048,576 rows; more go onto the next one


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds; ``name`` is its name without an ending, in Chinese too."""

    name: str
    heads: list[str]
    rows: Rows


def sheet(table: Table, form: str) -> Response:
    """Return a table as csv or xlsx; raises NotFound for another form."""
    if form not in WRITERS:
        raise NotFound
    if request.method == "HEAD":
        return _attached((), f"{table.name}.{form}", form)
    file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed when the last piece has been sent
    try:
        WRITERS[form](file, table)
    except BaseException:
        file.close()
        raise
    return _attached(_pieces(file), f"{table.name}.{form}", form)


def write_csv(file: IO[bytes], table: Table) -> None:
    """Write UTF-8 with its mark, so that spreadsheets read the Chinese."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=False)
    writer = csv.writer(text)
    writer.writerow(table.heads)
    for row in table.rows:
        writer.writerow([_harmless(cell) for cell in row])
    text.detach()


def write_xlsx(file: IO[bytes], table: Table) -> None:
    """Write a workbook; quantities stay numbers, and no text becomes a formula."""
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False})
    head, tonnes = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0"})
    sheet: Any = None
    for place, row in enumerate(table.rows):
        number = place % SHEET_ROWS + 1
        if number == 1:
            sheet = _headed(book, table.heads, head)
        for column, cell in enumerate(row):
            if isinstance(cell, int):
                sheet.write_number(number, column, cell, tonnes)
            elif cell:
                sheet.write_string(number, column, _within(cell))
    if sheet is None:
        _headed(book, table.heads, head)
    book.close()


WRITERS: dict[str, Callable[[IO[bytes], Table], None]] = {"csv": write_csv, "xlsx": write_xlsx}
TYPES = {"csv": "text/csv", "xlsx": XLSX}


def _headed(book: xlsxwriter.Workbook, heads: list[str], bold: object) -> Any:
    sheet: Any = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for column, text in enumerate(heads):
        sheet.set_column(column, column, max(12, 2 * len(text)))
        sheet.write_string(0, column, text, bold)
    return sheet


def _harmless(cell: Cell) -> str | int:
    """A text that a spreadsheet would run as a formula is marked as text."""
    if cell is None:
        return ""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _within(cell: str) -> str:
    """What a cell cannot hold would be left out without a word: it is cut, and says so."""
    return cell if len(cell) <= CELL else cell[: CELL - len(CUT)] + CUT


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(CHUNK):
            yield piece


def _attached(body: Iterable[bytes], name: str, form: str) -> Response:
    """Name the file in Chinese (RFC 5987), and plainly for a client that does not read that."""
    response = Response(body, mimetype=TYPES[form])
    plain = name.encode("ascii", "ignore").decode().strip("-_. ")
    plain = plain if plain and plain != form else f"table.{form}"
    response.headers["Content-Disposition"] = (
        f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    )
    return response
