"""GLOSSARY.md knows every word of the data, under the data's own names."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

import pytest

from app.domain.checks.accounts import STATUSES
from app.web.pages.words import POSITIONS
from app.web.visitor import ROLES
from app.workflow.forms import WIDGETS
from tests.docs.tables import ROOT, rows

CHINESE, ENGLISH, CODE, RULE = range(4)
TABLE = rows("GLOSSARY.md")
CODES = {word for row in TABLE for word in row.words(CODE)}
RULES = {
    *(f"A{n}" for n in range(1, 36)),
    *(f"B{n}" for n in range(17)),
    *(f"C{n}" for n in range(1, 9)),
    *(f"D{n}" for n in range(1, 30)),
}


def data(path: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / path).read_text(encoding="utf-8"))


def types() -> Mapping[str, Any]:
    found = data("app/ledger/transaction_types.toml")
    return {code: row for code, row in found.items() if "zh" in row}


def named() -> list[tuple[str, str, str]]:
    """Code, Chinese and English of everything whose names are data."""
    accounts = data("app/identity/account_types.toml")
    lanes = data("processes/lanes.toml")
    return [
        *((code, row["zh"], row["en"]) for code, row in types().items()),
        *((code, row["name"], row["name_en"]) for code, row in accounts.items()),
        *((row["key"], name, row["label_en"]) for name, row in lanes.items()),
        *((code, label.zh, label.en) for code, label in STATUSES.items()),
        *((code, label.zh, label.en) for code, label in ROLES.items()),
    ]


@pytest.mark.parametrize(("code", "zh", "en"), named())
def test_a_name_that_is_data_stands_here_as_it_is(code: str, zh: str, en: str):
    assert [
        row
        for row in TABLE
        if code in row.words(CODE)
        and row.cells[CHINESE] == zh
        and row.cells[ENGLISH].casefold() == en.casefold()
    ], f"{zh} | {en} | `{code}` is missing"


def test_every_position_stands_here():
    accounts = data("app/identity/account_types.toml").values()
    used = {position for row in accounts for position in row["positions"]}
    assert used == set(filter(None, POSITIONS))
    assert used <= CODES


def test_every_term_of_the_source_documents_stands_here():
    said = {rule for row in TABLE for rule in re.findall(r"\b[ABCD]\d+\b", row.cells[RULE])}
    # A range such as D1–D5 names its ends; each term has a row that names it alone.
    assert RULES - said == set()


def test_every_row_has_both_languages_and_a_rule():
    assert [row for row in TABLE if len(row.cells) != 4 or not all(row.cells)] == []


def test_the_widgets_of_forms_that_name_units_stand_here():
    assert "unit_lines" in WIDGETS
    assert "unit_lines" in CODES
