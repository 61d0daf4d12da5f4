import tomllib
from pathlib import Path

import pytest

from app.domain.checks import CHECKS
from app.domain.errors import Conflict, Forbidden, Invalid, RegistryError
from app.ledger.effects import Direct, Line, Order, Post, Reserve
from app.ledger.instruments import NewInstrument, create
from app.ledger.seed import seed_transaction_types
from app.ledger.transaction_types import transaction_types
from tests.ledger.market import AT, Market

pytestmark = pytest.mark.database

FILE = Path(__file__).parents[2] / "app" / "ledger" / "transaction_types.toml"
TYPES = tomllib.loads(FILE.read_text(encoding="utf-8"))
MOVEMENTS = {code: given for code, given in TYPES.items() if code != "without_movement"}
# The manual's own movements, beside those of the slides.
MANUAL = {"M8", "M10", "M14", "M17", "M20", "M24", "M38", "M39", "M42"}


def code_of(error: pytest.ExceptionInfo[RegistryError]) -> object:
    return error.value.facts["code"]


def test_every_movement_of_the_slides_and_the_manual_is_in_the_one_table():
    sources = {row for given in MOVEMENTS.values() for row in given["sources"]}
    without = set(TYPES["without_movement"])
    assert {f"S{n}" for n in range(6, 36)} <= sources | without
    assert sources >= MANUAL
    assert without & sources <= {"S22"}  # the decision that pilot_surrender waits for


def test_every_type_has_its_names_its_people_and_checks_that_exist():
    for code, given in MOVEMENTS.items():
        assert given["zh"], code
        assert given["en"], code
        assert given["proposers"], code
        assert set(given["checks"]) <= set(CHECKS), code


def test_a_surrender_leads_allowances_and_reductions_to_their_own_accounts(a_market: Market):
    with a_market.database.transaction() as tx:
        types = transaction_types(tx)
    assert set(types) == set(MOVEMENTS)
    ways = {(r.unit_type, r.to_account_type) for r in types["surrender"].routes}
    assert ways == {
        ("allowance", "surrender"),
        ("ccer", "ccer_offset"),
        ("external_ccer", "ccer_offset"),
    }


def test_a_type_that_vanishes_from_the_file_stays_but_is_closed(a_supplied_market: Market):
    market = a_supplied_market
    fewer = {code: given for code, given in TYPES.items() if code != "surrender"}
    with market.owner.transaction() as tx:
        seed_transaction_types(tx.cursor, fewer)
    with pytest.raises(Invalid) as refused:
        market.reserve(1)
    assert code_of(refused) == "RL101"
    assert market.rows("SELECT closed FROM ledger.transaction_type WHERE code = 'surrender'") == [
        (True,)
    ]


@pytest.mark.parametrize(
    ("status", "sends", "receives"),
    [
        ("open", True, True),
        ("restricted", False, True),
        ("frozen", False, False),
        ("closure_pending", False, False),
        ("closed", False, False),
    ],
)
def test_the_status_of_an_account_governs_sending_and_receiving(
    a_supplied_market: Market, status, sends, receives
):
    market = a_supplied_market
    market.supply(10, "other")
    market.status("compliance", status)
    allocate = ("provincial_allowance_allocation", "provincial_total", "compliance", "allowance")
    if sends:
        market.reserve(1)
    else:
        with pytest.raises(Invalid) as refused:
            market.reserve(1)
        assert code_of(refused) == "RL105"
    national = {"who": "national", "approver": "national_2"}
    market.direct("allowance_create", "issuance_source", None, "allowance", 5, **national)
    for type_, source, target in (
        ("national_allowance_distribution", "national_total", "national_apportionment"),
        ("allowance_apportionment", "national_apportionment", "provincial_total"),
    ):
        market.direct(type_, source, target, "allowance", 5, **national)
    if receives:
        market.direct(*allocate, 5, who="province", approver="province_2")
    else:
        with pytest.raises(Invalid) as refused:
            market.direct(*allocate, 5, who="province", approver="province_2")
        assert code_of(refused) == "RL106"


def test_an_account_frozen_after_submission_stops_the_approval_but_not_the_refusal(
    a_supplied_market: Market,
):
    market = a_supplied_market
    transfer = market.reserve(10)
    market.status("compliance", "frozen")
    with pytest.raises(Invalid) as refused:
        market.post(transfer)
    assert code_of(refused) == "RL105"
    market.void(transfer)


def test_an_authority_reaches_a_frozen_account_but_not_a_closed_one(a_supplied_market: Market):
    market = a_supplied_market
    recall = ("allowance_recall", "compliance", "provincial_total", "allowance", 10)
    market.status("compliance", "frozen")
    market.direct(*recall, who="province", approver="province_2")
    market.status("compliance", "closed")
    with pytest.raises(Invalid):
        market.direct(*recall, who="province", approver="province_2")


def test_a_type_is_used_only_in_its_own_way(a_supplied_market: Market):
    market = a_supplied_market
    with pytest.raises(Invalid) as refused:
        market.direct("surrender", "compliance", None, "allowance", 1, who="emitter")
    assert code_of(refused) == "RL102"
    with pytest.raises(Invalid) as refused:
        market.reserve(1, kind="indirect_transfer")
    assert code_of(refused) == "RL102"


def test_only_the_roles_of_a_type_start_and_approve_it(a_supplied_market: Market):
    market = a_supplied_market
    with pytest.raises(Forbidden) as refused:
        market.reserve(1, who="participant")
    assert code_of(refused) == "RL103"
    transfer = market.reserve(1)
    with pytest.raises(Forbidden) as refused:
        market.post(transfer, "operator")
    assert code_of(refused) == "RL405"


def test_who_proposed_never_approves(a_supplied_market: Market):
    market = a_supplied_market
    create_ = ("allowance_create", "issuance_source", None, "allowance", 5)
    with pytest.raises(Forbidden) as refused:
        market.direct(*create_, who="national", approver="national")
    assert code_of(refused) == "RL404"
    transfer = market.reserve(
        10, kind="confiscation", who="operator", target="provincial_total", account="custody"
    )
    with pytest.raises(Forbidden) as refused:
        market.post(transfer, "operator")
    assert code_of(refused) == "RL404"
    market.post(transfer, "operator_2")


def test_a_direct_transfer_needs_an_order_with_approver_and_document(a_supplied_market: Market):
    market = a_supplied_market
    with pytest.raises(Invalid) as refused:
        market.direct("allowance_create", "issuance_source", None, "allowance", 5, who="national")
    assert code_of(refused) == "RL406"
    blank = Direct(
        "blank",
        "transfer_to_trading_account",
        market.accounts["compliance"],
        (Line(market.instruments["allowance"], 1),),
        Order(market.people["emitter"], " "),
        market.by("emitter", "compliance"),
    )
    with pytest.raises(Invalid) as refused:
        market.execute(blank)
    assert code_of(refused) == "RL406"


def test_units_and_accounts_go_only_where_a_route_leads(a_supplied_market: Market):
    market = a_supplied_market
    for wrong in (
        {"target": "voluntary_cancellation"},
        {"target": "other"},
        {"source": "trading"},
    ):
        with pytest.raises(Invalid) as refused:
            market.reserve(1, **wrong)
        assert code_of(refused) == "RL104"
    with pytest.raises(Invalid):  # R39: reductions only
        market.reserve(1, kind="pilot_surrender", source="general", who="participant")


def test_a_direct_transfer_goes_only_to_the_linked_account(a_supplied_market: Market):
    with pytest.raises(Invalid) as refused:
        a_supplied_market.direct(
            "transfer_to_trading_account",
            "compliance",
            "trading_owner",
            "allowance",
            1,
            who="emitter",
        )
    assert code_of(refused) == "RL107"


def test_nobody_sends_from_somebody_elses_account(a_supplied_market: Market):
    with pytest.raises(Forbidden) as refused:
        a_supplied_market.reserve(1, who="other", account="other")
    assert code_of(refused) == "RL108"


def test_a_freeze_moves_units_within_one_account_only(a_supplied_market: Market):
    market = a_supplied_market
    people = {"who": "operator", "approver": "operator_2"}
    with pytest.raises(Invalid):
        market.direct("freeze", "compliance", "other", "allowance", 5, **people)
    market.direct("freeze", "compliance", None, "allowance", 5, **people)
    assert market.held("compliance", "registry_frozen") == 5
    market.direct("unfreeze", "compliance", None, "allowance", 5, **people)
    assert market.held("compliance", "registry_frozen") == 0


@pytest.mark.parametrize("quantity", ["0", "-1", "1.5", "ten", "", "99999999999999999999"])
def test_a_quantity_is_whole_tonnes_above_zero(a_supplied_market: Market, quantity):
    market = a_supplied_market
    wish = Reserve(
        "k",
        "surrender",
        market.accounts["compliance"],
        (Line(market.instruments["allowance"], quantity),),
        market.by("emitter", "compliance"),
    )
    with pytest.raises(Invalid):
        market.execute(wish)


def test_a_transfer_has_lines_and_names_what_exists(a_supplied_market: Market):
    market = a_supplied_market
    with pytest.raises(Invalid):
        market.reserve({})
    with pytest.raises(RegistryError, match="no such transfer"):
        market.execute(Post(999, market.by("province")))
    market.instruments["ghost"] = 999
    with pytest.raises(Invalid) as refused:
        market.reserve({"ghost": 1})
    assert code_of(refused) == "RL203"


def test_a_code_names_one_instrument(a_market: Market):
    with pytest.raises(Conflict), a_market.database.transaction() as tx:
        create(tx, NewInstrument("PE2021000025", "重复", "allowance", year=2021), AT)


def test_serials_go_on_where_the_last_issue_ended(a_market: Market):
    a_market.supply(100)
    a_market.supply_ccer(50)
    a_market.supply(7)
    assert a_market.rows("SELECT serials::text FROM ledger.issue ORDER BY id") == [
        ("[1,101)",),
        ("[101,151)",),
        ("[151,158)",),
    ]
