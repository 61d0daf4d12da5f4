"""docs/functions.md tells the truth: every row once, and nothing named that does not exist."""

import ast
import importlib
import re
import tomllib
from functools import cache

import pytest
from click import Context

from app import create_app
from app.bootstrap import build
from app.cli import main
from app.config import settings_from
from tests.docs.tables import ROOT, Row, rows

PAGE = "docs/functions.md"
IDS = (
    *(f"M{n}" for n in range(1, 47)),
    *(f"S{n}" for n in range(1, 38)),
    *(f"W{n}" for n in range(1, 30)),
)
FUNCTION, STATE, BY, SHOWN = 1, 2, 3, 4
STATES = ("yes", "partly: ", "not yet")
TABLE = rows(PAGE)
BUILT = [row for row in TABLE if row.cells[STATE] != "not yet"]


@cache
def routes() -> set[str]:
    """The addresses of the application's pages; nothing is connected to find them out."""
    environ = {
        "DATABASE_URL": "postgresql://nobody@/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": "for the test of a page of documentation only",
        "REGISTRY_ENV": "test",
    }
    app = create_app(context=build(settings_from(environ)))
    return {rule.rule for rule in app.url_map.iter_rules()}


@cache
def names_of_tests(path: str) -> set[str]:
    """The names of a file's tests, read without running anything."""
    file = ROOT / path
    tree = ast.parse(file.read_text(encoding="utf-8")) if file.is_file() else ast.Module([], [])
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


@cache
def transaction_types() -> dict:
    return tomllib.loads((ROOT / "app/ledger/transaction_types.toml").read_text(encoding="utf-8"))


def exists(word: str) -> bool:
    """Whether what stands in backticks under "Implemented by" is there."""
    if word.startswith("/"):
        return word in routes()
    if word.startswith("make "):
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        return re.search(rf"^{word.split()[1]}:", makefile, re.MULTILINE) is not None
    if word.startswith("registry "):
        return word.split()[1] in main.list_commands(Context(main))
    if "/" in word:
        return (ROOT / word).is_file()
    if word.startswith("app."):
        module, _, name = word.rpartition(".")
        return hasattr(importlib.import_module(module), name)
    return word in transaction_types()


def test_every_row_of_the_mission_stands_here_exactly_once():
    assert [row.id for row in TABLE] == list(IDS)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.id)
def test_a_row_says_what_it_is_and_how_far_it_has_come(row: Row):
    assert len(row.cells) == 5
    assert row.cells[FUNCTION]
    assert row.cells[STATE].startswith(STATES)
    assert row.cells[STATE] != "partly: "


@pytest.mark.parametrize("row", BUILT, ids=lambda row: row.id)
def test_what_a_row_names_exists(row: Row):
    assert row.words(BY)
    assert [word for word in row.words(BY) if not exists(word)] == []


@pytest.mark.parametrize("row", BUILT, ids=lambda row: row.id)
def test_a_row_that_is_built_names_tests_that_exist(row: Row):
    assert row.words(SHOWN)
    for word in row.words(SHOWN):
        path, _, name = word.partition("::")
        assert name in names_of_tests(path), word


def test_what_is_not_yet_names_nothing():
    not_yet = [row for row in TABLE if row.cells[STATE] == "not yet"]
    assert [row.id for row in not_yet if row.cells[BY] or row.cells[SHOWN]] == []


def test_a_transaction_type_that_is_named_belongs_to_the_row():
    types = transaction_types()
    for row in BUILT:
        named = [word for word in row.words(BY) if word in types]
        if row.id.startswith("S"):
            assert [t for t in named if row.id not in types[t]["sources"]] == [], row.id


@pytest.mark.parametrize(
    "word",
    [
        "/no/such/page",
        "app.services.decide.no_such_function",
        "processes/no_such.bpmn",
        "registry no-such-command",
        "make no_such_target",
        "no_such_type",
    ],
)
def test_what_does_not_exist_is_found_out(word: str):
    assert not exists(word)
