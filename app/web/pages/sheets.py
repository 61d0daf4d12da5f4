"""Tables as files: CSV streamed row by row, XLSX written with constant memory."""

import csv
import io
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import IO

import xlsxwriter
from flask import stream_with_context
from werkzeug.wrappers import Response

Cell = str | int
FORMULA = ("=", "+", "-", "@", "\t", "\r")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHUNK = 64 * 1024


def csv_file(name: str, heads: list[str], rows: Iterable[list[Cell]]) -> Response:
    """Return a CSV file (UTF-8 with mark, so that spreadsheets read the Chinese)."""
    return _attached(stream_with_context(_csv(heads, rows)), "text/csv", f"{name}.csv")


def xlsx_file(name: str, heads: list[str], rows: Iterable[list[Cell]]) -> Response:
    """Return an XLSX file; quantities stay numbers."""
    file = TemporaryFile()  # noqa: SIM115 - closed when the last piece has been sent
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet()
    head, tonnes = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0"})
    for column, text in enumerate(heads):
        sheet.set_column(column, column, max(12, 2 * len(text)))
        sheet.write_string(0, column, text, head)
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, int):
                sheet.write_number(number, column, cell, tonnes)
            else:
                sheet.write_string(number, column, cell)
    book.close()
    file.seek(0)
    return _attached(_pieces(file), XLSX, f"{name}.xlsx")


def _csv(heads: list[str], rows: Iterable[list[Cell]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(heads)
    for row in rows:
        writer.writerow([_harmless(cell) for cell in row])
        if buffer.tell() > CHUNK:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _harmless(cell: Cell) -> Cell:
    """A text that a spreadsheet would run as a formula is marked as text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(CHUNK):
            yield piece


def _attached(body: Iterable[str] | Iterable[bytes], mimetype: str, name: str) -> Response:
    response = Response(body, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
