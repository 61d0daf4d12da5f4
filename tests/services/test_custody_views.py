"""What each recipient of a return sees: its own part, and nothing of the others' (M22, F25)."""

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

import pytest

from app.domain.errors import AlreadyDecided, Conflict, Forbidden, NotFound
from app.identity.actor import Actor
from app.services.application import Application, application
from app.services.checked import checks
from app.services.decide import Request, decide
from app.services.inbox import Filters, page
from app.services.records import KINDS, listed
from app.services.withdraw import trigger
from tests.postgres import Database
from tests.services.custody import APPROVE, REFUSED, RETURN, Custody, return_form
from tests.services.market import Market, market

pytestmark = pytest.mark.database

OURS, THEIRS = 123, 456  # tonnes for neighbour, tonnes for stranger
OUR_WORDS, THEIR_WORDS = "甲方同意接收。", "乙方的内部意见，他人不得查看。"


@pytest.fixture
def custody(database: Database) -> Iterator[Custody]:
    with market(database) as made:
        yield Custody(made)


@pytest.fixture
def a_return(custody: Custody) -> int:
    """To neighbour and stranger; stranger has agreed, neighbour has not decided."""
    lot = custody.deposit(1000)
    custody.link("neighbour", "stranger")
    instance = custody.give_back((lot.id, "neighbour", OURS), (lot.id, "stranger", THEIRS))
    agree(custody, "stranger", instance)
    return instance


def agree(custody: Custody, code: str, instance: int) -> None:
    words = {"neighbour": OUR_WORDS, "stranger": THEIR_WORDS}[code]
    actor = custody.market.actor(code)
    custody.decide(actor, instance, {"verdict": "approve", "opinion": words})


def seen(custody: Custody, actor: Actor, instance: int) -> Application:
    return application(custody.market.ctx, actor, instance)


def everything(found: Application) -> str:
    """All that any page or answer could show of an application, as one text.

    Without its hashes: any number may stand somewhere in them.
    """
    shown = {
        f.name: getattr(found, f.name) for f in dataclasses.fields(found) if f.name != "definition"
    }
    return re.sub(r"[0-9a-f]{64}", "", repr(shown))


def said_of(custody: Custody, code: str) -> tuple[str, ...]:
    """What betrays a recipient: name, code, people, quantity, opinion."""
    made: Market = custody.market
    actor = made.actor(code)
    quantity, words = {"neighbour": (OURS, OUR_WORDS), "stranger": (THEIRS, THEIR_WORDS)}[code]
    return (code, actor.holder_name, actor.person_name, str(quantity), words)


def betrays(text: str, secrets: tuple[str, ...]) -> list[str]:
    return [secret for secret in secrets if secret in text]


def test_a_recipient_sees_its_own_lines_and_total(custody: Custody, a_return: int) -> None:
    found = seen(custody, custody.market.actor("neighbour"), a_return)
    assert [(item.quantity, item.recipient_code) for item in found.items] == [(OURS, "neighbour")]
    assert (found.quantity, found.ccer_quantity) == (OURS, 0)
    assert sum(last - first + 1 for first, last in found.items[0].serials) == OURS
    assert [t.holder.zh for t in found.open_tasks] == [
        custody.market.actor("neighbour").holder_name
    ]


def test_a_recipient_learns_nothing_of_another(custody: Custody, a_return: int) -> None:
    found = seen(custody, custody.market.actor("neighbour"), a_return)
    assert betrays(everything(found), said_of(custody, "stranger")) == []
    assert str(OURS + THEIRS) not in everything(found)
    agree(custody, "neighbour", a_return)
    found = seen(custody, custody.market.actor("neighbour"), a_return)
    assert betrays(everything(found), said_of(custody, "stranger")) == []
    custody.decide(custody.registry, a_return, APPROVE)
    for code, other in (("neighbour", "stranger"), ("stranger", "neighbour")):
        found = seen(custody, custody.market.actor(code), a_return)
        assert betrays(everything(found), said_of(custody, other)) == []
        assert [m.quantity for m in found.movements] == [{"neighbour": OURS}.get(code, THEIRS)]


def test_a_recipient_sees_no_checks_they_compare_what_all_get(
    custody: Custody, a_return: int
) -> None:
    made = custody.market
    assert checks(made.ctx, made.actor("neighbour"), a_return) == []
    assert checks(made.ctx, custody.depositor, a_return) != []


def test_the_inbox_of_a_recipient_shows_and_filters_by_its_own_quantity(
    custody: Custody, a_return: int
) -> None:
    made = custody.market
    who = made.actor("neighbour")
    [entry] = page(made.ctx, who, Filters()).entries
    assert (entry.instance_id, entry.quantity, entry.ccer_quantity) == (a_return, OURS, 0)
    assert page(made.ctx, who, Filters(at_least=OURS)).entries
    assert not page(made.ctx, who, Filters(at_least=OURS + 1)).entries


def test_a_list_of_returns_shows_a_recipient_no_quantity(custody: Custody, a_return: int) -> None:
    made = custody.market
    for code in ("neighbour", "stranger"):
        listing = listed(made.ctx, made.actor(code), KINDS["custody-return"])
        assert [row.id for row in listing.rows] == [a_return]
        assert betrays(repr(listing.rows), ("123", "456", "579", THEIR_WORDS)) == []


def test_who_called_a_review_off_and_why_is_told_to_the_others(
    custody: Custody, a_return: int
) -> None:
    made = custody.market
    custody.decide(made.actor("neighbour"), a_return, REFUSED)
    found = seen(custody, made.actor("stranger"), a_return)
    assert [(d.verdict, d.opinion) for d in found.decisions] == [
        ("", ""),
        ("approve", THEIR_WORDS),
        ("return", REFUSED["opinion"]),
    ]
    assert str(OURS) not in everything(found)
    depositor = seen(custody, custody.depositor, a_return)
    assert {d.opinion for d in depositor.opinions} == {THEIR_WORDS, REFUSED["opinion"]}
    registry = seen(custody, custody.registry, a_return)
    assert len(registry.items) == 2


def test_a_dropped_recipient_keeps_what_it_reviewed_and_learns_nothing_new(
    custody: Custody, a_return: int
) -> None:
    made = custody.market
    agree(custody, "neighbour", a_return)
    custody.decide(custody.registry, a_return, RETURN)
    [lot] = custody.lots()
    custody.decide(custody.depositor, a_return, return_form((lot.id, "stranger", 777)))
    found = seen(custody, made.actor("neighbour"), a_return)
    assert [item.quantity for item in found.items] == [OURS]
    assert [d.verdict for d in found.decisions] == ["", "approve", "return"]
    assert found.open_tasks == []
    assert "777" not in everything(found)
    agree(custody, "stranger", a_return)
    custody.decide(custody.registry, a_return, APPROVE)
    found = seen(custody, made.actor("neighbour"), a_return)
    assert betrays(everything(found), ("777", *said_of(custody, "stranger"))) == []
    assert found.movements == []


def test_a_recipient_that_comes_back_sees_both_of_its_rounds(
    custody: Custody, a_return: int
) -> None:
    made = custody.market
    custody.decide(made.actor("neighbour"), a_return, REFUSED)
    [lot] = custody.lots()
    custody.decide(custody.depositor, a_return, return_form((lot.id, "stranger", THEIRS)))
    custody.decide(made.actor("stranger"), a_return, {**REFUSED, "opinion": "仍不同意。"})
    again = return_form((lot.id, "neighbour", 124), (lot.id, "stranger", THEIRS))
    custody.decide(custody.depositor, a_return, again)
    found = seen(custody, made.actor("neighbour"), a_return)
    assert [(item.quantity, item.before) for item in found.items] == [(124, OURS)]
    assert [d.verdict for d in found.decisions] == ["", "return", ""]
    assert "仍不同意" not in everything(found)


def test_nobody_else_sees_a_return(custody: Custody, a_return: int) -> None:
    for code in ("province", "other_province", "exchange", "owner"):
        with pytest.raises(NotFound):
            seen(custody, custody.market.actor(code), a_return)


def test_a_recipient_decides_its_own_task_and_no_other(custody: Custody, a_return: int) -> None:
    made = custody.market
    who = made.actor("stranger")
    [(key,)] = made.rows("SELECT key FROM workflow.task WHERE instance_id = %(i)s", i=a_return)
    form: dict[str, Any] = {"verdict": "return", "opinion": "替他人作答。"}
    with pytest.raises(Forbidden):
        decide(made.ctx, who, Request(a_return, key, form))
    with pytest.raises((Forbidden, Conflict)):
        trigger(made.ctx, who, a_return, "withdraw")


def test_who_comes_too_late_is_not_told_how_another_recipient_decided(
    custody: Custody, a_return: int
) -> None:
    made = custody.market
    who = made.actor("neighbour")
    for key in (1, 999_999):
        with pytest.raises(AlreadyDecided) as refused:
            decide(made.ctx, who, Request(a_return, key, APPROVE))
        assert refused.value.facts == {}
    agree(custody, "neighbour", a_return)
    with pytest.raises(AlreadyDecided) as refused:
        decide(made.ctx, who, Request(a_return, 999_999, APPROVE))
    assert refused.value.facts["name"] == who.person_name
    with pytest.raises(AlreadyDecided) as refused:
        decide(made.ctx, custody.registry, Request(a_return, 999_999, APPROVE))
    assert refused.value.facts["name"] == who.person_name
