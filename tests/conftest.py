"""What every test may ask for, and what a run says about the tests that it left out."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops.redis import Redis
from ops.softhsm import GET_OPENSSL, GET_SOFTHSM
from ops.softhsm import module as softhsm_module
from tests.postgres import Database, TestDatabases
from tests.server import server_of_this_run

CHROMIUM = Path("/usr/bin/chromium")
GET_CHROMIUM = "sudo apt-get install -y chromium fonts-noto-cjk"
REPEATED = {"ledger", "workflow"}  # folders whose tests of a database repeat


@pytest.fixture(scope="session")
def databases() -> Iterator[TestDatabases]:
    """The maker of databases, with its server running; the last run that uses it stops it."""
    with server_of_this_run() as server:
        made = TestDatabases(server)
        made.sweep()
        yield made


@pytest.fixture
def database(databases: TestDatabases) -> Iterator[Database]:
    """A migrated database for this test alone."""
    with databases.fresh() as fresh:
        yield fresh


@pytest.fixture(scope="module")
def module_database(databases: TestDatabases) -> Iterator[Database]:
    """A migrated database that the tests of one module share."""
    with databases.fresh() as fresh:
        yield fresh


@pytest.fixture
def empty_database(databases: TestDatabases) -> Iterator[Database]:
    """A database without a schema."""
    with databases.empty() as empty:
        yield empty


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A Redis for this pytest process alone."""
    server = Redis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: Redis) -> str:
    """A running, empty Redis."""
    import redis

    with redis.Redis.from_url(redis_server.url()) as client:
        client.flushall()
    return redis_server.url()


def pytest_collection_finish() -> None:
    """What thousands of tests are made of stays; looking through it again took 5 % of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 100)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make manual` keeps pictures of what the browser tests see; a person may keep all."""
    parser.addoption("--manual-pictures", metavar="FOLDER", help="where pictures are kept")
    parser.addoption(
        "--screens", action="store_true", help="keep pictures of all pages in var/test/screens"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what repeats on another PostgreSQL; leave out what needs a tool that is not here."""
    for item in items:
        if REPEATED & set(item.path.relative_to(config.rootpath).parts) and _asks_a_database(item):
            item.add_marker("database")
    missing = _missing()
    left_out = [item for item in items if any(needs(item) for needs, _, _ in missing)]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def _missing() -> list[tuple[Callable[[pytest.Item], bool], str, str]]:
    """What is not on this machine: which tests need it, what they are called, how to get it."""
    missing: list[tuple[Callable[[pytest.Item], bool], str, str]] = []
    if not CHROMIUM.exists():
        missing.append((_needs_browser, f"browser tests: there is no {CHROMIUM}", GET_CHROMIUM))
    if softhsm_module() is None:
        missing.append((_needs_token, "tests with a token: there is no SoftHSM", GET_SOFTHSM))
    if shutil.which("openssl") is None:
        missing.append((_needs_openssl, "tests that ask openssl: there is none", GET_OPENSSL))
    return missing


def _asks_a_database(item: pytest.Item) -> bool:
    """Diagrams and expressions run without one: on another PostgreSQL they show nothing new."""
    return "databases" in getattr(item, "fixturenames", ())


def _needs_browser(item: pytest.Item) -> bool:
    return item.get_closest_marker("browser") is not None


def _needs_openssl(item: pytest.Item) -> bool:
    return item.get_closest_marker("openssl") is not None


def _needs_token(item: pytest.Item) -> bool:
    return "softhsm" in getattr(item, "fixturenames", ())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which tests a missing tool left out, and the one command that gets it."""
    for _, what, command in _missing():
        terminalreporter.write_line(f"Left out: {what}. Get it: {command}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With NOTHING_LEFT_OUT, a skipped test fails the run as a failed one does."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not os.environ.get("NOTHING_LEFT_OUT"):
        return
    left_out = [kind for kind in ("skipped", "xfailed") if reporter.stats.get(kind)]
    if (left_out or _missing()) and session.exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"NOTHING_LEFT_OUT: some tests were left out {left_out}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
