"""The databases that tests get."""

import psycopg2
import pytest
from psycopg2 import errors


def test_each_test_database_belongs_to_the_owner_and_the_application_may_only_connect(
    empty_database,
):
    owner = psycopg2.connect(empty_database.owner_url)
    owner.cursor().execute("CREATE TABLE held (quantity bigint)")
    owner.commit()
    owner.close()
    app = psycopg2.connect(empty_database.app_url)
    for forbidden in ("CREATE TABLE mine ()", "CREATE TEMP TABLE mine ()", "CREATE SCHEMA mine"):
        with pytest.raises(errors.InsufficientPrivilege):
            app.cursor().execute(forbidden)
        app.rollback()
    with pytest.raises(errors.InsufficientPrivilege):
        app.cursor().execute("TABLE held")
    app.close()


def test_a_database_of_a_test_is_gone_after_it(databases):
    with databases.empty() as database:
        psycopg2.connect(database.app_url).close()
    with pytest.raises(psycopg2.OperationalError, match="does not exist"):
        psycopg2.connect(database.app_url)


def test_the_redis_of_a_run_starts_empty(redis_url):
    import redis

    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
