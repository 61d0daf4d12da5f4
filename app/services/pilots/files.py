"""An export as a file: CSV, XLSX, JSON, each byte for byte the same whenever it is asked for.

Each has a sidecar as sha256sum reads it; the JSON also carries the checksum of its content.
"""

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import xlsxwriter

from app.domain.canonical import canonical
from app.domain.errors import NotFound
from app.services.pilots.exports import Exported

HEADS = (
    "导出编号", "试点地区", "履约年度", "申请编号", "单位代码", "单位名称", "账户", "标的编码",
    "标的名称", "项目编号", "项目类型", "项目地区", "产生年份", "数量（吨）", "序列号", "注销时间",
    "内容校验和 SHA-256",
)  # fmt: skip
QUANTITY = HEADS.index("数量（吨）")
CELL = 32_767  # characters that a cell of a workbook holds; more would be left out without a word
CUT = " …（全部序列号见 CSV 或 JSON）"
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run these


def file_of(found: Exported, form: str) -> bytes:
    """Return the file in a form: csv, xlsx, json; raises NotFound for another one."""
    make = FORMS.get(form)
    if make is None:
        raise NotFound
    return make(found)


def name_of(found: Exported, form: str) -> str:
    """Return the file's name."""
    return f"{found.export.number}.{form}"


def sidecar(found: Exported, form: str) -> bytes:
    """Return the checksum of the file as sha256sum writes and checks it."""
    digest = hashlib.sha256(file_of(found, form)).hexdigest()
    return f"{digest}  {name_of(found, form)}\n".encode()


def _json(found: Exported) -> bytes:
    return canonical({"content": found.document, "sha256": found.export.sha256}) + b"\n"


def _csv(found: Exported) -> bytes:
    """UTF-8 with its mark, so that spreadsheets read the Chinese."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADS)
    for row in _rows(found):
        writer.writerow([f"'{c}" if str(c).startswith(FORMULA) else c for c in row])
    return text.getvalue().encode("utf-8-sig")


def _xlsx(found: Exported) -> bytes:
    """A workbook made at the time of the export, so that its bytes never differ."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False})
    made = datetime.fromisoformat(found.document["made_at"]).replace(tzinfo=None)
    book.set_properties({"title": found.export.number, "created": made})
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    bold, tonnes = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0"})
    for column, head in enumerate(HEADS):
        sheet.set_column(column, column, max(12, 2 * len(head)))
        sheet.write_string(0, column, head, bold)
    for number, row in enumerate(_rows(found), start=1):
        for column, cell in enumerate(row):
            if column == QUANTITY:
                sheet.write_number(number, column, int(cell), tonnes)
            elif len(cell) > CELL:
                sheet.write_string(number, column, cell[: CELL - len(CUT)] + CUT)
            elif cell:
                sheet.write_string(number, column, cell)
    book.close()
    return file.getvalue()


FORMS: Mapping[str, Callable[[Exported], bytes]] = {"csv": _csv, "xlsx": _xlsx, "json": _json}


def _rows(found: Exported) -> Iterator[list[str]]:
    """Yield a row for each line of each application, in the order of the content."""
    document: Mapping[str, Any] = found.document
    for one in document["applications"]:
        for line in one["lines"]:
            yield [
                document["number"],
                document["pilot_name"],
                one["year"],
                one["number"],
                one["holder_code"],
                one["holder"],
                one["account"],
                line["instrument"],
                line["name"],
                line["project_code"],
                line["project_type"],
                line["region"],
                line["vintage"],
                line["quantity"],
                "；".join(f"{first}–{last}" for first, last in line["serials"]),
                one["cancelled_at"],
                found.export.sha256,
            ]
