"""README, CONTRIBUTING and the guide to real servers say what is so."""

import re
import secrets

import psycopg2
import pytest
from click import Context

from app.cli import main
from app.db import Database
from app.migrations.run import migrate
from app.services.demo.cast import SIGN_INS
from app.services.demo.market import PASSWORD
from tests.docs.tables import ROOT, rows
from tests.postgres import TestDatabases

SERVERS = "docs/connect-real-servers.md"
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "processes/README.md")
)
READS = re.compile(r"""(?:environ(?:\.get\(|\[)|_needed\(environ, )["']([A-Z_]+)["']""")
# Names of other people's: the terminal, the home, continuous integration.
STRANGERS = {"HOME"}
COMMANDS = set(main.list_commands(Context(main)))


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def test_the_two_commands_come_first():
    first = text("README.md").split("```")[1]
    assert re.findall(r"^make (\w+)", first, re.MULTILINE) == ["run", "test"]


def test_the_sign_ins_are_those_of_the_demo():
    told = [(row.id, row.cells[1]) for row in rows("README.md") if row.cells[1].isdecimal()]
    assert told == [(person.role, person.member_no) for person in SIGN_INS]
    assert f"`{PASSWORD}`" in text("README.md")


def test_every_command_is_told():
    readme = text("README.md")
    targets = set(re.findall(r"^([a-z]+):.*##", text("Makefile"), re.MULTILINE))
    assert {name for name in targets if f"make {name}" not in readme} == set()
    assert {name for name in COMMANDS if f"registry {name}" not in readme} == set()


def test_every_command_that_is_told_exists():
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))
    for page in PAGES:
        told = re.findall(r"`(?:PORT=\d+ )?make ([a-z]+)", text(page))
        assert set(told) <= targets, page
        commands = re.findall(r"`(?:\.venv/bin/)?registry ([a-z-]+)", text(page))
        assert set(commands) <= COMMANDS, page


def test_every_variable_that_is_read_is_told():
    files = [*ROOT.glob("app/**/*.py"), *ROOT.glob("ops/*.py"), ROOT / "tests/conftest.py"]
    files.append(ROOT / "tests/postgres.py")
    read = {name for path in files for name in READS.findall(path.read_text(encoding="utf-8"))}
    told = {word for row in rows(SERVERS) for word in row.words(0)}
    assert {"DATABASE_URL", "SECRET_KEY", "TRUSTED_PROXIES"} <= read
    assert read - told - STRANGERS == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str):
    folder = (ROOT / page).parent
    links = re.findall(r"\]\(([^)]+)\)", text(page))
    local = [link.partition("#")[0] for link in links if "://" not in link]
    assert [link for link in local if link and not (folder / link).exists()] == []


def statements(page: str) -> list[str]:
    """The statements of a page's SQL block."""
    block = text(page).partition("```sql\n")[2].partition("```")[0]
    return [s.strip() for s in block.split(";") if s.strip()]


@pytest.mark.database
def test_the_sql_makes_a_database_that_can_be_migrated_and_used(databases: TestDatabases):
    mark = secrets.token_hex(4)
    superuser = databases.server.superuser_url("postgres")
    server = psycopg2.connect(superuser)
    server.autocommit = True
    names = {old: f"{old}_{mark}" for old in ("registry_owner", "registry_app", "registry")}
    address = re.sub(r"//[^@]+@/\w+", "//{role}:{password}@/{database}", superuser)
    try:
        with server.cursor() as cursor:
            for statement in statements(SERVERS):
                cursor.execute(
                    re.sub(r"\bregistry(?:_owner|_app)?\b", lambda m: names[m[0]], statement)
                )
        owner, app = (
            address.format(role=names[role], password=password, database=names["registry"])
            for role, password in (
                ("registry_owner", "choose-one"),
                ("registry_app", "choose-another"),
            )
        )
        migrate(owner, names["registry_app"])
        database = Database.connect(app)
        with database.transaction() as tx:
            assert tx.one("SELECT count(*) > 10 FROM ledger.transaction_type") == (True,)
        database.dispose()
    finally:
        with server.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {names['registry']} WITH (FORCE)")
            cursor.execute(f"DROP ROLE IF EXISTS {names['registry_owner']}")
            cursor.execute(f"DROP ROLE IF EXISTS {names['registry_app']}")
        server.close()
