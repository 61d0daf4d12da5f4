"""kill -9 at any moment: after a restart it goes on, nothing is lost and nothing is done twice."""

import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import failpoints
from ops import place
from ops.postgres import Postgres
from tests.forked import Program
from tests.postgres import TestDatabases
from tests.services.rehearsals import (
    Rehearsal,
    demanded,
    figures,
    on_server,
    rehearsal,
    write_year,
)

OPERATORS = 60
KILLED = -9
# At which passings of which failpoints a year is killed, one after the other: each failpoint first
# where the year comes to it first, in its middle, and once more right after a resumption.
YEARS = {
    "before its commits": (
        ("before_commit", 2), ("holders_opened", 2), ("holders_opened", 1), ("before_commit", 9),
        ("order_checked", 1), ("order_checked", 5), ("before_step", 1), ("before_step", 30),
        ("before_step", 31), ("before_commit", 70),
    ),
    "after its commits": (
        ("after_commit", 1), ("after_commit", 12), ("order_executed", 2), ("order_executed", 5),
        ("after_step", 1), ("after_step", 30), ("after_step", 31), ("after_commit", 55),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def a_year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_year(tmp_path_factory.mktemp("year") / "year.csv", OPERATORS)


@pytest.fixture
def a_rehearsal(databases: TestDatabases) -> Iterator[Rehearsal]:
    with rehearsal(databases) as made:
        yield made


# What a year leaves behind, without the numbers that a resumption may give anew.
TRACES = {
    "decisions per application": """SELECT h.code, d.element_id, d.verdict, count(*)
        FROM workflow.decision d JOIN workflow.instance i ON i.id = d.instance_id
        JOIN identity.holder h ON h.id = i.applicant_id GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
    "applications": """SELECT h.code, i.status, i.outcome, i.quantity, i.version
        FROM workflow.instance i JOIN identity.holder h ON h.id = i.applicant_id ORDER BY 1""",
    "events": """SELECT e.tag, h.code, count(*) FROM audit.event e
        LEFT JOIN workflow.instance i ON i.id = e.instance_id
        LEFT JOIN identity.holder h ON h.id = i.applicant_id GROUP BY 1, 2 ORDER BY 1, 2""",
    "holders": """SELECT h.code, count(DISTINCT a.id), count(DISTINCT m.person_id)
        FROM identity.holder h JOIN identity.account a ON a.holder_id = h.id
        LEFT JOIN identity.mandate m ON m.account_id = a.id GROUP BY 1 ORDER BY 1""",
    "holdings": """SELECT h.code, a.type, b.position, sum(upper(b.serials) - lower(b.serials))
        FROM ledger.unit_block b JOIN identity.account a ON a.id = b.account_id
        JOIN identity.holder h ON h.id = a.holder_id GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
    "transfers": """SELECT t.type, count(*), count(DISTINCT t.key) FROM ledger.transfer t
        GROUP BY 1 ORDER BY 1""",
    "transfer events": """SELECT t.type, e.kind, count(*) FROM ledger.transfer_event e
        JOIN ledger.transfer t ON t.id = e.transfer_id GROUP BY 1, 2 ORDER BY 1, 2""",
    "notices": """SELECT h.code, count(*), sum(n.obligation) FROM compliance.notice n
        JOIN identity.holder h ON h.id = n.emitter_id GROUP BY 1 ORDER BY 1""",
    "ceilings": "SELECT total, reserved, used, count(*) FROM ledger.ceiling GROUP BY 1, 2, 3"
    " ORDER BY 1, 2, 3",
    "left open": "SELECT (SELECT count(*) FROM workflow.task), (SELECT count(*)"
    " FROM workflow.draft), (SELECT count(*) FROM workflow.instance WHERE stuck <> '')",
    "outbox": "SELECT count(*), count(done_at) FROM workflow.outbox",
    # Signatures and numbers to be signed are drawn at random; all that is signed beside is not.
    "signatures": """SELECT h.code, d.element_id, d.verdict, count(*), count(DISTINCT s.nonce),
            bool_and(c.person_id = d.person_id), bool_and(s.crl_ids = (
                SELECT array_agg(l.id ORDER BY l.anchor_id DESC) FROM trust.crl l
                WHERE (l.anchor_id, l.number) IN (SELECT m.anchor_id, max(m.number)
                    FROM trust.crl m WHERE m.at <= s.at GROUP BY 1)))
        FROM trust.signature s JOIN workflow.decision d ON d.id = s.decision_id
        JOIN trust.certificate c ON c.id = s.certificate_id
        JOIN workflow.instance i ON i.id = d.instance_id
        JOIN identity.holder h ON h.id = i.applicant_id GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
    "what was signed": """SELECT h.code, x.task, x.visit, x.verdict, x.opinion, x.form, x.content,
            x.quantities::text, x.role, x.origin, x.action::text, x.verdict_text::text, x.bundle
        FROM trust.signature s JOIN workflow.decision d ON d.id = s.decision_id
        JOIN workflow.instance i ON i.id = d.instance_id
        JOIN identity.holder h ON h.id = i.applicant_id,
        jsonb_to_record(convert_from(s.document, 'UTF8')::jsonb) AS x (task text, visit text,
            verdict text, opinion text, form text, content text, quantities jsonb, role text,
            origin text, action jsonb, verdict_text jsonb, bundle text)
        ORDER BY 1, 2, 3""",
    "certificates": """SELECT h.code, c.software, c.not_before, c.not_after, count(*)
        FROM trust.certificate c JOIN identity.mandate m ON m.person_id = c.person_id
        JOIN identity.account a ON a.id = m.account_id JOIN identity.holder h ON h.id = a.holder_id
        GROUP BY 1, 2, 3, 4 ORDER BY 1, 2""",
    "challenges left": """SELECT count(*), count(DISTINCT c.nonce) FROM trust.challenge c
        WHERE c.used_at IS NULL""",
    "authorities": """SELECT a.kind, a.software, encode(a.fingerprint, 'hex'), l.number::text,
            l.this_update, l.next_update FROM trust.anchor a JOIN trust.crl l ON l.anchor_id = a.id
        ORDER BY 1, 4""",
}


def traces(rehearsed: Rehearsal) -> dict[str, list[tuple[Any, ...]]]:
    return {name: rehearsed.rows(sql) for name, sql in TRACES.items()}


@pytest.fixture(scope="module")
def whole(databases: TestDatabases, a_year: Path) -> tuple[dict[str, list[tuple[Any, ...]]], float]:
    """The traces of a rehearsal that nobody killed, and how many seconds it took."""
    with rehearsal(databases) as made:
        made.registry("--help")  # what all are forked from is there
        began = time.monotonic()
        ended = made.run(a_year)
        seconds = time.monotonic() - began
        assert figures(ended) == demanded(a_year)
        return traces(made), seconds


@pytest.fixture
def undisturbed(whole: tuple[dict, float]) -> dict[str, list[tuple[Any, ...]]]:
    """The traces of a rehearsal that nobody killed."""
    return whole[0]


@pytest.mark.parametrize("name", YEARS)
def test_a_rehearsal_killed_at_a_failpoint_goes_on_as_if_it_never_was(
    a_rehearsal: Rehearsal, a_year: Path, undisturbed: dict, name: str
) -> None:
    for turn, (failpoint, passing) in enumerate(YEARS[name]):
        options = ("--resume",) if turn else ()
        killed = a_rehearsal.run(a_year, *options, failpoint=f"{failpoint}:{passing}")
        assert killed.returncode == KILLED, (failpoint, passing, killed.stderr[-2000:])

    assert figures(a_rehearsal.run(a_year, "--resume")) == demanded(a_year)
    assert traces(a_rehearsal) == undisturbed
    verified = a_rehearsal.registry("verify")
    assert verified.returncode == 0, verified.stdout
    assert "verify: ok" in verified.stdout


def test_a_rehearsal_killed_at_random_moments_goes_on_as_if_it_never_was(
    a_rehearsal: Rehearsal, a_year: Path, whole: tuple[dict, float]
) -> None:
    undisturbed, seconds = whole
    for turn, share in enumerate((0.15, 0.35, 0.45, 0.55)):
        child = a_rehearsal.start(a_year, *(("--resume",) if turn else ()))
        time.sleep(share * seconds)
        child.kill()
        child.ended(60)
    assert figures(a_rehearsal.run(a_year, "--resume")) == demanded(a_year)
    assert traces(a_rehearsal) == undisturbed


@pytest.fixture
def a_server() -> Iterator[Postgres]:
    """A PostgreSQL of this test alone: it will be killed."""
    folder = Path(tempfile.mkdtemp(prefix="killed ", dir="/tmp"))
    folder.chmod(0o755)
    server = Postgres(folder / "var")
    server.start()
    yield server
    server.stop()
    place.forget(server.var)
    shutil.rmtree(folder)


def test_a_rehearsal_whose_database_is_killed_goes_on_after_its_restart(
    a_server: Postgres, a_year: Path, undisturbed: dict
) -> None:
    made = on_server(a_server, "killed_rehearsal")
    for turn, wanted in enumerate((3, 20, 40)):
        child = made.start(a_year, *(("--resume",) if turn else ()))
        _wait_for_decisions(made, child, wanted)
        postmaster = a_server.running()
        assert postmaster
        os.kill(postmaster, signal.SIGKILL)
        assert child.ended(60).returncode == 1
        a_server.start()

    assert figures(made.run(a_year, "--resume")) == demanded(a_year)
    assert traces(made) == undisturbed
    assert made.registry("verify").returncode == 0


def _wait_for_decisions(made: Rehearsal, child: Program, wanted: int) -> None:
    import psycopg2

    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert child.runs(), "the rehearsal ended before it was killed"
        try:
            [(done,)] = made.rows("SELECT count(*) FROM workflow.decision")
        except psycopg2.Error:
            done = 0  # not there yet
        if done >= wanted:
            return
        time.sleep(0.02)
    raise AssertionError("the rehearsal made no progress")


def test_a_failpoint_is_honoured_in_tests_only() -> None:
    for environment in ("demo", "production", ""):
        armed = failpoints.armed(
            {"REGISTRY_FAILPOINT": "before_commit", "REGISTRY_ENV": environment}
        )
        assert armed is failpoints._nowhere
    assert failpoints.reached is failpoints._nowhere
    with pytest.raises(ValueError, match="there is no failpoint nowhere"):
        failpoints.armed({"REGISTRY_FAILPOINT": "nowhere", "REGISTRY_ENV": "test"})


def test_every_failpoint_is_passed_somewhere() -> None:
    app = Path(failpoints.__file__).parent
    passed = {
        name
        for path in app.rglob("*.py")
        if path.name != "failpoints.py"
        for name in re.findall(r'reached\("(\w+)"\)', path.read_text())
    }
    assert passed == set(failpoints.NAMES)
