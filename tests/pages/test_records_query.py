"""Lists of applications beside many finished ones: by index, in any order, page by page."""

import dataclasses
from datetime import date

import pytest

from app.bootstrap import build
from app.domain.clock import FixedClock
from app.domain.errors import Invalid
from app.services.queries import applications_sql as sql
from app.services.queries.applications_sql import ALL, OWN, PARTY
from app.services.queries.kinds import KINDS
from app.services.queries.narrowed import Narrowed
from app.services.queries.sorting import Keyset
from app.services.records import ID, KEYS, SIZE, exported, listed
from tests.pages.crowd import NOW, actor_of, crowded
from tests.web.site import settings

SORTS = [f"{sign}{key}" for key in KEYS for sign in ("", "-")]


@pytest.fixture(scope="module")
def world(module_database):
    crowded(module_database.owner_url, ended=20_000, waiting=1_000)
    ctx = build(settings(module_database, "redis://127.0.0.1:1/0"), FixedClock(NOW))
    emitter = actor_of(module_database.owner_url, "E1")
    province = actor_of(module_database.owner_url, "P1")
    auditor = dataclasses.replace(emitter, role="auditor")
    yield ctx, {OWN: emitter, PARTY: province, ALL: auditor}
    ctx.database.dispose()


def page_sql(scope, narrowed, actor, after=None):
    keyset = Keyset((ID,), descending=True, at=None)
    place = f"i.id < {after}" if after else keyset.condition
    rules = sql.rules_of(scope, narrowed, ())
    return sql.page(rules, place, keyset.order, SIZE + 1), sql.params_of(actor, narrowed, ())


@pytest.mark.parametrize("scope", [OWN, PARTY, ALL])
@pytest.mark.parametrize("search", ["", "LY-2026-0000017", "E4"])
@pytest.mark.parametrize("after", [None, 9_000])
def test_a_list_reads_no_table_of_applications_from_end_to_end(world, scope, search, after):
    ctx, actors = world
    query, params = page_sql(scope, Narrowed(search), actors[scope], after)
    with ctx.database.transaction() as tx:
        plan = "\n".join(row[0] for row in tx.all("EXPLAIN " + query, params))
        rows = tx.maps(query, params)
    assert "Seq Scan on instance" not in plan, plan
    ids = [row["id"] for row in rows]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) <= SIZE + 1
    assert after is None or all(number < after for number in ids)


def test_the_beginning_of_a_number_finds_those_that_begin_so(world):
    ctx, actors = world
    found = listed(ctx, actors[ALL], None, Narrowed("ly-2026-00001"))
    assert len(found.rows) == SIZE
    assert all(row.number.startswith("LY-2026-00001") for row in found.rows)
    assert found.count == 100
    beyond = listed(ctx, actors[ALL])
    assert (beyond.count, beyond.most) == (1001, 1000)


@pytest.mark.parametrize("sort", SORTS)
def test_pages_of_any_order_hold_every_row_once_there_and_back(world, sort):
    ctx, actors = world
    narrowed = Narrowed(since=date(2026, 12, 31), until=date(2026, 12, 31))
    whole = [row.id for row in exported(ctx, actors[OWN], None, narrowed, sort)]
    assert len(whole) == len(set(whole)) == listed(ctx, actors[OWN], None, narrowed).count == 210
    forward, cursor = [], None
    while True:
        page = listed(ctx, actors[OWN], None, narrowed, sort, cursor)
        forward += [row.id for row in page.rows]
        if page.pager.next is None:
            break
        cursor = page.pager.next
    backward = [row.id for row in page.rows]
    while page.pager.previous:
        page = listed(ctx, actors[OWN], None, narrowed, sort, page.pager.previous)
        backward = [row.id for row in page.rows] + backward
    assert forward == backward == whole


def test_a_sorted_list_is_in_the_order_of_its_key(world):
    ctx, actors = world
    rows = list(exported(ctx, actors[OWN], None, Narrowed(), "-ccer"))
    tonnes = [row.ccer_quantity for row in rows]
    assert tonnes == sorted(tonnes, reverse=True)
    open_ones = sum(row.ended_at is None for row in rows)
    ended = [row.ended_at for row in exported(ctx, actors[OWN], None, Narrowed(), "-ended")]
    assert ended[:open_ones] == [None] * open_ones


def test_days_are_days_of_beijing_and_both_included(world):
    ctx, actors = world
    for since, until, any_ in (
        (date(2026, 12, 31), None, True),
        (date(2027, 1, 1), None, False),
        (None, date(2026, 12, 31), True),
        (None, date(2026, 12, 30), False),
    ):
        found = listed(ctx, actors[OWN], None, Narrowed(since=since, until=until))
        assert bool(found.rows) is any_


def test_a_list_of_a_kind_holds_its_flows_only(world):
    ctx, actors = world
    assert listed(ctx, actors[OWN], KINDS["surrender"]).count == 210
    assert listed(ctx, actors[OWN], KINDS["custody"]).rows == ()
    assert listed(ctx, actors[OWN], None, Narrowed(kind="cancellation")).rows == ()


def test_a_counterparty_finds_what_concerns_it_without_the_quantities_of_others(world):
    ctx, actors = world
    kind = dataclasses.replace(KINDS["surrender"], counterparties=True)
    other = dataclasses.replace(actors[PARTY], role="emitter")
    found = listed(ctx, other, kind)
    assert len(found.rows) == SIZE
    assert {(row.quantity, row.ccer_quantity, len(row.content)) for row in found.rows} == {
        (None, None, 0)
    }


def test_a_place_of_another_order_is_refused(world):
    ctx, actors = world
    cursor = listed(ctx, actors[OWN], None, None, "-submitted").pager.next
    with pytest.raises(Invalid):
        listed(ctx, actors[OWN], None, None, "", cursor)


def test_a_list_of_many_holders_goes_by_number_alone(world):
    ctx, actors = world
    found = listed(ctx, actors[PARTY], None, None, "quantity")
    assert set(found.keys) == {"number"}
    assert str(found.order) == "-number"
