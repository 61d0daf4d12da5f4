"""What the ledger itself refuses of another registry's reductions, whoever calls it (G17)."""

from typing import Any

import psycopg2
import pytest

from app.domain.errors import RegistryError
from app.identity.actor import Actor
from app.ledger.posting import call
from app.ledger.verify import verify
from tests.services.external import cancelled, claim, marked
from tests.services.market import APPROVE, PE21, Market, lines, superuser

pytestmark = pytest.mark.database


@pytest.fixture
def registry(a_market: Market) -> Actor:
    return a_market.actor("registry")


@pytest.fixture
def external(a_market: Market, an_emitter: Actor) -> str:
    return marked(a_market, an_emitter)


@pytest.fixture
def a_surrender(a_market: Market, an_emitter: Actor, a_notice: int, external: str) -> int:
    return a_market.begin(an_emitter, a_notice, lines(**{PE21: 100, external: 12}))


def by(market: Market, actor: Actor, instance: int = 0, decision: int = 1) -> dict[str, Any]:
    return {
        "person_id": actor.person_id,
        "account_id": actor.account_id,
        "role": actor.role,
        "decision_id": decision,
        "instance_id": instance,
        "at": market.clock.now().isoformat(),
    }


def refused(market: Market, function: str, **request: Any) -> str:
    """The code with which the ledger refuses a request."""
    with pytest.raises(RegistryError) as error, market.ctx.database.transaction() as tx:
        call(tx, function, request)
    return str(error.value.facts["code"])


def held(market: Market, instance: int) -> int:
    return int(market.instance(instance)["reserved_transfer_id"])


def instrument(market: Market, code: str) -> int:
    [(found,)] = market.rows("SELECT id FROM ledger.instrument WHERE code = %(c)s", c=code)
    return int(found)


def test_the_province_alone_never_posts_them(a_market: Market, a_province: Actor, a_surrender: int):
    request = by(a_market, a_province, a_surrender)
    assert refused(a_market, "post", transfer_id=held(a_market, a_surrender), **request) == "RL413"


def test_the_registry_alone_never_posts_a_surrender(
    a_market: Market, registry: Actor, a_surrender: int, a_submitted_application: int
):
    for instance in (a_surrender, a_submitted_application):
        request = by(a_market, registry, instance)
        transfer = held(a_market, instance)
        assert refused(a_market, "post", transfer_id=transfer, **request) == "RL405"


def test_a_cancellation_is_recorded_only_after_the_province_approved(
    a_market: Market, registry: Actor, a_province: Actor, a_surrender: int
):
    asked = {"transfer_id": held(a_market, a_surrender), "reference": "x"}
    function = "record_external_cancellation"
    assert refused(a_market, function, **asked, **by(a_market, registry, a_surrender)) == "RL414"
    assert refused(a_market, function, **asked, **by(a_market, a_province, a_surrender)) == "RL405"


def test_an_ordinary_surrender_has_no_cancellation_elsewhere(
    a_market: Market, registry: Actor, a_province: Actor, a_submitted_application: int
):
    asked = {"transfer_id": held(a_market, a_submitted_application), "reference": "x"}
    request = by(a_market, registry, a_submitted_application)
    assert refused(a_market, "record_external_cancellation", **asked, **request) == "RL403"


@pytest.mark.parametrize(
    "kind", ["voluntary_cancellation", "custody", "registry_to_trading", "pilot_surrender"]
)
def test_a_claim_goes_no_other_way(a_market: Market, an_emitter: Actor, external: str, kind: str):
    request = {
        "key": "try",
        "type": kind,
        "from_account": a_market.account("emitter", "compliance"),
        "lines": [{"instrument_id": instrument(a_market, external), "quantity": "1"}],
    }
    code = refused(a_market, "reserve", **request, **by(a_market, an_emitter))
    assert code == "RL104"


@pytest.mark.parametrize(
    ("kind", "who"),
    [
        ("transfer_to_trading_account", "emitter"),
        ("freeze", "registry"),
        ("confiscation", "registry"),
    ],
)
def test_a_claim_is_not_moved_by_order(a_market: Market, external: str, kind: str, who: str):
    proposer, approver = a_market.actor(who), a_market.actor(who, 1)
    request = {
        "key": "try",
        "type": kind,
        "from_account": a_market.account("emitter", "compliance"),
        "lines": [{"instrument_id": instrument(a_market, external), "quantity": "1"}],
        "order": {
            "proposer_person": proposer.person_id,
            "approver_person": approver.person_id,
            "document_number": "文号",
        },
    }
    assert refused(a_market, "direct", **request, **by(a_market, proposer)) == "RL104"


def test_nobody_creates_them_without_a_claim(a_market: Market, registry: Actor, external: str):
    made = {"code": "X", "name": "X", "unit_type": "external_ccer", "project_code": "1"}
    at = a_market.clock.now().isoformat()
    assert refused(a_market, "create_instrument", **made, vintage=2020, at=at) == "RL415"
    request = {
        "key": "more",
        "type": "external_mark",
        "from_account": a_market.account("national", "issuance_source"),
        "to_account": a_market.account("emitter", "compliance"),
        "lines": [{"instrument_id": instrument(a_market, external), "quantity": "30"}],
        "order": {
            "proposer_person": a_market.actor("emitter").person_id,
            "approver_person": registry.person_id,
            "document_number": "文号",
        },
    }
    assert refused(a_market, "direct", **request, **by(a_market, registry)) == "RL415"


def asked(**other: Any) -> dict[str, Any]:
    return {
        "quantity": "10",
        "registry": "ccer_registry",
        "project_code": "1",
        "project_name": "X",
        "vintage": "2020",
        "ranges": [{"prefix": "CCER-2020-", "digits": 6, "first": "101", "last": "110"}],
        **other,
    }


def test_a_mark_needs_the_registry_its_numbers_and_an_application(
    a_market: Market, an_emitter: Actor, registry: Actor, external: str
):
    instance = claim(a_market, an_emitter, serials="A001~A030")
    mine = by(a_market, registry, instance)
    assert refused(a_market, "mark_external", **asked(), **by(a_market, an_emitter)) == "RL405"
    assert refused(a_market, "mark_external", **asked(), **by(a_market, registry)) == "RL406"
    assert refused(a_market, "mark_external", **asked(quantity="9"), **mine) == "RL411"
    taken = [{"prefix": "CCER-2020-", "digits": 6, "first": "21", "last": "30"}]
    assert refused(a_market, "mark_external", **asked(ranges=taken), **mine) == "RL412"
    twice = [{"prefix": "B", "digits": 2, "first": "1", "last": "5"}] * 2
    assert refused(a_market, "mark_external", **asked(ranges=twice), **mine) == "RL412"


def test_a_claim_is_marked_once(a_market: Market, an_emitter: Actor, registry: Actor):
    instance = claim(a_market, an_emitter)
    a_market.decide(registry, instance, APPROVE)
    assert (
        refused(a_market, "mark_external", **asked(), **by(a_market, registry, instance)) == "RL410"
    )


TABLES = ("external_claim", "external_range", "external_cancellation")


@pytest.fixture
def all_on_record(a_market: Market, a_province: Actor, registry: Actor, a_surrender: int) -> Market:
    a_market.decide(a_province, a_surrender, APPROVE)
    a_market.decide(registry, a_surrender, cancelled(a_market, registry))
    return a_market


def test_what_is_on_record_is_never_changed(all_on_record: Market):
    for table in TABLES:
        for attempt in (f"DELETE FROM ledger.{table}", f"TRUNCATE ledger.{table}"):
            with (
                superuser(all_on_record.database) as cursor,
                pytest.raises(psycopg2.Error) as error,
            ):
                cursor.execute(attempt)
            assert error.value.pgcode == "RG900"
        with (
            pytest.raises(psycopg2.errors.InsufficientPrivilege),
            all_on_record.ctx.database.transaction() as tx,
        ):
            tx.run(f"DELETE FROM ledger.{table}")


def test_verify_finds_a_surrender_that_nobody_cancelled_there(all_on_record: Market):
    with superuser(all_on_record.database) as cursor:
        guard = "ALTER TABLE ledger.external_cancellation {} TRIGGER append_only_row"
        cursor.execute(guard.format("DISABLE"))
        cursor.execute("DELETE FROM ledger.external_cancellation")
        cursor.execute(guard.format("ENABLE ALWAYS"))
    report = verify(all_on_record.ctx.database)
    assert "external reductions" in report.faults


def test_verify_finds_a_claim_that_lies_elsewhere(all_on_record: Market, external: str):
    with superuser(all_on_record.database) as cursor:
        cursor.execute(
            """UPDATE ledger.unit_block b SET account_id = %(a)s
               WHERE b.instrument_id = %(i)s AND b.position = 'registry_available'
                 AND b.account_id = %(own)s""",
            {
                "a": all_on_record.account("neighbour", "compliance"),
                "own": all_on_record.account("emitter", "compliance"),
                "i": instrument(all_on_record, external),
            },
        )
    assert "external reductions" in verify(all_on_record.ctx.database).faults
