"""Holdings and ledgers as files: the same figures as the page, safe to open in a spreadsheet."""

import csv
import io

import openpyxl
import pytest

from app.web.pages.sheets import Table, sheet
from tests.pages.conftest import EMITTER


def read_csv(answer) -> list[list[str]]:
    assert answer.mimetype == "text/csv"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def read_xlsx(answer) -> list[list[object]]:
    book = openpyxl.load_workbook(io.BytesIO(answer.data), read_only=True)
    return [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]


def named(rows: list[list[str]]) -> list[dict[str, str]]:
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def test_the_total_of_an_exported_holding_is_the_sum_of_its_five_parts(market):
    account = market.account_of("QL")
    rows = read_csv(market.as_(EMITTER).get(f"/holdings/{account}/holdings.csv"))
    assert rows[0][:3] == ["标的编码", "标的名称", "登记可用量"]
    for row in rows[1:]:
        available, frozen, pending, _of_which, held, back, total = map(int, row[2:])
        assert total == available + frozen + pending + held + back


def test_csv_and_xlsx_say_the_same(market):
    account = market.account_of("QL")
    for name in ("holdings", "registry/ledger", "trading/ledger"):
        path = f"/holdings/{account}/{name}"
        as_csv = read_csv(market.as_(EMITTER).get(path + ".csv"))
        as_xlsx = read_xlsx(market.as_(EMITTER).get(path + ".xlsx"))
        assert [[str(c) if c is not None else "" for c in row] for row in as_xlsx] == [
            [cell.removeprefix("'") for cell in row] for row in as_csv
        ]


def test_a_ledger_export_ends_with_what_is_held(market):
    account = market.account_of("QL")
    path = f"/holdings/{account}/registry/ledger.csv"
    rows = named(read_csv(market.as_(EMITTER).get(path)))
    newest: dict[str, int] = {}
    changes: dict[str, int] = {}
    for row in rows:
        newest.setdefault(row["标的编码"], int(row["变动后持仓"]))
        changes[row["标的编码"]] = changes.get(row["标的编码"], 0) + int(row["持仓变动"])
    assert newest == changes
    held = read_csv(market.as_(EMITTER).get(f"/holdings/{account}/holdings.csv"))[1:]
    assert {row[0]: int(row[2]) + int(row[3]) + int(row[4]) for row in held} == newest


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1"])
def test_a_text_that_a_spreadsheet_would_run_is_marked_as_text(market, text):
    with market.app.test_request_context():
        answer = sheet(Table("x", ["name"], [[text, 5]]), "csv")
        assert f"'{text}" in answer.get_data(as_text=True)
        workbook = openpyxl.load_workbook(
            io.BytesIO(sheet(Table("x", ["name"], [[text, 5]]), "xlsx").get_data())
        )
        assert workbook.worksheets[0]["A2"].data_type == "s"


def test_what_a_cell_of_a_workbook_cannot_hold_is_cut_and_says_so(market):
    long = " ".join(f"{n}-{n}" for n in range(10_000_000, 10_004_000))
    with market.app.test_request_context("/"):
        made = {
            form: sheet(Table("x", ["serials", "t"], [[long, 5]]), form).get_data()
            for form in ("csv", "xlsx")
        }
    assert long in made["csv"].decode("utf-8-sig")
    book = openpyxl.load_workbook(io.BytesIO(made["xlsx"]))
    [_, row] = book.worksheets[0].iter_rows(values_only=True)
    assert long.startswith(row[0].partition(" …")[0])
    assert row[0].endswith("the CSV holds all of it）")
    assert row[1] == 5
