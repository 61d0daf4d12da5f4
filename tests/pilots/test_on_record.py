"""What the database guarantees of pilot regions by itself."""

from datetime import date

import psycopg2
import pytest

from app.pilots.seed import ChangedRule, seed_pilots

pytestmark = pytest.mark.database

TABLES = ("pilot", "rule", "authority", "base", "export", "export_item", "outcome")
WRITES = (
    "INSERT INTO pilots.{} DEFAULT VALUES",
    "UPDATE pilots.{} SET id = DEFAULT",
    "DELETE FROM pilots.{}",
    "TRUNCATE pilots.{} CASCADE",
)
AT = "2022-03-01T00:00:00+00:00"


@pytest.fixture
def application(database):
    with psycopg2.connect(database.app_url) as connection, connection.cursor() as cursor:
        yield cursor
    connection.close()


@pytest.fixture
def owner(database):
    with psycopg2.connect(database.owner_url) as connection, connection.cursor() as cursor:
        yield cursor
    connection.close()


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("write", WRITES)
def test_the_application_changes_no_rule_and_no_record(application, table, write):
    statement = write.format(table)
    if table == "export_item":
        statement = statement.replace("SET id", "SET export_id")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        application.execute(statement)


@pytest.mark.parametrize("write", WRITES[1:])
def test_the_owner_cannot_change_a_rule_either(owner, write):
    with pytest.raises(psycopg2.Error, match="append-only"):
        owner.execute(write.format("rule"))


def test_a_version_of_a_rule_is_written_once(owner):
    owner.execute("SELECT rule, valid_from FROM pilots.rule r JOIN pilots.pilot p"
                  " ON p.id = r.pilot_id WHERE p.code = 'shanghai'")  # fmt: skip
    assert len(owner.fetchall()) == 1
    changed = {
        "shanghai": {
            "name": "上海试点",
            "name_en": "Shanghai pilot",
            "region": "上海市",
            "rules": [{"version": 1, "valid_from": date(2013, 11, 26),
                       "rate": "0.9"}],
        }
    }  # fmt: skip
    with pytest.raises(ChangedRule, match="new version"):
        seed_pilots(owner, changed)


@pytest.mark.parametrize(
    "call",
    [
        f"""SELECT pilots.upload_bases('{{"pilot_id": 1, "rows": [], "person_id": 1,
            "account_id": 1, "at": "{AT}"}}')""",
        f"""SELECT pilots.make_export('{{"pilot_id": 1, "number": "x", "instances": [1],
            "person_id": 1, "account_id": 1, "at": "{AT}"}}', 'x')""",
        f"""SELECT pilots.record_outcome('{{"instance_id": 1, "accepted": true, "reference": "x",
            "decision_id": 1, "person_id": 1, "account_id": 1, "at": "{AT}"}}')""",
        f"""SELECT pilots.designate('{{"pilot_id": 1, "holder_id": 1, "person_id": 1,
            "account_id": 1, "at": "{AT}"}}')""",
    ],
)
def test_nobody_but_the_authority_writes_through_the_functions(application, call):
    with pytest.raises(psycopg2.Error) as refused:
        application.execute(call)
    assert refused.value.pgcode == "RG403"


def test_the_functions_read_without_an_enterprise(application):
    application.execute("SELECT pilots.standing(p.id, 2021, 1, NULL) FROM pilots.pilot p"
                        " WHERE code = 'beijing'")  # fmt: skip
    [(found,)] = application.fetchall()
    assert (found["base"], found["cancelled"], found["pending"], found["home"]) == (None, 0, 0, 0)
    assert '"home_share": "0.5"' in found["rule"]["rule"]
