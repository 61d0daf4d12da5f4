"""The inbox beside many finished applications: right, in order, and never a scan of the past."""

from datetime import datetime

import pytest

from app.bootstrap import build
from app.config import settings_from
from app.domain.clock import FixedClock
from app.domain.errors import Invalid
from app.services.cursor import Cursor, read_cursor
from app.services.inbox import COUNTED, SIZE, Filters, desk, page, query, to_do_count
from tests.pages.crowd import NOW, actor_of, crowded


@pytest.fixture(scope="module")
def world(module_database):
    crowded(module_database.owner_url, ended=20_000, waiting=3_000)
    settings = settings_from(
        {
            "REGISTRY_ENV": "test",
            "DATABASE_URL": module_database.app_url,
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "SECRET_KEY": "s" * 32,
        }
    )
    ctx = build(settings, FixedClock(NOW))
    yield ctx, actor_of(module_database.owner_url, "P1")
    ctx.database.dispose()


def test_an_inbox_page_holds_the_tasks_that_are_due_first(world):
    ctx, actor = world
    found = page(ctx, actor, Filters())
    due = [entry.due_at for entry in found.entries]
    assert len(due) == SIZE
    assert due == sorted(due)
    assert found.pager.previous is None


def test_every_task_is_seen_once_when_pages_are_turned_and_turning_back_gives_the_same(world):
    ctx, actor = world
    filters = Filters(at_least=22_500)
    seen, cursor, pages = [], None, []
    while True:
        found = page(ctx, actor, filters, cursor)
        pages.append([entry.id for entry in found.entries])
        seen += pages[-1]
        if found.pager.next is None:
            break
        cursor = found.pager.next
    assert len(seen) == len(set(seen)) == 250  # every second of 22,500 to 23,000 is this province's
    back = page(ctx, actor, filters, found.pager.previous)
    assert [entry.id for entry in back.entries] == pages[-2]


def test_an_inbox_page_reads_no_table_of_tasks_or_applications_from_end_to_end(world):
    ctx, actor = world
    middle = page(ctx, actor, Filters()).pager.next
    for at in (None, read_cursor(middle, (datetime, int))):
        sql, params = query(NOW, actor, Filters(), at)
        with ctx.database.transaction() as tx:
            plan = "\n".join(row[0] for row in tx.all("EXPLAIN " + sql, params))
        assert "Seq Scan on task" not in plan, plan
        assert "Seq Scan on instance" not in plan, plan
        assert "task_inbox" in plan, plan


def test_counts_stop_at_a_cap_and_say_so(world):
    ctx, actor = world
    found = page(ctx, actor, Filters())
    assert found.counts.capped
    assert found.counts.total == COUNTED
    assert found.counts.due["overdue"] == found.counts.groups[0].overdue > 0
    assert to_do_count(ctx, actor) == COUNTED + 1


def test_the_number_in_the_header_is_the_same_beside_a_page(world, module_database):
    ctx, actor = world
    for who in (actor, actor_of(module_database.owner_url, "P2")):
        found, _messages = desk(ctx, who, Filters(visit="again"))
        assert found.counts.waiting == to_do_count(ctx, who)


def test_the_nearest_deadline_is_the_first_that_has_not_passed(world):
    ctx, actor = world
    found = page(ctx, actor, Filters(due="today"))
    assert found.counts.next_due == found.entries[0].due_at >= NOW


def test_another_province_sees_nothing_of_this_one(world, module_database):
    ctx, actor = world
    other = actor_of(module_database.owner_url, "P2")
    mine = {e.holder_code for e in page(ctx, actor, Filters()).entries}
    theirs = {e.holder_code for e in page(ctx, other, Filters()).entries}
    assert mine
    assert theirs
    assert not mine & theirs


@pytest.mark.parametrize(
    ("filters", "holds"),
    [
        (Filters(search="LY-2026-0022"), lambda e: e.number.startswith("LY-2026-0022")),
        (Filters(search="企业4"), lambda e: e.holder.zh.startswith("企业4")),
        (Filters(search="E44"), lambda e: e.holder_code == "E44"),
        (Filters(search="%"), None),
        (Filters(visit="again"), lambda e: e.visit > 1),
        (Filters(visit="first"), lambda e: e.visit == 1),
        (Filters(at_least=22_000), lambda e: e.quantity >= 22_000),
        (Filters(due="overdue"), lambda e: e.due_at < NOW),
        (Filters(due="later"), lambda e: e.due_at > NOW),
        (Filters(claimed="mine"), None),
        (Filters(claimed="open"), lambda e: e.claimed_by is None),
        (Filters(step="compliance.review"), lambda e: e.element_id == "review"),
        (Filters(step="compliance.other"), None),
        (Filters(step="other"), None),
    ],
)
def test_filters_keep_what_they_name(world, filters, holds):
    ctx, actor = world
    entries = page(ctx, actor, filters).entries
    assert bool(entries) == (holds is not None)
    assert all(holds(entry) for entry in entries)


@pytest.mark.parametrize(
    "cursor", ["x", "W10", "e30", "bnVsbA", "A" * 500, "WzEsMiwzXQ", "W3RydWUsImEiXQ"]
)
def test_a_made_up_page_position_is_refused_in_plain_words(world, cursor):
    ctx, actor = world
    with pytest.raises(Invalid):
        page(ctx, actor, Filters(), cursor)


def test_a_page_position_with_a_made_up_time_is_refused(world):
    ctx, actor = world
    with pytest.raises(Invalid):
        page(ctx, actor, Filters(), Cursor(("not a time", 1)).text())
