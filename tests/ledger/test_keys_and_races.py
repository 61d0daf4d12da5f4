"""Keys used twice, and sessions that meet: one wins, the other is told the numbers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep
from typing import Any

import psycopg2
import pytest

from app.domain.errors import Conflict, Invalid, RegistryError
from app.ledger.effects import Draw, Line, Order, Post, Reserve, Reverse, Void
from app.ledger.posting import execute
from app.ledger.verify import verify
from tests.ledger.market import AT, Market, open_account

pytestmark = pytest.mark.database
WAITING = "SELECT 1 FROM pg_locks WHERE NOT granted"


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """Run actions in sessions that start together; return each one's answer or refusal."""
    barrier = Barrier(len(actions))

    def run(action: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return action()
        except RegistryError as refused:
            return refused

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def a_wish(market: Market, key: str, tonnes: int, *draws: Draw) -> Reserve:
    return Reserve(
        key,
        "surrender",
        market.accounts["compliance"],
        (Line(market.instruments["allowance"], tonnes),),
        market.by("emitter", "compliance"),
        ceilings=draws,
    )


def test_the_same_key_with_the_same_content_gives_the_first_answer(a_supplied_market: Market):
    market = a_supplied_market
    first = market.execute(a_wish(market, "once", 10))
    again = market.execute(a_wish(market, "once", 10))
    assert (again.transfer_id, first.replayed, again.replayed) == (first.transfer_id, False, True)
    assert market.held("compliance", "registry_reserved") == 10


def test_the_first_answer_stands_even_when_the_units_are_gone(a_supplied_market: Market):
    market = a_supplied_market
    first = market.execute(a_wish(market, "once", 1000))
    market.post(first.transfer_id)
    market.status("compliance", "frozen")
    assert market.execute(a_wish(market, "once", 1000)).replayed


def test_the_same_key_with_other_content_is_a_conflict(a_supplied_market: Market):
    market = a_supplied_market
    market.execute(a_wish(market, "once", 10))
    with pytest.raises(Conflict) as refused:
        market.execute(a_wish(market, "once", 11))
    assert refused.value.facts["code"] == "RL401"
    assert market.held("compliance", "registry_reserved") == 10


def test_a_direct_transfer_and_a_reversal_happen_once_per_key(a_supplied_market: Market):
    market = a_supplied_market
    issue = ("allowance_create", "issuance_source", None, "allowance", 5)
    people = {"who": "national", "approver": "national_2"}
    assert market.direct(*issue, key="d", **people) == market.direct(*issue, key="d", **people)
    assert market.held("national_total") == 5
    transfer = market.reserve(10)
    market.post(transfer)
    assert market.reverse(transfer, key="r") == market.reverse(transfer, key="r")
    assert market.held("surrender") == 0


def test_a_refused_request_leaves_its_key_free(a_supplied_market: Market):
    market = a_supplied_market
    with pytest.raises(Invalid):
        market.execute(a_wish(market, "once", 1001))
    assert not market.execute(a_wish(market, "once", 1000)).replayed


def test_two_sessions_with_one_key_make_one_transfer(a_supplied_market: Market):
    market = a_supplied_market
    for n in range(10):
        wish = a_wish(market, f"race-{n}", 5)
        answers = at_once(*[lambda wish=wish: market.execute(wish)] * 4)
        assert len({answer.transfer_id for answer in answers}) == 1
        assert [answer.replayed for answer in answers].count(False) == 1
    assert market.held("compliance", "registry_reserved") == 50


def test_two_sessions_with_one_key_and_other_content_one_conflicts(a_supplied_market: Market):
    market = a_supplied_market
    wishes = [a_wish(market, "race", tonnes) for tonnes in (5, 6)]
    answers = at_once(*[lambda w=w: market.execute(w) for w in wishes])
    assert [isinstance(answer, Conflict) for answer in answers].count(True) == 1


def test_a_second_session_goes_on_when_the_first_gives_up(a_supplied_market: Market):
    market = a_supplied_market
    wish = a_wish(market, "once", 5)
    with ThreadPoolExecutor(1) as pool:
        with market.database.transaction() as tx:
            execute(tx, wish)
            second = pool.submit(market.execute, wish)
            tx.run("ROLLBACK")
            tx.run("BEGIN")
        assert not second.result(10).replayed
    assert market.held("compliance", "registry_reserved") == 5


def test_two_submissions_for_the_same_units_one_is_refused_with_the_numbers(
    a_supplied_market: Market,
):
    market = a_supplied_market
    wishes = [a_wish(market, f"k-{n}", 600) for n in range(2)]
    answers = at_once(*[lambda w=w: market.execute(w) for w in wishes])
    (refused,) = [answer for answer in answers if isinstance(answer, Invalid)]
    assert (refused.facts["requested"], refused.facts["available"]) == ("600", "400")
    assert market.held("compliance", "registry_reserved") == 600


def test_two_submissions_never_exceed_one_ceiling_together(a_supplied_market: Market):
    market = a_supplied_market
    ceiling = market.ceiling("notice", 700)
    wishes = [a_wish(market, f"k-{n}", 400, Draw(ceiling, 400)) for n in range(2)]
    answers = at_once(*[lambda w=w: market.execute(w) for w in wishes])
    (refused,) = [answer for answer in answers if isinstance(answer, Invalid)]
    assert refused.facts["left"] == "300"
    assert market.ceiling_state(ceiling) == (700, 400, 0)


def test_a_transfer_approved_and_refused_at_once_resolves_once(a_supplied_market: Market):
    market = a_supplied_market
    ceiling = market.ceiling("notice", 1000)
    posted = 0
    for n in range(10):
        transfer = market.execute(a_wish(market, f"k-{n}", 10, Draw(ceiling, 10))).transfer_id
        by = [market.by("province") for _ in range(4)]
        answers = at_once(
            lambda t=transfer, by=by: market.execute(Post(t, by[0])),
            lambda t=transfer, by=by: market.execute(Void(t, by[1])),
            lambda t=transfer, by=by: market.execute(Post(t, by[2])),
            lambda t=transfer, by=by: market.execute(Void(t, by[3])),
        )
        assert [isinstance(answer, Conflict) for answer in answers].count(True) == 3
        posted += 10 * any(not isinstance(answers[i], Conflict) for i in (0, 2))
    assert market.held("surrender") == posted
    assert market.ceiling_state(ceiling) == (1000, 0, posted)
    assert verify(market.database).ok


def test_a_transfer_reversed_twice_at_once_is_reversed_once(a_supplied_market: Market):
    market = a_supplied_market
    transfer = market.reserve(10)
    market.post(transfer)
    order = Order(market.people["province"], "文号", market.people["operator"])
    wishes = [
        Reverse(f"r-{n}", "surrender_reversal", transfer, order, market.by("province"))
        for n in range(2)
    ]
    answers = at_once(*[lambda w=w: market.execute(w) for w in wishes])
    assert [isinstance(answer, Conflict) for answer in answers].count(True) == 1
    assert market.held("compliance") == 1100


def test_many_surrender_into_one_account_at_once(a_market: Market):
    """16 sessions, each its own emitter, into the one surrender account, which is never locked."""
    market = a_market
    with market.owner.transaction() as tx:
        province = tx.one("SELECT id FROM identity.holder WHERE code = 'province'")
        assert province is not None
        for n in range(16):
            row = tx.one(
                """INSERT INTO identity.holder (code, name, role, province_id, created_at)
                   VALUES (%(c)s, %(c)s, 'emitter', %(p)s, %(at)s) RETURNING id""",
                {"c": f"e{n}", "p": province[0], "at": AT},
            )
            assert row is not None
            market.accounts[f"e{n}"] = open_account(tx, f"e{n}", "compliance", row[0])
    for n in range(16):
        market.supply(100, f"e{n}")

    def surrender(n: int) -> None:
        for _ in range(5):
            transfer = market.reserve(20, source=f"e{n}")
            market.post(transfer)

    assert at_once(*[lambda n=n: surrender(n) for n in range(16)]) == [None] * 16
    assert market.held("surrender") == 1600
    assert verify(market.database).ok


def test_a_receiver_is_not_locked_while_another_surrender_is_under_way(
    a_supplied_market: Market,
):
    market = a_supplied_market
    market.supply(10, "other")
    mine = market.reserve(10)
    theirs = market.reserve(10, source="other", who="other")
    with market.database.transaction() as tx:
        execute(tx, Post(mine, market.by("province")))
        with ThreadPoolExecutor(1) as pool:
            pool.submit(market.post, theirs).result(10)
    assert market.held("surrender") == 20


def test_ceilings_are_settled_in_the_order_of_their_ids(a_supplied_market: Market, database):
    """A transfer that waits for its first ceiling holds none of the others."""
    market = a_supplied_market
    first, second = market.ceiling("first", 100), market.ceiling("second", 100)
    wish = a_wish(market, "k", 10, Draw(second, 10), Draw(first, 10))
    transfer = market.execute(wish).transfer_id
    with psycopg2.connect(database.owner_url) as holder, holder.cursor() as cursor:
        # Written last, the first ceiling lies behind the second one in the table.
        cursor.execute("UPDATE ledger.ceiling SET total = total WHERE id = %s", (first,))
        holder.commit()
        cursor.execute("SELECT 1 FROM ledger.ceiling WHERE id = %s FOR UPDATE", (first,))
        with ThreadPoolExecutor(1) as pool:
            voided = pool.submit(market.void, transfer)
            while not market.rows(WAITING) and not voided.done():
                sleep(0.01)
            cursor.execute(
                "SELECT 1 FROM ledger.ceiling WHERE id = %s FOR UPDATE NOWAIT", (second,)
            )
            holder.rollback()
            voided.result(timeout=10)
    holder.close()
    assert market.ceiling_state(first) == market.ceiling_state(second) == (100, 0, 0)
