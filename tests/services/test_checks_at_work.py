"""The same checks on submission, on approval and for an order; a refused step changes nothing."""

from dataclasses import replace

import pytest

from app.domain.errors import Conflict, Forbidden, Invalid, Refused, RegistryError
from app.identity.actor import Actor
from app.services.orders import Order, OrderLine, execute
from tests.services.market import (
    APPROVE,
    CCER,
    COVERED,
    PE19,
    PE21,
    PE23,
    RETURN,
    Market,
    lines,
)

pytestmark = pytest.mark.database


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return sorted({finding.code for finding in refused.value.findings})


def set_status(market: Market, account: int, status: str) -> None:
    market.change(
        "UPDATE identity.account SET status = %(s)s WHERE id = %(a)s", s=status, a=account
    )


@pytest.mark.parametrize(
    ("form", "failing"),
    [
        (lines(**{PE21: 401}), ["3001"]),
        (lines(**{PE21: 1001}), ["2004", "3001"]),
        (lines(NOSUCH=1), ["2001", "2004"]),
        (lines(**{PE19: 1}), ["3002"]),
        (lines(**{PE23: 1}), ["3002"]),
        (lines(**{COVERED: 1}), ["3002"]),
        (lines(**{CCER: 21}), ["3003"]),
        (lines(**{CCER: 61}), ["2004", "3003"]),
        (
            lines(**{PE21: 2000, PE19: 1, COVERED: 30, "NOSUCH": 1}),
            ["2001", "2004", "3001", "3002", "3003"],
        ),
    ],
)
def test_a_submission_shows_all_failing_checks_and_changes_nothing(
    a_market: Market, an_emitter: Actor, a_notice: int, form: dict, failing: list[str]
) -> None:
    instance = a_market.begin(an_emitter, a_notice, lines(**{PE21: 1}), submit=False)
    before = a_market.dump()
    with pytest.raises(Refused) as refused:
        a_market.decide(an_emitter, instance, form)
    assert codes(refused) == failing
    assert a_market.dump() == before


@pytest.mark.parametrize("status", ["restricted", "frozen", "closure_pending", "closed"])
def test_only_an_open_account_surrenders(
    a_market: Market, an_emitter: Actor, a_notice: int, status: str
) -> None:
    set_status(a_market, an_emitter.account_id, status)
    before = a_market.dump()
    with pytest.raises(Refused) as refused:
        a_market.begin(an_emitter, a_notice, lines(**{PE21: 1}))
    assert codes(refused) == ["1001"]
    assert a_market.dump() == before


def test_the_ccer_limit_counts_over_the_whole_notice(
    a_market: Market, an_emitter: Actor, a_province: Actor, a_notice: int
) -> None:
    first = a_market.begin(an_emitter, a_notice, lines(**{CCER: 12}))
    with pytest.raises(Refused) as refused:
        a_market.begin(an_emitter, a_notice, lines(**{CCER: 9}))
    assert codes(refused) == ["3003"]
    a_market.decide(a_province, first, APPROVE)
    with pytest.raises(Refused) as refused:
        a_market.begin(an_emitter, a_notice, lines(**{CCER: 9}))
    assert codes(refused) == ["3003"]
    assert refused.value.findings[0].facts == {"limit": 20, "used": 12, "applied": 9, "left": 8}
    a_market.begin(an_emitter, a_notice, lines(**{CCER: 8}))


def test_a_returned_application_gives_its_room_back(
    a_market: Market, an_emitter: Actor, a_province: Actor, a_notice: int
) -> None:
    first = a_market.begin(an_emitter, a_notice, lines(**{PE21: 380, CCER: 20}))
    a_market.decide(a_province, first, RETURN)
    a_market.begin(an_emitter, a_notice, lines(**{PE21: 380, CCER: 20}))


CHANGES = {
    "account frozen": (
        "UPDATE identity.account SET status = 'frozen' WHERE id = %(account)s",
        "UPDATE identity.account SET status = 'open' WHERE id = %(account)s",
        ["1001"],
    ),
    "notice lowered": (
        "UPDATE compliance.notice SET obligation = 200 WHERE id = %(notice)s",
        "UPDATE compliance.notice SET obligation = 400 WHERE id = %(notice)s",
        ["3001"],
    ),
    "scope narrowed": (
        """UPDATE compliance.notice SET scope = '{"year_from": 2022, "year_to": null}'
           WHERE id = %(notice)s""",
        """UPDATE compliance.notice SET scope = '{"year_from": 2020, "year_to": 2021}'
           WHERE id = %(notice)s""",
        ["3002"],
    ),
    "everything": (
        """UPDATE identity.account SET status = 'frozen' WHERE id = %(account)s;
           UPDATE compliance.notice SET obligation = 10,
               scope = '{"year_from": 2022, "year_to": null}' WHERE id = %(notice)s""",
        """UPDATE identity.account SET status = 'open' WHERE id = %(account)s;
           UPDATE compliance.notice SET obligation = 400,
               scope = '{"year_from": 2020, "year_to": 2021}' WHERE id = %(notice)s""",
        ["1001", "3001", "3002"],
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_checks_run_again_on_approval_and_a_refused_step_leaves_the_task_where_it_is(
    a_market: Market,
    a_submitted_application: int,
    a_notice: int,
    an_emitter: Actor,
    a_province: Actor,
    name: str,
) -> None:
    spoil, mend, failing = CHANGES[name]
    ids = {"account": an_emitter.account_id, "notice": a_notice}
    a_market.change(spoil, **ids)
    before = a_market.dump()
    with pytest.raises(Refused) as refused:
        a_market.decide(a_province, a_submitted_application, APPROVE)
    assert codes(refused) == failing
    assert a_market.dump() == before

    a_market.change(mend, **ids)
    a_market.decide(a_province, a_submitted_application, APPROVE)
    assert a_market.held(a_market.account("registry", "surrender")) == 250


def test_a_frozen_account_still_gets_its_application_back(
    a_market: Market, a_submitted_application: int, an_emitter: Actor, a_province: Actor
) -> None:
    set_status(a_market, an_emitter.account_id, "frozen")
    a_market.decide(a_province, a_submitted_application, RETURN)
    assert a_market.held(an_emitter.account_id) == 1000


def test_a_frozen_surrender_account_receives_nothing(
    a_market: Market, a_submitted_application: int, a_province: Actor
) -> None:
    set_status(a_market, a_market.account("registry", "surrender"), "frozen")
    before = a_market.dump()
    with pytest.raises(Refused) as refused:
        a_market.decide(a_province, a_submitted_application, APPROVE)
    assert codes(refused) == ["1002"]
    assert a_market.dump() == before


def test_what_is_reserved_is_not_available_to_another_application(
    a_market: Market, an_emitter: Actor
) -> None:
    notice = a_market.notice(obligation=5000)
    a_market.begin(an_emitter, notice, lines(**{PE21: 600}))
    with pytest.raises(Refused) as refused:
        a_market.begin(an_emitter, notice, lines(**{PE21: 401}))
    assert codes(refused) == ["2004"]
    assert refused.value.findings[0].facts["available"] == 400


def test_the_first_answer_stands_when_the_approver_has_left_since(
    a_market: Market, a_province: Actor
) -> None:
    first = execute(a_market.ctx, a_province, recall(a_market))
    order = recall(a_market)
    a_market.change(
        "UPDATE identity.mandate SET valid_to = '2022-02-28' WHERE person_id = %(p)s",
        p=order.approver_id,
    )
    assert execute(a_market.ctx, a_province, order) == first
    with pytest.raises(Forbidden):
        execute(a_market.ctx, a_province, replace(order, key="o2"))


def an_order(market: Market, **changes: object) -> Order:
    given: dict[str, object] = {
        "key": "o1",
        "type": "provincial_allowance_allocation",
        "from_account": market.account("province", "provincial_total"),
        "lines": [OrderLine(PE21, 0, market.account("emitter", "compliance"))],
        "document_number": "甲环发〔2021〕1号",
        "approver_id": market.actor("province", 1).person_id,
    }
    return Order(**(given | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("failing", "kind", "source", "target", "quantity"),
    [
        (
            ["2002"],
            "provincial_allowance_allocation",
            ("province", "provincial_total"),
            ("emitter", "compliance"),
            0,
        ),
        (
            ["2004"],
            "provincial_allowance_allocation",
            ("province", "provincial_total"),
            ("emitter", "compliance"),
            1,
        ),
        (
            ["1006", "2004"],
            "provincial_allowance_allocation",
            ("other_province", "provincial_total"),
            ("stranger", "compliance"),
            1001,
        ),
        (
            ["1003"],
            "provincial_allowance_allocation",
            ("other_province", "provincial_total"),
            ("stranger", "trading"),
            1,
        ),
        (
            ["1004", "1005", "1006"],
            "transfer_to_trading_account",
            ("emitter", "compliance"),
            ("neighbour", "trading"),
            1,
        ),
    ],
)
def test_an_order_meets_the_same_checks(
    a_market: Market,
    failing: list[str],
    kind: str,
    source: tuple[str, str],
    target: tuple[str, str],
    quantity: int,
) -> None:
    order = an_order(
        a_market,
        type=kind,
        from_account=a_market.account(*source),
        lines=[OrderLine(PE21, quantity, a_market.account(*target))],
    )
    before = a_market.dump()
    with pytest.raises(Refused) as refused:
        execute(a_market.ctx, a_market.actor("province"), order)
    assert set(failing) <= set(codes(refused))
    assert a_market.dump() == before


def recall(market: Market, **changes: object) -> Order:
    """100 t of the emitter's back to the province."""
    to = market.account("province", "provincial_total")
    return an_order(
        market,
        **(
            {
                "type": "allowance_recall",
                "from_account": market.account("emitter", "compliance"),
                "lines": [OrderLine(PE21, 100, to)],
            }
            | changes
        ),
    )


def test_an_order_is_carried_out_once_per_key(a_market: Market, a_province: Actor) -> None:
    first = execute(a_market.ctx, a_province, recall(a_market))
    before = a_market.dump()
    assert execute(a_market.ctx, a_province, recall(a_market)) == first
    to = a_market.account("province", "provincial_total")
    with pytest.raises(Conflict):
        execute(a_market.ctx, a_province, recall(a_market, lines=[OrderLine(PE21, 101, to)]))
    with pytest.raises(Conflict):
        execute(a_market.ctx, a_province, recall(a_market, lines=[OrderLine("NOSUCH", 100, to)]))
    assert a_market.dump() == before
    assert a_market.held(a_market.account("emitter", "compliance")) == 900


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"approver_id": None}, 0),
        ({"document_number": " "}, 0),
        ({"approver_id": "self"}, 0),
        ({"approver_id": "initiator"}, 0),
        ({"approver_id": "reader"}, 0),
        ({"approver_id": "emitter"}, 0),
        ({"approver_id": "stranger"}, 0),
        ({}, 3),
    ],
)
def test_an_order_names_an_entitled_proposer_and_approver_and_its_document(
    a_market: Market, changes: dict, place: int
) -> None:
    people = {
        "self": a_market.actor("province"),
        "initiator": a_market.actor("province", 2),
        "reader": a_market.actor("province", 3),
        "emitter": a_market.actor("emitter"),
        "stranger": a_market.actor("other_province"),
    }
    given = {k: people[v].person_id if v in people else v for k, v in changes.items()}
    before = a_market.dump()
    with pytest.raises((Invalid, Forbidden)):
        execute(a_market.ctx, a_market.actor("province", place), recall(a_market, **given))
    assert a_market.dump() == before


def test_an_unknown_type_account_or_instrument_is_a_plain_refusal(a_market: Market) -> None:
    province = a_market.actor("province")
    to = a_market.account("province", "provincial_total")
    for order in (
        recall(a_market, type="no such type"),
        recall(a_market, from_account=999_999),
        recall(a_market, lines=[OrderLine("NOSUCH", 1, to)]),
        recall(a_market, lines=[OrderLine(PE21, 1, 999_999)]),
        recall(a_market, lines=[OrderLine(PE21, 10**30, to)]),
        recall(a_market, lines=[]),
        recall(a_market, type="surrender"),
        recall(a_market, type="surrender_reversal"),
    ):
        before = a_market.dump()
        with pytest.raises(RegistryError):
            execute(a_market.ctx, province, order)
        assert a_market.dump() == before


def test_frozen_units_are_unfrozen_up_to_what_is_frozen(a_market: Market) -> None:
    registrar, second = a_market.actor("registry"), a_market.actor("registry", 1)
    own = a_market.account("emitter", "compliance")

    def order(kind: str, quantity: int) -> Order:
        lines = [OrderLine(PE21, quantity, own)]
        return Order(f"{kind}{quantity}", kind, own, lines, "司法协助1号", second.person_id)

    execute(a_market.ctx, registrar, order("freeze", 900))
    assert a_market.held(own, "registry_frozen") == 900
    with pytest.raises(Refused) as refused:
        execute(a_market.ctx, registrar, order("freeze", 101))
    assert codes(refused) == ["2004"]
    with pytest.raises(Refused) as refused:
        execute(a_market.ctx, registrar, order("unfreeze", 901))
    assert codes(refused) == ["2004"]
    execute(a_market.ctx, registrar, order("unfreeze", 900))
    assert a_market.held(own) == 1000
