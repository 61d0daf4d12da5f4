"""A hundred thousand rows leave as a file in the memory of a few (CSV and XLSX)."""

import csv
import io
from pathlib import Path
from zipfile import ZipFile

import psycopg2
import pytest

from tests.pages.conftest import EMITTER, open_market
from tests.pages.test_exports import named, read_csv
from tests.postgres import Database

ROWS = 100_000
MEGABYTES = 24  # more than that, and the rows would be in memory: they are 60 MB and more

# A long ledger: so many freezes of one tonne each, a second apart.
MOVEMENTS = """
WITH moved AS (
    INSERT INTO ledger.transfer (key, content_hash, type, reason, person_id, account_id, role, at)
    SELECT 'many-' || n, decode(repeat('00', 32), 'hex'), 'freeze', '', 1, %(account)s,
           'registry_operator', timestamptz '2026-01-01' + n * interval '1 second'
    FROM generate_series(1, %(rows)s) AS n RETURNING id, at, key
), happened AS (
    INSERT INTO ledger.transfer_event (transfer_id, kind, role, at)
    SELECT id, 'posted', 'registry_operator', at FROM moved ORDER BY id
    RETURNING id, transfer_id
)
INSERT INTO ledger.entry (event_id, no, instrument_id, serials, from_account_id, from_position,
                          to_account_id, to_position)
SELECT id, 1, %(instrument)s, int8range(900000000 + id, 900000001 + id), %(account)s,
       'registry_available', %(account)s, 'registry_frozen' FROM happened"""

# As many finished applications of the same emitter.
APPLICATIONS = """
INSERT INTO workflow.instance (number, process_id, bundle_hash, state, version, status, outcome,
        applicant_id, applicant_account_id, quantity, submitted_at, created_at, ended_at)
SELECT 'LY-2020-' || lpad(n::text, 7, '0'), i.process_id, i.bundle_hash, '', 2, 'ended', '',
       i.applicant_id, i.applicant_account_id, n, i.created_at, i.created_at, i.created_at
FROM workflow.instance i, generate_series(1, %(rows)s) AS n WHERE i.id = %(instance)s"""


def peak(reset: bool = False) -> int:
    """The most memory of this process since the last reset, in bytes."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    line = next(x for x in status.splitlines() if x.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


@pytest.fixture(scope="module")
def crowd(module_database: Database, redis_server):
    market = open_market(module_database, redis_server.url())
    instrument = market.one("SELECT min(id) FROM ledger.instrument")
    with psycopg2.connect(module_database.owner_url) as connection, connection.cursor() as cursor:
        values = {
            "account": market.account_of("QL"),
            "instrument": instrument,
            "instance": market.first_of("QL"),
            "rows": ROWS,
        }
        cursor.execute(MOVEMENTS, values)
        cursor.execute(APPLICATIONS, values)
        cursor.execute("ANALYZE")
    connection.close()
    return market


def sent(market, path: str, into: Path) -> tuple[int, int]:
    """Fetch a file piece by piece; return its size and how far memory rose meanwhile."""
    before = peak(reset=True)
    answer = market.as_(EMITTER).client.get(path, buffered=False)
    assert answer.status_code == 200, answer.text
    with into.open("wb") as file:
        for piece in answer.response:
            file.write(piece)
    answer.close()
    return into.stat().st_size, peak() - before


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("name", ["ledger", "records"])
def test_a_file_of_a_hundred_thousand_rows_is_written_in_constant_memory(
    crowd, tmp_path, name, form
):
    account = crowd.account_of("QL")
    few, whole = {
        "ledger": (
            f"/holdings/{account}/registry/ledger.{form}?until=2025-12-31",
            f"/holdings/{account}/registry/ledger.{form}",
        ),
        "records": (
            f"/records/surrender/file.{form}?q=LY-2020-00000",
            f"/records/surrender/file.{form}?sort=-quantity",
        ),
    }[name]
    sent(crowd, few, tmp_path / "few")  # what is loaded once is no memory of the rows
    size, rose = sent(crowd, whole, tmp_path / "whole")
    assert size > 1_000_000
    assert rose < MEGABYTES * 1024 * 1024, f"{rose / 1024 / 1024:.0f} MB"
    assert rows_in(tmp_path / "whole", form) >= ROWS


def rows_in(path: Path, form: str) -> int:
    if form == "csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return sum(1 for _ in csv.reader(file)) - 1
    with ZipFile(path) as book, book.open("xl/worksheets/sheet1.xml") as sheet:
        return sum(line.count(b"<row ") for line in sheet) - 1


def test_the_rows_of_a_long_ledger_are_counted_no_further_than_ten_thousand(crowd):
    account = crowd.account_of("QL")
    page = crowd.as_(EMITTER).get(f"/holdings/{account}/registry?sort=at").text
    assert "超过 10,000 条" in page
    path = f"/holdings/{account}/registry/ledger.csv?until=2025-12-31"
    assert named(read_csv(crowd.as_(EMITTER).get(path))) == []


def test_what_a_file_is_called_is_chinese_and_plain_for_those_that_do_not_read_it(crowd):
    answer = crowd.as_(EMITTER).get("/records/surrender/file.csv?q=LY-2020-0000001")
    named_so = answer.headers["Content-Disposition"]
    assert "filename*=UTF-8''%E5%B1%A5%E7%BA%A6%E6%B8%85%E7%BC%B4" in named_so
    assert 'filename="20261120.csv"' in named_so
    assert len(list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))) == 2
