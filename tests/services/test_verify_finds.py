"""``registry verify`` finds what moved without a decision or an order behind it."""

import psycopg2
import pytest

from app.identity.actor import Actor
from app.ledger.verify import Report, verify
from tests.services.custody import AGREED, Custody
from tests.services.market import APPROVE, Market, superuser

pytestmark = pytest.mark.database


@pytest.fixture
def a_year_of_work(a_market: Market, a_submitted_application: int, a_province: Actor) -> Market:
    """One surrender posted by decisions, everything else by orders."""
    a_market.decide(a_province, a_submitted_application, APPROVE)
    return a_market


def tampered(market: Market, sql: str) -> Report:
    """Change the database as somebody with all rights and no scruples would; then verify."""
    with superuser(market.database) as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgenabled = 'A'"
        )
        for table, name in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} DISABLE TRIGGER "{name}"')
        cursor.execute(sql)
        assert cursor.rowcount > 0
    return verify(market.ctx.database)


def test_an_honest_ledger_verifies(a_year_of_work: Market) -> None:
    report = verify(a_year_of_work.ctx.database)
    assert report.ok, list(report.lines())
    assert list(report.lines())[-1] == "verify: ok"


SURRENDER = "(SELECT id FROM ledger.transfer WHERE type = 'surrender')"
TAMPERINGS = {
    "a posted surrender without its approval": "DELETE FROM workflow.decision"
    " WHERE element_id = 'review_surrender'",
    "a surrender that says no decision": "UPDATE ledger.transfer_event SET decision_id = NULL"
    f" WHERE kind = 'posted' AND transfer_id = {SURRENDER}",
    "a surrender that names another's decision": "UPDATE ledger.transfer_event e"
    " SET decision_id = (SELECT min(id) FROM workflow.decision)"
    f" WHERE kind = 'posted' AND transfer_id = {SURRENDER}",
    "a direct transfer without its order": "DELETE FROM ledger.direct_order"
    " WHERE transfer_id = (SELECT min(transfer_id) FROM ledger.direct_order)",
    "units in another account": "UPDATE ledger.unit_block SET account_id = (SELECT a.id"
    " FROM identity.account a JOIN identity.holder h ON h.id = a.holder_id"
    " WHERE h.code = 'neighbour' AND a.type = 'compliance')"
    " WHERE account_id = (SELECT id FROM identity.account WHERE type = 'surrender')",
    "vanished units": "DELETE FROM ledger.unit_block WHERE account_id ="
    " (SELECT id FROM identity.account WHERE type = 'surrender')",
    "an entry rewritten": "UPDATE ledger.entry SET serials = int8range(lower(serials),"
    " upper(serials) - 1) WHERE event_id = (SELECT max(id) FROM ledger.transfer_event)",
    "an obligation raised beside its notice": "UPDATE ledger.ceiling SET total = total + 1"
    " WHERE id = (SELECT obligation_ceiling_id FROM compliance.notice)",
    "a CCER limit raised beside its notice": "UPDATE ledger.ceiling SET total = total + 1"
    " WHERE id = (SELECT ccer_ceiling_id FROM compliance.notice)",
    "a surrender that drew on no obligation": "DELETE FROM ledger.transfer_ceiling",
    "a ceiling that forgets what was used": "UPDATE ledger.ceiling SET used = 0 WHERE used > 0",
}


def test_verify_finds_a_link_of_custody_that_nobody_decided(a_market: Market) -> None:
    custody = Custody(a_market)
    lot = custody.deposit(600)
    custody.link("neighbour")
    instance = custody.give_back((lot.id, "neighbour", 5))
    custody.decide(a_market.actor("neighbour"), instance, AGREED)
    custody.decide(custody.registry, instance, APPROVE)
    report = verify(a_market.ctx.database)
    assert report.ok, list(report.lines())
    forged = (
        "INSERT INTO ledger.custody_link (depositor_id, recipient_id, decision_id, person_id, at)"
        " SELECT recipient_id, depositor_id, 999999, person_id, at FROM ledger.custody_link"
    )
    assert "custody links" in tampered(a_market, forged).faults
    moved = "UPDATE ledger.custody_link SET at = at + interval '1 day'"
    assert len(tampered(a_market, moved).faults["custody links"]) > 1


@pytest.mark.parametrize("name", TAMPERINGS)
def test_verify_finds(a_year_of_work: Market, name: str) -> None:
    report = tampered(a_year_of_work, TAMPERINGS[name])
    assert not report.ok
    assert report.exit_code == 1
    assert list(report.lines())[-1] == "verify: FAILED"


APPEND_ONLY = ("workflow.decision", "audit.event", "ledger.entry", "ledger.transfer_event")
REWRITINGS = (
    *(f"DELETE FROM {table}" for table in APPEND_ONLY),
    *(f"TRUNCATE {table} CASCADE" for table in APPEND_ONLY),
    "UPDATE workflow.decision SET verdict = 'return'",
)


@pytest.mark.parametrize("sql", REWRITINGS)
def test_what_is_on_record_is_not_rewritten_even_by_the_owner(
    a_year_of_work: Market, sql: str
) -> None:
    before = a_year_of_work.dump()
    with pytest.raises(psycopg2.Error):
        _as_owner(a_year_of_work, sql)
    assert a_year_of_work.dump() == before


def _as_owner(market: Market, sql: str) -> None:
    connection = psycopg2.connect(market.database.owner_url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
    finally:
        connection.close()
