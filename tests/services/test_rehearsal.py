"""A compliance year replayed by the command, and files that cannot be (part of M40, W14, W17)."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.services.rehearsal.year_file import BadYearFile, read_year
from tests.postgres import ROOT, TestDatabases
from tests.services.rehearsals import (
    COLUMNS,
    Rehearsal,
    demanded,
    figures,
    rehearsal,
    write_year,
)

HEADER = ",".join(COLUMNS) + "\n"
GOOD = "EA,1,Works,100,5,300,A\n"


@pytest.fixture
def a_rehearsal(databases: TestDatabases) -> Iterator[Rehearsal]:
    with rehearsal(databases) as made:
        yield made


def test_the_real_year_comes_out_as_its_file_demands(a_rehearsal: Rehearsal) -> None:
    file = ROOT / "data" / "compliance-year-2021.csv"
    ended = a_rehearsal.as_people_do(*a_rehearsal.arguments(file))
    found = figures(ended)
    assert found == demanded(file)
    assert found["operators"] == 1341
    assert a_rehearsal.rows("SELECT count(*) FROM workflow.task") == [(0,)]
    assert a_rehearsal.rows(
        "SELECT count(*) FROM workflow.decision WHERE at < '2022-01-01' OR at > '2022-04-30'"
    ) == [(0,)]
    assert a_rehearsal.rows(
        "SELECT count(*) FROM identity.person WHERE password_hash IS NOT NULL"
    ) == [(0,)]
    said = json.loads(ended.stdout.splitlines()[-1])
    assert f"{said['human_tasks']} decisions, {said['human_tasks']} signed" in ended.stderr
    assert a_rehearsal.rows(
        """SELECT bool_and(c.person_id = d.person_id),
               count(DISTINCT c.id) = count(DISTINCT d.person_id), count(*)
           FROM workflow.decision d JOIN trust.signature s ON s.decision_id = d.id
           JOIN trust.certificate c ON c.id = s.certificate_id"""
    ) == [(True, True, said["human_tasks"])]
    assert a_rehearsal.rows(
        "SELECT count(*) FROM identity.account WHERE signature_policy <> 'decisions'"
    ) == [(0,)]
    assert said["seconds"] > 0
    assert said["tasks_per_second"] > 0
    assert a_rehearsal.as_people_do("verify", **a_rehearsal.urls()).returncode == 0


@pytest.mark.database
def test_who_is_short_surrenders_what_it_has_but_never_all(a_rehearsal: Rehearsal) -> None:
    file = ROOT / "data" / "short-of-obligation.csv"
    assert figures(a_rehearsal.run(file)) == demanded(file)
    assert a_rehearsal.rows(
        """SELECT h.code, i.quantity FROM workflow.instance i
           JOIN identity.holder h ON h.id = i.applicant_id ORDER BY h.code"""
    ) == [
        ("E-B0000001", 1200),
        ("E-B0000002", 4999),
        ("E-B0000003", 4999),
        ("E-B0000006", 900),
        ("E-B0000007", 900),
    ]


def test_a_rehearsal_that_ended_is_resumed_without_doing_anything_twice(
    a_rehearsal: Rehearsal, tmp_path: Path
) -> None:
    file = write_year(tmp_path / "year.csv", 24)
    first = figures(a_rehearsal.run(file))
    assert first == demanded(file)
    assert figures(a_rehearsal.run(file, "--resume")) == first
    assert figures(a_rehearsal.run(file)) == first


def test_names_with_commas_quotes_line_breaks_and_emoji_are_kept(
    a_rehearsal: Rehearsal, tmp_path: Path
) -> None:
    names = [
        'Acme, "Works" & Söhne',
        "华能（北京）热电 🏭",
        "two\nlines",
        "'; DROP TABLE x; --",
        "",
    ]
    file = tmp_path / "names.csv"
    with file.open("w", encoding="utf-8-sig", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(COLUMNS)
        for number, name in enumerate(names):
            writer.writerow(("EA", f"N{number}", name, 10, 0, 10, "A"))
    assert figures(a_rehearsal.run(file)) == demanded(file)
    found = a_rehearsal.rows("SELECT name FROM identity.holder WHERE role = 'emitter' ORDER BY id")
    assert [name for (name,) in found] == [*names[:-1], "N4"]


BROKEN = {
    "a missing column": (HEADER.replace("regulator,", "") + "1,Works,1,0,3,A\n", "regulator"),
    "a doubled column": (HEADER.strip() + ",regulator\nEA,1,W,1,0,3,A,EA\n", "twice"),
    "a negative quantity": (HEADER + GOOD + "EA,2,W,-5,0,300,A\n", "row 3"),
    "a fractional quantity": (HEADER + GOOD + "EA,2,W,1.5,0,300,A\n", "row 3"),
    "NaN": (HEADER + "EA,2,W,NaN,0,300,A\n", "row 2"),
    "an exponent": (HEADER + "EA,2,W,1e3,0,300,A\n", "row 2"),
    "a huge quantity": (HEADER + f"EA,2,W,{'9' * 30},0,300,A\n", "row 2"),
    "a quantity just above the largest": (HEADER + "EA,2,W,1000000000001,0,300,A\n", "row 2"),
    "digits of another script": (HEADER + "EA,2,W,١٢,0,300,A\n", "row 2"),
    "thousands separators": (HEADER + 'EA,2,W,"1,200",0,300,A\n', "row 2"),
    "a doubled operator": (HEADER + GOOD + GOOD, "row 3"),
    "an operator without an id": (HEADER + "EA,,W,1,0,300,A\n", "row 2"),
    "no regulator": (HEADER + ",7,W,1,0,300,A\n", "row 2"),
    "an unknown status": (HEADER + "EA,7,W,1,0,300,Z\n", "row 2"),
    "too few cells": (HEADER + "EA,7,W,1\n", "row 2"),
    "too many cells": (HEADER + "EA,7,W,1,0,300,A,more,more\n", "row 2"),
    "a quote never closed": (HEADER + 'EA,7,"W,1,0,300,A\n' + GOOD * 3, "row"),
    "a quote never closed at the end": (HEADER + 'EA,7,W,1,0,300,"A', "row 2"),
    "a quote inside a cell": (HEADER + 'EA,7,"W"x,1,0,300,A\n', "row 2"),
    "latin-1": ((HEADER + "EA,7,Müller,1,0,300,A\n").encode("latin-1"), "row 2"),
    "UTF-16": ((HEADER + GOOD).encode("utf-16"), "row 1"),
    "a zero byte": ((HEADER + "EA,7,W\0,1,0,300,A\n").encode(), "row 2"),
    "an endless line": (HEADER + "EA,7," + "x" * 30_000 + ",1,0,300,A\n", "row 2"),
    "an endless header": ("x" * 3_000_000, "row 1"),
    "a name too long": (HEADER + f"EA,7,{'x' * 400},1,0,300,A\n", "row 2"),
    "nothing": ("", "regulator"),
    "a header only": (HEADER, "no operators"),
    "blank lines only": ("\n\n\n", "regulator"),
    "another format": ("PK\x03\x04\x14\x00", "row 1"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_by_row(tmp_path: Path, name: str) -> None:
    content, said = BROKEN[name]
    file = tmp_path / "broken.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadYearFile) as refused:
        read_year(file)
    assert said in "\n".join(refused.value.lines)
    assert all(len(line) < 400 for line in refused.value.lines)


def test_every_bad_row_is_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "broken.csv"
    file.write_text(HEADER + GOOD + "EA,2,W,-5,0.5,300,A\nEA,3,W,1,0,x,Q\n" + GOOD)
    with pytest.raises(BadYearFile) as refused:
        read_year(file)
    assert [line.split(":")[0] for line in refused.value.lines] == [
        "row 3",
        "row 3",
        "row 4",
        "row 4",
        "row 5",
    ]


def test_rows_are_counted_as_an_editor_counts_lines(tmp_path: Path) -> None:
    file = tmp_path / "lines.csv"
    file.write_text(HEADER + '\nEA,1,"two\nlines",1,0,3,A\n\nEA,2,W,-1,0,3,A\n')
    with pytest.raises(BadYearFile) as refused:
        read_year(file)
    assert refused.value.lines[0].startswith("row 6:")


def test_a_folder_or_a_missing_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere.csv", Path("/dev/zero")):
        with pytest.raises(BadYearFile):
            read_year(path)


def test_a_broken_file_leaves_the_database_of_the_last_rehearsal_untouched(
    a_rehearsal: Rehearsal, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text(HEADER + GOOD + "EA,2,W,-5,0,300,A\n")
    refused = a_rehearsal.run(broken)
    assert refused.returncode != 0
    assert "row 3" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert refused.stdout == ""
    assert not a_rehearsal.exists()

    a_rehearsal.run(write_year(tmp_path / "year.csv", 6))
    before = a_rehearsal.rows("SELECT xmin, * FROM workflow.instance ORDER BY id")
    for path, option in ((broken, "--resume"), (tmp_path, "--json")):
        assert a_rehearsal.run(path, option).returncode != 0
    assert a_rehearsal.rows("SELECT xmin, * FROM workflow.instance ORDER BY id") == before


def test_a_rehearsal_never_plays_in_the_registry_itself(a_rehearsal: Rehearsal) -> None:
    refused = a_rehearsal.run(ROOT / "data" / "short-of-obligation.csv", "--database", "registry")
    assert refused.returncode != 0
    assert "own database" in refused.stderr


def test_a_rehearsal_that_is_running_is_not_resumed_beside_it(
    a_rehearsal: Rehearsal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.migrations.scratch import alone

    file = write_year(tmp_path / "year.csv", 3)
    a_rehearsal.run(file)
    own = a_rehearsal.env["MIGRATION_DATABASE_URL"]
    assert alone(own, a_rehearsal.database.name, 5)
    from tests.services.market import superuser

    with superuser(a_rehearsal.database):
        assert not alone(own, a_rehearsal.database.name, 0.2)
