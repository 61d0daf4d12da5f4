"""Lists of applications beside many finished ones: by index, newest first, page by page."""

import dataclasses

import pytest

from app.bootstrap import build
from app.domain.clock import FixedClock
from app.services.cursor import Cursor
from app.services.records import SIZE, Narrowed, query
from tests.pages.crowd import NOW, actor_of, crowded
from tests.web.site import settings

OWN = "i.applicant_id = %(holder)s AND i.version > 0"
OVERSEEN = """i.id IN (SELECT y.instance_id FROM workflow.party y
    WHERE y.holder_id = %(holder)s) AND i.version > 0"""
ALL = "i.version > 0"


@pytest.fixture(scope="module")
def world(module_database):
    crowded(module_database.owner_url, ended=20_000, waiting=1_000)
    ctx = build(settings(module_database, "redis://127.0.0.1:1/0"), FixedClock(NOW))
    emitter = actor_of(module_database.owner_url, "E1")
    province = actor_of(module_database.owner_url, "P1")
    auditor = dataclasses.replace(emitter, role="auditor")
    yield ctx, {OWN: emitter, OVERSEEN: province, ALL: auditor}
    ctx.database.dispose()


@pytest.mark.parametrize("where", [OWN, OVERSEEN, ALL])
@pytest.mark.parametrize("search", ["", "LY-2026-0000017", "E4"])
@pytest.mark.parametrize("after", [None, 9_000])
def test_a_list_reads_no_table_of_applications_from_end_to_end(world, where, search, after):
    ctx, actors = world
    at = Cursor((after,)) if after else None
    sql, params = query(actors[where], where, Narrowed(search), at)
    with ctx.database.transaction() as tx:
        plan = "\n".join(row[0] for row in tx.all("EXPLAIN " + sql, params))
        rows = tx.maps(sql, params)
    assert "Seq Scan on instance" not in plan, plan
    ids = [row["id"] for row in rows]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) <= SIZE + 1
    assert after is None or all(number < after for number in ids)


def test_the_beginning_of_a_number_finds_those_that_begin_so(world):
    ctx, actors = world
    sql, params = query(actors[ALL], ALL, Narrowed("ly-2026-00001"), None)
    with ctx.database.transaction() as tx:
        numbers = [row["number"] for row in tx.maps(sql, params)]
    assert len(numbers) == SIZE + 1
    assert all(number.startswith("LY-2026-00001") for number in numbers)
