"""What the application's role and the owner try, and the database refuses."""

import psycopg2
import pytest

from tests.ledger.market import Market

pytestmark = pytest.mark.database

JOURNAL = (
    "instrument",
    "transfer",
    "transfer_line",
    "transfer_ceiling",
    "transfer_event",
    "entry",
    "direct_order",
    "issue",
)
HELD_TABLES = ("unit_block", "ceiling", "custody_lot")
DENIED = psycopg2.errors.InsufficientPrivilege


def attempt(url: str, sql: str) -> None:
    """Run statements in one transaction and commit, so that deferred guards speak too."""
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
        connection.commit()
    finally:
        connection.close()


def refused(url: str, sql: str) -> str:
    """Return the SQLSTATE with which the statements are refused."""
    with pytest.raises(psycopg2.Error) as error:
        attempt(url, sql)
    return error.value.pgcode


@pytest.mark.parametrize("table", [*JOURNAL, *HELD_TABLES, "transaction_type"])
@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM ledger.{}", "TRUNCATE ledger.{}", "INSERT INTO ledger.{} DEFAULT VALUES"],
)
def test_the_application_writes_no_table_of_the_ledger(module_database, table, statement):
    with pytest.raises(DENIED):
        attempt(module_database.app_url, statement.format(table))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger.unit_block SET account_id = account_id + 1",
        "UPDATE ledger.entry SET no = no",
        "UPDATE ledger.ceiling SET total = total + 1",
        "CREATE TABLE ledger.mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "CREATE SCHEMA mine",
        "ALTER TABLE ledger.unit_block DROP CONSTRAINT unit_held_once",
        "ALTER TABLE ledger.entry DISABLE TRIGGER ALL",
        "DROP TABLE ledger.entry",
        "SET session_replication_role = replica",
        "UPDATE identity.account SET holder_id = 1",
        "UPDATE identity.account SET type = 'general'",
        "UPDATE identity.account SET linked_account_id = 1",
        "UPDATE identity.holder SET role = 'national_authority'",
        "UPDATE identity.mandate SET person_id = 1",
        "UPDATE workflow.instance SET bundle_hash = ''",
        "UPDATE workflow.instance SET applicant_account_id = 1",
        "UPDATE workflow.task SET holder_id = 1",
        "UPDATE compliance.notice SET obligation = 1",
        "INSERT INTO audit.event (id, at, tag) OVERRIDING SYSTEM VALUE VALUES (-5, now(), 'x')",
        "SELECT ledger.settle_ceilings(1, 1, 1)",
        "SELECT ledger.create_units(NULL)",
        "SELECT ledger.take(NULL, 1, 'registry_available', NULL)",
        "SELECT ledger.add_event(1, 'posted', '{}')",
    ],
)
def test_the_application_can_neither_define_nor_go_behind_the_functions(module_database, statement):
    with pytest.raises(DENIED):
        attempt(module_database.app_url, statement)


def test_nobody_edits_the_journal_not_even_the_owner(a_supplied_market: Market, database):
    market = a_supplied_market
    ceiling = market.ceiling("notice:1", 10)
    market.rows("SELECT 1 FROM ledger.ceiling WHERE id = %(c)s", c=ceiling)
    market.post(market.reserve(10))
    for table in JOURNAL:
        if market.rows(f"SELECT 1 FROM ledger.{table} LIMIT 1"):
            column = market.rows(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = 'ledger'"
                " AND table_name = %(t)s AND is_identity = 'NO' LIMIT 1",
                t=table,
            )[0][0]
            edit = f"UPDATE ledger.{table} SET {column} = {column}"
            assert refused(database.owner_url, edit) == "RG900"
            assert refused(database.owner_url, f"DELETE FROM ledger.{table}") == "RG900"
        assert refused(database.owner_url, f"TRUNCATE ledger.{table} CASCADE") == "RG900"
    for table in HELD_TABLES:
        assert refused(database.owner_url, f"TRUNCATE ledger.{table} CASCADE") == "RG900"


def test_a_superuser_in_replication_mode_is_refused_all_the_same(
    a_supplied_market: Market, database
):
    edit = "SET session_replication_role = replica; DELETE FROM ledger.entry"
    assert refused(database.superuser_url, edit) == "RG900"


def test_a_unit_cannot_be_held_twice(a_supplied_market: Market, database):
    accounts = a_supplied_market.accounts
    twice = f"""INSERT INTO ledger.unit_block (instrument_id, account_id, position, serials)
        SELECT instrument_id, {accounts["other"]}, 'registry_available', '[5,6)'
        FROM ledger.unit_block WHERE serials @> 5::bigint"""
    assert refused(database.owner_url, twice) == "23P01"


def test_units_cannot_vanish(a_supplied_market: Market, database):
    owner = database.owner_url
    assert refused(owner, "DELETE FROM ledger.unit_block WHERE serials @> 5::bigint") == "RL901"
    for shrunk in ("int8range(lower(serials) + 1, upper(serials))", "'[500,501)'"):
        cut = f"UPDATE ledger.unit_block SET serials = {shrunk} WHERE serials @> 5::bigint"
        assert refused(owner, cut) == "RL901"


def test_units_cannot_be_made_without_an_issue(a_supplied_market: Market, database):
    account, instrument = (
        a_supplied_market.accounts["other"],
        a_supplied_market.instruments["allowance"],
    )
    made = f"""INSERT INTO ledger.unit_block (instrument_id, account_id, position, serials)
        VALUES ({instrument}, {account}, 'registry_available', '[900000,900010)')"""
    assert refused(database.owner_url, made) == "RL904"
    grown = """UPDATE ledger.unit_block SET serials = int8range(lower(serials), 900000)
        WHERE upper(serials) = (SELECT max(upper(serials)) FROM ledger.unit_block)"""
    assert refused(database.owner_url, grown) == "RL904"
    swapped = f"""UPDATE ledger.unit_block SET instrument_id = {instrument}
        WHERE instrument_id <> {instrument}"""
    assert refused(database.owner_url, swapped) in {"RL904", "RL901"}
    promised = f"""INSERT INTO ledger.issue (instrument_id, serials, transfer_id)
        VALUES ({instrument}, '[900000,900010)', 1)"""
    assert refused(database.owner_url, promised) == "RL901"


def test_a_block_stands_only_where_its_account_type_allows(a_supplied_market: Market, database):
    accounts = a_supplied_market.accounts
    base = "UPDATE ledger.unit_block SET {} WHERE serials @> 5::bigint"
    for change in (
        "position = 'trading_held'",
        f"account_id = {accounts['trading']}",
        f"account_id = {accounts['issuance_source']}",
    ):
        assert refused(database.owner_url, base.format(change)) == "RL902"
    custody = base.format(f"account_id = {accounts['custody']}")
    assert refused(database.owner_url, custody) == "RL903"
    assert refused(database.owner_url, base.format("custody_lot_id = 1")) == "RL903"


def test_a_reserved_unit_names_its_transfer_and_a_free_one_none(
    a_supplied_market: Market, database
):
    base = "UPDATE ledger.unit_block SET {} WHERE serials @> 5::bigint"
    assert refused(database.owner_url, base.format("position = 'registry_reserved'")) == "23514"
    assert refused(database.owner_url, base.format("transfer_id = 1, line_no = 1")) == "23514"


def test_a_ceiling_is_kept_by_the_row_itself(a_supplied_market: Market, database):
    a_supplied_market.ceiling("notice:1", 10)
    for change in ("reserved = 11", "used = 11", "reserved = -1", "reserved = 6, used = 5"):
        assert refused(database.owner_url, f"UPDATE ledger.ceiling SET {change}") == "23514"
