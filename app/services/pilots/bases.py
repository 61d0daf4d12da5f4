"""What a pilot's rate is taken of: uploaded by the pilot's authority, all rows or none (G18)."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction
from app.domain.errors import Forbidden, Invalid, NotFound
from app.domain.label import Label
from app.identity.actor import Actor
from app.pilots.pilots import Pilot
from app.services.context import Context
from app.services.pilots.region import own_within

HEADS = ("年度", "单位代码", "基数（吨）")
MOST_ROWS = 10_000
MOST_TONNES = 10**15
MOST_SHOWN = 50  # errors; who has more looks at the file anew
FIRST_YEAR, LAST_YEAR = 2013, 2099


@dataclass(frozen=True, slots=True)
class CapBase:
    """The newest base of an enterprise and year, in whole tonnes."""

    year: int
    holder_code: str
    holder: Label
    quantity: int
    at: datetime
    person: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file, read."""

    line: int
    year: int
    code: str
    quantity: int


def bases(ctx: Context, actor: Actor, pilot_id: int, year: int | None = None) -> list[CapBase]:
    """Return the bases that count; raises NotFound for a pilot that the actor does not run."""
    with ctx.database.transaction() as tx:
        _own(tx, actor, pilot_id)
        rows = tx.all(
            """SELECT DISTINCT ON (b.year, h.code) b.year, h.code, h.name,
                   coalesce(nullif(h.name_en, ''), h.name), b.quantity, b.at, p.name
               FROM pilots.base b JOIN identity.holder h ON h.id = b.holder_id
               JOIN identity.person p ON p.id = b.person_id
               WHERE b.pilot_id = %(pilot)s AND (%(year)s::integer IS NULL OR b.year = %(year)s)
               ORDER BY b.year DESC, h.code, b.id DESC""",
            {"pilot": pilot_id, "year": year},
        )
    return [CapBase(r[0], r[1], Label(r[2], r[3]), *r[4:]) for r in rows]


def upload(ctx: Context, actor: Actor, pilot_id: int, content: bytes) -> int:
    """Add the rows of a CSV file and return how many; a newer row of the same year counts.

    Raises Invalid with an error for each bad line, and nothing is written; NotFound for a pilot
    that the actor does not run.
    """
    if not actor.may_confirm:
        raise Forbidden("您的权限不能上传基数。", "Your rights do not allow uploading bases.")
    with ctx.database.transaction() as tx:
        pilot = _own(tx, actor, pilot_id)
        rows, errors = _read(content)
        holders = _holders(tx, rows)
        errors |= {
            f"line-{row.line}": Label(
                f"第 {row.line} 行：没有单位代码 {row.code}",
                f"line {row.line}: there is no organisation {row.code}",
            )
            for row in rows
            if row.code not in holders
        }
        _refuse(errors, rows)
        at = ctx.clock.now()
        request = {
            "pilot_id": pilot.id,
            "rows": [
                {"year": r.year, "holder_id": holders[r.code], "quantity": str(r.quantity)}
                for r in rows
            ],
            "person_id": actor.person_id,
            "account_id": actor.account_id,
            "at": at.isoformat(),
        }
        tx.one("SELECT pilots.upload_bases(%(request)s::jsonb)", {"request": json.dumps(request)})
        tx.run(
            """INSERT INTO audit.event (at, tag, person_id, account_id, role, subject, data)
               VALUES (%(at)s, 'pilots:base:upload', %(person)s, %(account)s, %(role)s,
                   %(subject)s, %(data)s)""",
            {
                "at": at,
                "person": actor.person_id,
                "account": actor.account_id,
                "role": actor.role,
                "subject": f"pilot:{pilot.id}",
                "data": json.dumps({"rows": len(rows)}),
            },
        )
    return len(rows)


def _own(tx: Transaction, actor: Actor, pilot_id: int) -> Pilot:
    """Return a pilot that the actor's holder runs now."""
    found = next((p for p in own_within(tx, actor) if p.id == pilot_id), None)
    if found is None or found.authority_id != actor.holder_id:
        raise NotFound
    return found


def _holders(tx: Transaction, rows: list[Row]) -> Mapping[str, int]:
    found = tx.all(
        "SELECT code, id FROM identity.holder WHERE code = ANY (%(codes)s)",
        {"codes": sorted({row.code for row in rows})},
    )
    return dict(found)


def _refuse(errors: Mapping[str, Label], rows: list[Row]) -> None:
    if errors:
        shown = dict(
            sorted(errors.items(), key=lambda e: int(e[0].rpartition("-")[2]))[:MOST_SHOWN]
        )
        raise Invalid(
            f"文件中有 {len(errors)} 处错误，没有写入任何数据。",
            f"The file has {len(errors)} errors; nothing was written.",
            fields=shown,
        )
    if not rows:
        zh, en = "文件中没有数据行。", "The file has no rows."
        raise Invalid(zh, en, fields={"file": Label(zh, en)})


def _read(content: bytes) -> tuple[list[Row], dict[str, Label]]:
    """Return the rows, and what is wrong with the others, by line."""
    text = _text(content)
    rows: list[Row] = []
    errors: dict[str, Label] = {}
    seen: dict[tuple[int, str], int] = {}
    for line, cells in _lines(text):
        row, why = _row(line, cells)
        if row is not None and (row.year, row.code) in seen:
            first = seen[row.year, row.code]
            why = Label(f"与第 {first} 行重复", f"the same as line {first}")
        if why is not None:
            errors[f"line-{line}"] = Label(f"第 {line} 行：{why.zh}", f"line {line}: {why.en}")
        elif row is not None:
            seen[row.year, row.code] = line
            rows.append(row)
    if len(rows) + len(errors) > MOST_ROWS:
        zh, en = f"一次最多 {MOST_ROWS} 行。", f"At most {MOST_ROWS} rows at once."
        raise Invalid(zh, en, fields={"file": Label(zh, en)})
    return rows, errors


def _text(content: bytes) -> str:
    """Read UTF-8 with or without its mark, and what Chinese spreadsheets save (GB 18030)."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    zh, en = "文件不是 CSV 文本。", "The file is no CSV text."
    raise Invalid(zh, en, fields={"file": Label(zh, en)})


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and cells; a heading and empty lines are left out."""
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        for cells in reader:
            clean = [cell.strip() for cell in cells]
            heading = reader.line_num == 1 and clean and not clean[0].isdecimal()
            if any(clean) and not heading:
                yield reader.line_num, clean
    except csv.Error as error:
        line = reader.line_num
        zh, en = f"第 {line} 行不是 CSV。", f"Line {line} is no CSV."
        raise Invalid(zh, en, fields={"file": Label(zh, en)}) from error


def _row(line: int, cells: list[str]) -> tuple[Row | None, Label | None]:
    if len(cells) != len(HEADS):
        return None, Label(
            f"应有 {len(HEADS)} 列：{'、'.join(HEADS)}", "expected year, organisation code, tonnes"
        )
    year, code, quantity = cells
    digits = quantity.replace(",", "")
    if not _whole(year) or not FIRST_YEAR <= int(year) <= LAST_YEAR:
        return None, Label(f"年度“{year[:20]}”不可用", f"the year “{year[:20]}” cannot be")
    if not _whole(digits) or int(digits) > MOST_TONNES:
        return None, Label(
            f"基数“{quantity[:30]}”须为不小于 0 的整数吨",
            f"the base “{quantity[:30]}” must be whole tonnes from 0",
        )
    return Row(line, int(year), code, int(digits)), None


def _whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 16
