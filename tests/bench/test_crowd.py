"""The crowd leaves the registry as it was: every index, key and trigger back, and work goes on."""

import psycopg2
import pytest

from app.config import settings_from
from bench.crowd import TABLES, crowd
from bench.databases import Place
from bench.market import open_up
from bench.tasks.service import Service

FINISHED, WAITING = 500, 70
CATALOGUE = """
SELECT 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
WHERE i.indrelid = ANY (%(tables)s::regclass[])
UNION ALL SELECT 'constraint', c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c
WHERE c.conrelid = ANY (%(tables)s::regclass[]) OR c.confrelid = ANY (%(tables)s::regclass[])
UNION ALL SELECT 'trigger', t.tgname || t.tgrelid::regclass, t.tgenabled::text FROM pg_trigger t
WHERE t.tgrelid = ANY (%(tables)s::regclass[]) AND NOT t.tgisinternal
ORDER BY 1, 2, 3"""


@pytest.fixture
def place(database):
    settings = settings_from(
        {
            "REGISTRY_ENV": "test",
            "DATABASE_URL": database.app_url,
            "MIGRATION_DATABASE_URL": database.owner_url,
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "SECRET_KEY": "s" * 32,
        }
    )
    made = Place(settings)
    with made.context() as ctx:
        open_up(ctx, 62)
    return made


def rows(place, query):
    connection = psycopg2.connect(place.owner_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(query, {"tables": list(TABLES)})
        found = cursor.fetchall()
    connection.close()
    return found


def test_loading_a_crowd_leaves_every_index_key_and_trigger_as_it_was(place):
    before = rows(place, CATALOGUE)
    crowd(place, FINISHED, WAITING)
    assert rows(place, CATALOGUE) == before
    assert rows(place, "SELECT status, count(*) FROM workflow.instance GROUP BY 1 ORDER BY 1") == [
        ("ended", FINISHED),
        ("open", WAITING),
    ]
    assert rows(place, "SELECT count(*) FROM workflow.task") == [(WAITING,)]
    assert rows(place, "SELECT count(*) FROM audit.event WHERE instance_id IS NOT NULL") == [
        (7 * FINISHED,)
    ]


def test_applications_go_on_beside_a_crowd(place):
    crowd(place, FINISHED, WAITING)
    client = Service(place, 0, 1)
    client.prepare(2)
    assert len(client.work().times) == 4  # the first of a round is returned once
    client.ctx.database.dispose()
