"""``verify`` finds what somebody with every right has tampered with, and nothing else."""

import psycopg2
import pytest

from app.ledger.effects import Draw
from app.ledger.sweep import Broken, Moved, Place, replay
from app.ledger.verify import verify
from tests.ledger.market import Market

pytestmark = pytest.mark.database


@pytest.fixture
def a_lived_in_market(a_supplied_market: Market) -> Market:
    """Posted, pending, voided, reversed; a custody lot, half returned; a ceiling in use."""
    market = a_supplied_market
    ceiling = market.ceiling("notice:1", 500)
    posted = market.reserve({"allowance": 100, "ccer": 10}, ceilings=(Draw(ceiling, 110),))
    market.post(posted)
    reversed_ = market.reserve(50, ceilings=(Draw(ceiling, 50),))
    market.post(reversed_)
    market.reverse(reversed_)
    market.reserve(30, ceilings=(Draw(ceiling, 30),))
    market.void(market.reserve(40))
    market.post(market.reserve(200, kind="custody"), "operator")
    lot = market.rows("SELECT id FROM ledger.custody_lot")[0][0]
    market.link("emitter", "other")
    give_back = market.reserve(
        60,
        kind="custody_return",
        source="custody",
        target="other",
        lots={"allowance": lot},
        account="compliance",
    )
    market.post(give_back, "operator")
    return market


def tamper(database, sql: str) -> None:
    """Change tables with every guard switched off, as only a superuser can, and on again."""
    tables = (
        "unit_block", "entry", "transfer", "transfer_line", "transfer_event", "issue",
        "direct_order", "ceiling", "custody_lot", "transfer_ceiling",
    )  # fmt: skip
    connection = psycopg2.connect(database.superuser_url)
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE ledger.{table} DISABLE TRIGGER ALL")
        cursor.execute(sql)
        for table in tables:
            cursor.execute(f"ALTER TABLE ledger.{table} ENABLE TRIGGER ALL")
        cursor.execute(
            """SELECT format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t.tgrelid::regclass,
                             t.tgname)
               FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
               WHERE c.relnamespace = 'ledger'::regnamespace AND NOT t.tgisinternal"""
        )
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
    connection.commit()
    connection.close()


def test_a_ledger_nobody_tampered_with_verifies(a_lived_in_market: Market):
    report = verify(a_lived_in_market.database)
    assert report.ok, list(report.lines())
    assert report.exit_code == 0
    assert report.issued == {"PE2021000025": 1000, "CCER-TEST-2019": 100}
    assert list(report.lines())[-1] == "verify: ok"


TAMPERINGS = {
    "an edited decision": (
        """ALTER TABLE workflow.decision DISABLE TRIGGER append_only_row;
           UPDATE workflow.decision SET document = '{}' WHERE id = 1""",
        {"decisions"},
    ),
    "a unit held twice": (
        """ALTER TABLE ledger.unit_block DROP CONSTRAINT unit_held_once;
           INSERT INTO ledger.unit_block (instrument_id, account_id, position, serials)
           SELECT instrument_id, account_id, position, '[990,995)'
           FROM ledger.unit_block WHERE serials @> 990::bigint""",
        {"units held twice", "conservation", "guards"},
    ),
    "a vanished unit": (
        """UPDATE ledger.unit_block SET serials = int8range(lower(serials), upper(serials) - 1)
           WHERE serials @> 990::bigint""",
        {"vanished units", "conservation"},
    ),
    "a created unit": (
        """INSERT INTO ledger.unit_block (instrument_id, account_id, position, serials)
           SELECT instrument_id, account_id, position, '[5000,5005)'
           FROM ledger.unit_block WHERE serials @> 990::bigint""",
        {"units without a journal", "conservation"},
    ),
    "a unit moved without a transfer": (
        """UPDATE ledger.unit_block SET account_id =
               (SELECT id FROM identity.account WHERE number = 'other')
           WHERE serials @> 990::bigint""",
        {"units in the wrong place"},
    ),
    "a reservation taken off": (
        """UPDATE ledger.unit_block SET position = 'registry_available', transfer_id = NULL,
               line_no = NULL WHERE position = 'registry_reserved'""",
        {"units in the wrong place", "reservations"},
    ),
    "a block in a position its account cannot have": (
        "UPDATE ledger.unit_block SET position = 'trading_held' WHERE serials @> 990::bigint",
        {"units in the wrong place", "positions"},
    ),
    "an entry deleted": (
        """DELETE FROM ledger.entry WHERE event_id =
               (SELECT max(event_id) FROM ledger.entry)""",
        {"units in the wrong place", "lines and entries"},
    ),
    "an entry redirected": (
        """UPDATE ledger.entry SET to_account_id =
               (SELECT id FROM identity.account WHERE number = 'other')
           WHERE event_id = (SELECT min(event_id) + 1 FROM ledger.entry)""",
        {"broken history"},
    ),
    "a line rewritten": (
        "UPDATE ledger.transfer_line SET quantity = quantity + 1 WHERE transfer_id = 1",
        {"lines and entries"},
    ),
    "an event deleted": (
        "DELETE FROM ledger.transfer_event WHERE kind = 'voided'",
        {"lines and entries", "reservations"},
    ),
    "a transfer resolved twice": (
        """DROP INDEX ledger.transfer_resolves_once;
           INSERT INTO ledger.transfer_event (transfer_id, kind, role, at)
           SELECT transfer_id, 'voided', 'system', at FROM ledger.transfer_event
           WHERE kind = 'posted' LIMIT 1""",
        {"resolved more than once", "lines and entries"},
    ),
    "a ceiling used more than its transfers did": (
        "UPDATE ledger.ceiling SET used = used + 1",
        {"ceilings"},
    ),
    "a ceiling reserved less than its transfers did": (
        "UPDATE ledger.ceiling SET reserved = 0",
        {"ceilings"},
    ),
    "a custody lot that says too much is left": (
        "UPDATE ledger.custody_lot SET returned = returned - 1",
        {"custody lots"},
    ),
    "an issue nobody ordered": (
        """INSERT INTO ledger.issue (instrument_id, serials, transfer_id)
           VALUES (1, '[7000,7010)', 1)""",
        {"issues", "conservation"},
    ),
    "an order taken away": ("DELETE FROM ledger.direct_order WHERE transfer_id = 1", {"backing"}),
    "a decision taken away": (
        """UPDATE ledger.transfer_event SET decision_id = -1 WHERE kind = 'posted'
           AND decision_id IS NOT NULL AND transfer_id IN
               (SELECT id FROM ledger.transfer WHERE type = 'surrender')""",
        {"backing"},
    ),
    "a decision of somebody else": (
        """UPDATE ledger.transfer_event v SET decision_id = t.decision_id
           FROM ledger.transfer_event t WHERE t.transfer_id = v.transfer_id
           AND t.kind = 'reserved' AND v.kind = 'posted'""",
        {"backing"},
    ),
    "an approval by the proposer": (
        """UPDATE ledger.transfer_event v SET person_id = t.person_id FROM ledger.transfer t
           WHERE t.id = v.transfer_id AND v.kind = 'posted' AND t.type = 'surrender'""",
        {"backing"},
    ),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_verify_finds(a_lived_in_market: Market, database, what):
    sql, kinds = TAMPERINGS[what]
    tamper(database, sql)
    report = verify(a_lived_in_market.database)
    assert kinds <= set(report.faults), list(report.lines())
    assert report.exit_code == 1
    assert list(report.lines())[-1] == "verify: FAILED"


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE ledger.entry DISABLE TRIGGER append_only_row",
        "ALTER TABLE ledger.entry ENABLE TRIGGER append_only_row",
        "DROP TRIGGER block_shrunk ON ledger.unit_block",
        "ALTER TABLE ledger.unit_block DROP CONSTRAINT unit_held_once",
        "ALTER TABLE ledger.ceiling DROP CONSTRAINT ceiling_not_exceeded",
    ],
)
def test_verify_finds_a_guard_that_was_taken_away(a_market: Market, database, sql):
    with psycopg2.connect(database.superuser_url) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
    connection.close()
    assert "guards" in verify(a_market.database).faults


def an_entry(event, low, high, before, after, instrument=1):
    return Moved(event, 1, low, high, instrument, before, Place(*after))


def test_a_serial_moved_before_it_was_issued_is_a_broken_history():
    (broken, _) = replay([an_entry(1, 1, 5, (1, "registry_available"), (2, "a"))])
    assert isinstance(broken, Broken)


def test_stretches_with_one_history_come_as_one():
    entries = [
        an_entry(1, 1, 100, (1, None), (2, "a")),
        an_entry(2, 1, 50, (2, "a"), (3, "a")),
        an_entry(3, 50, 100, (2, "a"), (3, "a")),
    ]
    (whole,) = replay(entries)
    assert (whole.low, whole.high, whole.place.account_id) == (1, 100, 3)
