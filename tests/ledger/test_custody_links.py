"""What the database refuses of custody, whoever calls it (R14, R15, R37, G37)."""

from collections.abc import Callable

import psycopg2
import pytest

from app.ledger.effects import Line, Post, Reserve
from app.ledger.posting import call
from tests.ledger.market import Market

pytestmark = pytest.mark.database


@pytest.fixture
def a_depositor(a_supplied_market: Market) -> tuple[Market, int]:
    """500 t of allowances in custody, linked with nobody; and the lot."""
    market = a_supplied_market
    market.post(market.reserve(500, kind="custody"), "operator")
    [(lot,)] = market.rows("SELECT id FROM ledger.custody_lot")
    return market, lot


def give(market: Market, lot: int, *quantities: int, target: str = "other") -> int:
    """Hold so much of a lot, a line each, for an account."""
    lines = tuple(
        Line(market.instruments["allowance"], n, market.accounts[target], lot) for n in quantities
    )
    effect = Reserve(
        f"give {lot} {quantities} {target}",
        "custody_return",
        market.accounts["custody"],
        lines,
        market.by("emitter", "compliance"),
    )
    return market.execute(effect).transfer_id


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(Exception) as refused:  # noqa: PT011 - its code is compared
        act()
    return str(refused.value.facts["code"])  # type: ignore[attr-defined]


def request(market: Market, who: str = "operator", **more: object) -> dict[str, object]:
    holders = dict(market.rows("SELECT code, id FROM identity.holder"))
    return {
        "depositor_id": holders["emitter"],
        "recipients": [holders["other"]],
        **market.by(who, "custody").request(),
        **more,
    }


def link(market: Market, **more: object) -> Callable[[], object]:
    def act() -> object:
        with market.database.transaction() as tx:
            return call(tx, "link_custody", {**request(market), **more})

    return act


def test_nothing_is_returned_to_a_holder_that_is_not_linked(
    a_depositor: tuple[Market, int],
) -> None:
    market, lot = a_depositor
    assert refusal(lambda: give(market, lot, 10)) == "RL207"
    market.link("other", "emitter")  # the other way round is another link
    assert refusal(lambda: give(market, lot, 11)) == "RL207"
    market.link("emitter", "other")
    give(market, lot, 12)


def test_lines_together_never_draw_more_than_the_lot(a_depositor: tuple[Market, int]) -> None:
    market, lot = a_depositor
    market.link("emitter", "other")
    assert refusal(lambda: give(market, lot, 300, 201)) == "RL205"
    give(market, lot, 300, 200)
    assert refusal(lambda: give(market, lot, 1)) == "RL205"


def test_a_lot_of_its_own_is_needed(a_depositor: tuple[Market, int]) -> None:
    market, lot = a_depositor
    market.link("emitter", "other")
    assert refusal(lambda: give(market, lot + 1, 10)) == "RL204"


def test_units_in_custody_are_not_taken_without_naming_a_lot(
    a_depositor: tuple[Market, int],
) -> None:
    market, _ = a_depositor
    market.link("emitter", "other")
    without = lambda: market.reserve(  # noqa: E731
        10, kind="custody_return", source="custody", target="other", account="compliance"
    )
    assert refusal(without) == "RL201"


def test_a_link_that_has_ended_stops_what_is_held(a_depositor: tuple[Market, int]) -> None:
    market, lot = a_depositor
    market.link("emitter", "other")
    transfer = give(market, lot, 10)
    end = {
        "link_id": market.rows("SELECT id FROM ledger.custody_link")[0][0],
        "document_number": "文号 1",
        "person_id": market.people["operator"],
        "approver_id": market.people["operator_2"],
        "role": "registry_operator",
        "at": market.at.isoformat(),
    }
    for wrong, code in (
        ({"approver_id": end["person_id"]}, "RL404"),
        ({"document_number": ""}, "RL406"),
        ({"role": "emitter"}, "RL405"),
        ({"link_id": 99}, "RL208"),
    ):
        assert refusal(lambda wrong=wrong: ended(market, {**end, **wrong})) == code
    ended(market, end)
    post = lambda: market.execute(Post(transfer, market.by("operator")))  # noqa: E731
    assert refusal(post) == "RL207"
    assert refusal(lambda: ended(market, end)) == "RL208"
    market.link("emitter", "other")
    post()


def ended(market: Market, request: dict[str, object]) -> None:
    with market.database.transaction() as tx:
        call(tx, "end_custody_link", request)


def test_only_the_registry_links_by_a_decision_and_only_other_emitters(
    a_supplied_market: Market,
) -> None:
    market = a_supplied_market
    holders = dict(market.rows("SELECT code, id FROM identity.holder"))
    assert refusal(link(market, role="emitter")) == "RL405"
    assert refusal(link(market, decision_id=None)) == "RL406"
    assert refusal(link(market, recipients=[])) == "RL206"
    assert refusal(link(market, recipients=[holders["emitter"]])) == "RL206"
    assert refusal(link(market, recipients=[holders["other"], holders["province"]])) == "RL206"
    assert refusal(link(market, recipients=[99_999])) == "RL206"
    assert market.rows("SELECT count(*) FROM ledger.custody_link") == [(0,)]


@pytest.mark.parametrize(
    "sql",
    [
        """INSERT INTO ledger.custody_link (depositor_id, recipient_id, decision_id, person_id, at)
           SELECT min(id), max(id), 1, 1, now() FROM identity.holder""",
        "UPDATE ledger.custody_link SET recipient_id = depositor_id + 1",
        "DELETE FROM ledger.custody_link",
        "TRUNCATE ledger.custody_link CASCADE",
        "INSERT INTO ledger.custody_link_end SELECT id, 'x', 1, 2, now() FROM ledger.custody_link",
        "UPDATE ledger.custody_lot SET returned = 0",
    ],
)
def test_the_application_forges_no_link(a_depositor: tuple[Market, int], sql: str) -> None:
    market, _ = a_depositor
    market.link("emitter", "other")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege), market.database.transaction() as tx:
        tx.run(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger.custody_link SET at = now()",
        "DELETE FROM ledger.custody_link",
        "TRUNCATE ledger.custody_link CASCADE",
        "UPDATE ledger.custody_link_end SET at = now()",
    ],
)
def test_a_link_is_never_changed_by_the_owner_either(
    a_depositor: tuple[Market, int], sql: str
) -> None:
    market, _ = a_depositor
    market.link("emitter", "other")
    with market.owner.transaction() as tx:
        tx.run("INSERT INTO ledger.custody_link_end SELECT id, 'x', 1, 2, at FROM"
               " ledger.custody_link")  # fmt: skip
    with pytest.raises(psycopg2.Error) as refused, market.owner.transaction() as tx:
        tx.run(sql)
    assert refused.value.pgcode == "RG900"
