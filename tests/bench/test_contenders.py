"""The bench compares like with like; how fast it is, no test says."""

import pytest

from app.config import settings_from
from bench.crew import Measure, rate
from bench.databases import Place
from bench.market import let_half_sign, open_up
from bench.report import Row, as_json, in_turns, line, row
from bench.signatures import BUILT, KEPT, signatures
from bench.tasks import floor
from bench.tasks.flow import Open
from bench.tasks.service import Service
from bench.tasks.signed import PreparedService, SignedService
from bench.tasks.stock import Stock

PIECES = 34  # seventeen applications, two of them returned once

COUNTS = {
    "state": "SELECT status, outcome, version, quantity, late FROM workflow.instance i",
    "decisions": "SELECT element_id, verdict, opinion <> '' FROM workflow.decision i",
    "events": "SELECT tag LIKE '%%fill_surrender%%' OR tag LIKE '%%start' FROM audit.event i",
    "participants": "SELECT lane FROM workflow.participant i",
    "open tasks": "SELECT element_id FROM workflow.task i",
    "drafts": "SELECT element_id FROM workflow.draft i",
    "notifications": "SELECT template, holder_id = (SELECT w.applicant_id FROM workflow.instance w"
    " WHERE w.id = i.instance_id) FROM workflow.notification i",
    "transfers": "SELECT type, role FROM ledger.transfer i",
}
OUTBOX = """SELECT o.kind, o.payload::json->>'task' FROM workflow.outbox o
    JOIN workflow.instance i ON i.number = o.payload::json->>'instance'
    WHERE i.id = ANY (%(ids)s)"""
LEDGER = {
    "events": "SELECT e.kind, e.role FROM ledger.transfer_event e",
    "entries": """SELECT n.from_position, n.to_position, upper(n.serials) - lower(n.serials)
        FROM ledger.entry n JOIN ledger.transfer_event e ON e.id = n.event_id""",
    "ceilings": "SELECT e.quantity FROM ledger.transfer_ceiling e",
}


@pytest.fixture(scope="module")
def place(module_database):
    settings = settings_from(
        {
            "REGISTRY_ENV": "test",
            "DATABASE_URL": module_database.app_url,
            "MIGRATION_DATABASE_URL": module_database.owner_url,
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "SECRET_KEY": "s" * 32,
        }
    )
    made = Place(settings)
    with made.context() as ctx:
        open_up(ctx, 62)
    floor.install(made)
    let_half_sign(made)
    return made


def written_by(place, kind):
    client = kind(place, 0, 1)
    client.prepare(PIECES)
    ids = [task.instance_id for task in client._ready]
    measure = client.work()
    rows = {}
    with client.ctx.database.transaction() as tx:
        for name, query in COUNTS.items():
            column = "id" if name == "state" else "instance_id"
            rows[name] = sorted(tx.all(f"{query} WHERE i.{column} = ANY (%(ids)s)", {"ids": ids}))
        rows["outbox"] = sorted(tx.all(OUTBOX, {"ids": ids}))
        for name, query in LEDGER.items():
            rows[f"ledger {name}"] = sorted(
                tx.all(
                    f"{query} WHERE e.transfer_id IN (SELECT t.id FROM ledger.transfer t"
                    " WHERE t.instance_id = ANY (%(ids)s))",
                    {"ids": ids},
                )
            )
    client.ctx.database.dispose()
    return measure, rows


@pytest.fixture(scope="module")
def by_the_service(place):
    return written_by(place, Service)


@pytest.mark.parametrize("kind", [floor.Floor, Stock, SignedService, PreparedService])
def test_every_contender_writes_the_rows_that_the_service_writes(place, by_the_service, kind):
    measure, rows = written_by(place, kind)
    assert len(measure.times) == len(by_the_service[0].times) == PIECES + 4
    assert rows == by_the_service[1]


def test_the_flow_of_the_bench_reaches_its_end_with_one_refusal_in_sixteen(by_the_service):
    _, rows = by_the_service
    assert [state[:2] for state in rows["state"]] == [("ended", "surrendered")] * (PIECES // 2)
    assert sum(decision[1] == "return" for decision in rows["decisions"]) == 2
    assert rows["open tasks"] == rows["drafts"] == []


def test_what_is_measured_as_signed_is_signed_and_nothing_else_is(place, by_the_service):
    signed = "SELECT count(*) FROM trust.signature"
    with place.context() as ctx, ctx.database.transaction() as tx:
        [(before,)] = tx.all(signed)
    written_by(place, SignedService)
    written_by(place, Service)
    with place.context() as ctx, ctx.database.transaction() as tx:
        assert tx.all(signed) == [(before + PIECES + 4,)]


def test_preparing_counts_only_where_it_is_said_to():
    paid, free = object.__new__(PreparedService), object.__new__(SignedService)
    for client in (paid, free):
        client._spent = {7: 0.25}
    task = Open(None, 7, 1)
    assert (paid.spent(task), free.spent(task)) == (0.25, 0.0)


def test_a_signature_whose_chain_is_known_is_measured_apart_from_one_whose_is_not():
    found = {row.name: row.median for row in signatures(rounds=1)}
    assert 0 < found[KEPT] < found[BUILT]


def test_contenders_take_turns_and_the_first_round_only_warms_up():
    taken = []
    samples = in_turns(
        {"a": lambda: taken.append("a") or 2.0, "b": lambda: taken.append("b") or 4.0}, rounds=2
    )
    assert taken == ["a", "b"] * 3
    assert samples == {"a": [2.0, 2.0], "b": [4.0, 4.0]}


def test_a_ratio_is_the_median_of_the_rounds_own_ratios():
    drifting = {"a": [1.0, 10.0, 2.0], "b": [2.0, 20.0, 4.0]}
    found = row(drifting, "a", "tasks/s", "b")
    assert found == Row("a", 2.0, "tasks/s", "b", 0.5)
    assert "0.5 x b" in line(found)
    assert as_json([found]) == (
        '[{"name": "a", "median": 2.0, "unit": "tasks/s", "ratio_to": "b", "ratio": 0.5}]'
    )


def test_the_rate_of_a_crew_is_the_sum_of_its_clients():
    assert rate([Measure([0.5, 0.5], 1.0), Measure([0.25] * 4, 1.0)]) == 6.0
