"""Many reviews with one conclusion: each checked and decided for itself, once (W2, ui 02)."""

import json
import subprocess
from dataclasses import replace

import psycopg2
import pytest

from app.domain.errors import AlreadyDecided, Forbidden, Invalid, NotFound
from app.identity.actor import Actor
from app.ledger.verify import verify
from app.services.bulk.job import items, job, jobs, start, stop
from app.services.bulk.select import MOST, prepare, sorted_out
from app.services.bulk.work import work_one
from app.services.claims import claim
from app.services.inbox import Filters, page
from app.services.sweep import sweep
from tests import forked
from tests.services.market import APPROVE, PE21, RETURN, Market, context, lines
from tests.services.test_races import at_once, errors

REVIEWS = Filters(step="compliance.review_surrender")
ONCE = "a" * 32


def submitted(market: Market, emitter: Actor, notice: int, many: int) -> list[int]:
    """So many applications of one tonne each wait for the province."""
    return [market.begin(emitter, notice, lines(**{PE21: 1})) for _ in range(many)]


def waiting(market: Market) -> list[int]:
    """The numbers of the open reviews."""
    rows = market.rows("SELECT id FROM workflow.task WHERE element_id = 'review_surrender'")
    return [number for (number,) in rows]


def outcomes(market: Market, number: int) -> list[str]:
    rows = market.rows(
        "SELECT outcome FROM workflow.bulk_item WHERE job_id = %(j)s ORDER BY place", j=number
    )
    return [outcome for (outcome,) in rows]


def decided_once(market: Market) -> bool:
    """Whether every application has one submission and one review, no more."""
    rows = market.rows(
        """SELECT count(*), count(*) FILTER (WHERE element_id = 'review_surrender')
           FROM workflow.decision WHERE kind = 'complete' GROUP BY instance_id"""
    )
    return set(rows) == {(2, 1)}


def test_each_chosen_task_is_decided_for_itself(a_market, an_emitter, a_province, a_notice):
    submitted(a_market, an_emitter, a_notice, 3)
    number = start(a_market.ctx, a_province, waiting(a_market), APPROVE, ONCE)
    assert sweep(a_market.ctx).reviewed == 3
    assert outcomes(a_market, number) == ["decided"] * 3
    rows = a_market.rows(
        """SELECT person_id, verdict, idempotency_key, document FROM workflow.decision
           WHERE element_id = 'review_surrender' ORDER BY id"""
    )
    assert [row[:3] for row in rows] == [
        (a_province.person_id, "approve", f"bulk:{number}:{place}") for place in (1, 2, 3)
    ]
    assert len({json.loads(bytes(row[3]))["instance"] for row in rows}) == 3
    assert a_market.held(a_market.account("registry", "surrender")) == 3
    found = job(a_market.ctx, a_province, number)
    assert (found.total, found.decided, found.finished) == (3, 3, True)
    assert jobs(a_market.ctx, a_province) == [found]


def test_a_return_needs_its_opinion_and_gives_it_to_each(
    a_market, an_emitter, a_province, a_notice
):
    submitted(a_market, an_emitter, a_notice, 2)
    with pytest.raises(Invalid) as refused:
        start(a_market.ctx, a_province, waiting(a_market), {"verdict": "return"}, ONCE)
    assert set(refused.value.fields) == {"opinion"}
    assert a_market.rows("SELECT FROM workflow.bulk_job") == []
    start(a_market.ctx, a_province, waiting(a_market), RETURN, ONCE)
    sweep(a_market.ctx)
    assert (
        a_market.rows("SELECT opinion FROM workflow.decision WHERE verdict = 'return'")
        == [(RETURN["opinion"],)] * 2
    )
    assert a_market.held(an_emitter.account_id, "registry_reserved") == 0


def test_a_task_whose_check_fails_is_left_for_a_review_of_its_own(
    a_market, an_emitter, a_province, a_notice
):
    neighbour = a_market.actor("neighbour")
    submitted(a_market, an_emitter, a_notice, 1)
    [other] = submitted(a_market, neighbour, a_market.notice("neighbour"), 1)
    a_market.change(
        "UPDATE identity.account SET status = 'frozen' WHERE id = %(a)s", a=neighbour.account_id
    )
    selection = prepare(a_market.ctx, a_province, waiting(a_market))
    assert {c.entry.instance_id: c.state for c in selection.candidates}[other] == "bad"
    assert selection.alone == 1
    number = start(a_market.ctx, a_province, waiting(a_market), APPROVE, ONCE)
    sweep(a_market.ctx)
    assert sorted(outcomes(a_market, number)) == ["decided", "failed"]
    [failed] = items(a_market.ctx, a_province, number, outcome="failed")
    assert failed.instance_id == other
    assert "单独审核" in failed.reason.zh
    assert "review alone" in failed.reason.en
    assert len(waiting(a_market)) == 1


def test_a_failing_check_does_not_hold_up_a_return(a_market, an_emitter, a_province, a_notice):
    submitted(a_market, an_emitter, a_notice, 1)
    a_market.change(
        "UPDATE identity.account SET status = 'frozen' WHERE id = %(a)s", a=an_emitter.account_id
    )
    number = start(a_market.ctx, a_province, waiting(a_market), RETURN, ONCE)
    sweep(a_market.ctx)
    assert outcomes(a_market, number) == ["decided"]


def test_what_a_colleague_has_claimed_or_no_longer_waits_is_left_out_and_counted(
    a_market, an_emitter, two_officers, a_notice
):
    mine, colleague = two_officers
    submitted(a_market, an_emitter, a_notice, 3)
    first, second, third = sorted(waiting(a_market))
    claim(a_market.ctx, colleague, first)
    claim(a_market.ctx, mine, second)
    selection = prepare(a_market.ctx, mine, [first, second, third, 10**9])
    assert [c.entry.id for c in selection.candidates] == [second, third]
    assert {why.zh: n for why, n in selection.left_out.items()} == {
        "已由同事认领": 1,
        "已不在办理中": 1,
    }
    with pytest.raises(Invalid):
        prepare(a_market.ctx, mine, [first])


def test_what_a_colleague_claims_after_the_start_is_not_decided_over_their_head(
    a_market, an_emitter, two_officers, a_notice
):
    mine, colleague = two_officers
    submitted(a_market, an_emitter, a_notice, 1)
    number = start(a_market.ctx, mine, waiting(a_market), APPROVE, ONCE)
    claim(a_market.ctx, colleague, waiting(a_market)[0])
    sweep(a_market.ctx)
    [failed] = items(a_market.ctx, mine, number, outcome="failed")
    assert "认领" in failed.reason.zh


def test_only_one_kind_is_reviewed_together_and_only_what_the_diagram_allows(
    a_market, an_emitter, a_province, a_notice
):
    instance, _ = submitted(a_market, an_emitter, a_notice, 2)
    entries = page(a_market.ctx, a_province, REVIEWS).entries
    assert all(entry.bulk for entry in entries)
    other = replace(entries[0], element_id="another_review")
    with pytest.raises(Invalid, match="one kind"):
        sorted_out(a_province, [other, entries[1]])
    with pytest.raises(Invalid, match="None of these"):
        sorted_out(a_province, [replace(entry, bulk=False) for entry in entries])
    a_market.decide(a_province, instance, RETURN)
    [draft] = page(a_market.ctx, an_emitter, Filters()).entries
    assert not draft.bulk
    with pytest.raises(Invalid):
        prepare(a_market.ctx, an_emitter, [draft.id])


def test_a_stranger_s_task_is_not_there_to_be_chosen(
    a_market, an_emitter, another_province, a_notice
):
    submitted(a_market, an_emitter, a_notice, 1)
    with pytest.raises(Invalid):
        start(a_market.ctx, another_province, waiting(a_market), APPROVE, ONCE)


@pytest.mark.parametrize("place", [2, 3], ids=["initiates", "reads"])
def test_who_may_not_decide_begins_nothing(a_market, an_emitter, a_notice, place):
    submitted(a_market, an_emitter, a_notice, 1)
    with pytest.raises(Forbidden):
        start(a_market.ctx, a_market.actor("province", place), waiting(a_market), APPROVE, ONCE)


def test_an_account_that_asks_for_two_people_reviews_one_by_one(
    a_market, an_emitter, a_province, a_notice
):
    submitted(a_market, an_emitter, a_notice, 1)
    a_market.change(
        "UPDATE identity.account SET two_person = true WHERE id = %(a)s", a=a_province.account_id
    )
    with pytest.raises(Forbidden, match="two people"):
        start(a_market.ctx, a_market.actor("province"), waiting(a_market), APPROVE, ONCE)


def test_who_lost_the_mandate_meanwhile_decides_nothing(a_market, an_emitter, a_province, a_notice):
    submitted(a_market, an_emitter, a_notice, 2)
    number = start(a_market.ctx, a_province, waiting(a_market), APPROVE, ONCE)
    a_market.change(
        "UPDATE identity.mandate SET valid_to = '2022-02-28' WHERE person_id = %(p)s",
        p=a_province.person_id,
    )
    sweep(a_market.ctx)
    assert outcomes(a_market, number) == ["failed"] * 2
    assert len(waiting(a_market)) == 2


def test_a_second_press_is_the_same_job_and_another_s_key_is_nobody_s(
    a_market, an_emitter, two_officers, a_notice
):
    submitted(a_market, an_emitter, a_notice, 2)
    tasks = waiting(a_market)
    first, other = two_officers
    answers = at_once(*[lambda: start(a_market.ctx, first, tasks, APPROVE, ONCE)] * 4)
    assert len(set(answers)) == 1
    with pytest.raises(NotFound):
        start(a_market.ctx, other, tasks, APPROVE, ONCE)
    sweep(a_market.ctx)
    assert decided_once(a_market)


def test_another_s_bulk_review_is_not_found(a_market, an_emitter, two_officers, a_notice):
    mine, colleague = two_officers
    submitted(a_market, an_emitter, a_notice, 1)
    number = start(a_market.ctx, mine, waiting(a_market), APPROVE, ONCE)
    for look in (job, items, stop):
        with pytest.raises(NotFound):
            look(a_market.ctx, colleague, number)
    assert jobs(a_market.ctx, colleague) == []


def test_stopping_keeps_what_was_decided_and_leaves_the_rest(
    a_market, an_emitter, a_province, a_notice
):
    submitted(a_market, an_emitter, a_notice, 3)
    number = start(a_market.ctx, a_province, waiting(a_market), APPROVE, ONCE)
    assert work_one(a_market.ctx)
    assert stop(a_market.ctx, a_province, number) == 2
    assert not work_one(a_market.ctx)
    assert outcomes(a_market, number) == ["decided", "stopped", "stopped"]
    assert len(waiting(a_market)) == 2
    assert job(a_market.ctx, a_province, number).finished


def test_small_jobs_do_not_wait_for_large_ones(a_market, an_emitter, two_officers, a_notice):
    first, second = two_officers
    submitted(a_market, an_emitter, a_notice, 5)
    *many, last = waiting(a_market)
    start(a_market.ctx, first, many, APPROVE, ONCE)
    small = start(a_market.ctx, second, [last], APPROVE, "b" * 32)
    work_one(a_market.ctx)
    work_one(a_market.ctx)
    assert outcomes(a_market, small) == ["decided"]


@pytest.mark.database
def test_two_jobs_on_the_same_tasks_and_a_person_decide_each_once(
    a_market, an_emitter, two_officers, a_notice
):
    """Workers share the lists; a colleague decides the last task by hand meanwhile."""
    first, second = two_officers
    instances = submitted(a_market, an_emitter, a_notice, 12)
    tasks = waiting(a_market)
    one = start(a_market.ctx, first, tasks, APPROVE, ONCE)
    two = start(a_market.ctx, second, tasks, APPROVE, "b" * 32)
    contexts = [context(a_market.database, a_market.clock) for _ in range(3)]
    answers = at_once(
        *[lambda ctx=ctx: sweep(ctx) for ctx in contexts],
        lambda: a_market.decide(second, instances[-1], APPROVE),
    )
    for ctx in contexts:
        ctx.database.dispose()
    assert all(isinstance(error, AlreadyDecided) for error in errors(answers))
    sweep(a_market.ctx)
    assert decided_once(a_market)
    found = [job(a_market.ctx, first, one), job(a_market.ctx, second, two)]
    assert all(each.finished for each in found)
    by_hand = len(a_market.rows("SELECT FROM workflow.decision WHERE idempotency_key IS NULL")) - 12
    assert sum(each.decided for each in found) == 12 - by_hand
    for each, who in zip(found, two_officers, strict=True):
        for item in items(a_market.ctx, who, each.id, outcome="failed"):
            assert "办理" in item.reason.zh
    assert a_market.held(a_market.account("registry", "surrender")) == 12
    assert verify(a_market.ctx.database).ok


def swept(market: Market, **environ: str) -> "subprocess.CompletedProcess[str]":
    """A worker's process that does once what is due."""
    env = {
        "DATABASE_URL": market.database.app_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": "for the tests of bulk reviews only, not secret",
        "REGISTRY_ENV": "test",
    }
    return forked.run(["sweep"], env | environ)


@pytest.mark.parametrize("failpoint", ["bulk_decided:3", "before_step:2", "after_step:4"])
def test_a_worker_killed_in_the_middle_leaves_nothing_undone_and_nothing_done_twice(
    a_market, an_emitter, a_province, a_notice, failpoint
):
    submitted(a_market, an_emitter, a_notice, 6)
    number = start(a_market.ctx, a_province, waiting(a_market), APPROVE, ONCE)
    killed = swept(a_market, REGISTRY_FAILPOINT=failpoint)
    assert killed.returncode == -9, killed.stderr[-2000:]
    assert "waiting" in outcomes(a_market, number)
    after = swept(a_market)
    assert after.returncode == 0, after.stderr[-2000:]
    assert outcomes(a_market, number) == ["decided"] * 6
    assert decided_once(a_market)
    assert a_market.held(a_market.account("registry", "surrender")) == 6


def test_two_hundred_reviews_of_a_deadline_day_are_chosen_and_decided_at_once(
    a_market, an_emitter, a_province, a_notice
):
    submitted(a_market, an_emitter, a_notice, MOST + 3)
    selection = prepare(a_market.ctx, a_province, [], REVIEWS)
    assert len(selection.candidates) == MOST
    chosen = [c.entry.id for c in selection.candidates]
    number = start(a_market.ctx, a_province, chosen, APPROVE, ONCE)
    while sweep(a_market.ctx).reviewed:
        pass
    assert set(outcomes(a_market, number)) == {"decided"}
    assert len(waiting(a_market)) == 3


def test_the_record_of_who_asked_for_a_bulk_review_is_never_changed(
    a_market, an_emitter, a_province, a_notice
):
    submitted(a_market, an_emitter, a_notice, 1)
    start(a_market.ctx, a_province, waiting(a_market), APPROVE, ONCE)
    with pytest.raises(psycopg2.Error, match="append-only"):
        a_market.change("UPDATE workflow.bulk_job SET form = '{}'")
    tags = [tag for (tag,) in a_market.rows("SELECT tag FROM audit.event ORDER BY id")]
    assert tags[-1] == "workflow:bulk:begun"
