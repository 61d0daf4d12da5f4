"""Voluntary cancellation and its certificate, through the services (M24, M25, M36, S25, W11)."""

import re
from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO

import psycopg2
import pytest
from pypdf import PdfReader

from app.domain.errors import Conflict, Forbidden, NotFound, Refused
from app.identity.actor import Actor
from app.ledger.effects import By, Order, Reverse
from app.ledger.posting import execute
from app.ledger.verify import verify
from app.services.applications import begin
from app.services.certificates.confirmation import confirm
from app.services.certificates.printing import certificate_of, printed
from app.services.definitions import current_definition
from app.services.eligible import free_choices
from app.services.opening import Opening
from app.services.sweep import sweep
from app.services.withdraw import trigger
from tests.services.market import APPROVE, CCER, COVERED, PE21, RETURN, Market, _people, superuser

FLOW = "voluntary_cancel"
WORDS = {"reason": "碳中和", "beneficiary": "低碳运动会组委会", "purpose": "赛事碳中和"}
ADDRESS = "https://registry.example.org/certificates/{}"


def form(words: Mapping[str, str] = WORDS, **quantities: int) -> dict[str, object]:
    """The cancellation form: instrument code = whole tonnes."""
    asked = [{"instrument": code, "quantity": str(n)} for code, n in quantities.items()]
    return {"lines": asked, **words}


def cancel(market: Market, holder: Actor, *, submit: bool = True, **quantities: int) -> int:
    asked = form(**(quantities or {PE21: 100}))
    return begin(market.ctx, holder, FLOW, None, asked, submit=submit).instance_id


@pytest.fixture
def management(a_market: Market) -> Actor:
    return a_market.actor("registry")


@pytest.fixture
def an_auditor(a_market: Market) -> Actor:
    opening = Opening("auditor", "审计署", "auditor", ("office",), _people(13000000091, "read"))
    a_market.open(opening)
    return a_market.actor("auditor")


@pytest.fixture
def a_participant(a_market: Market) -> Actor:
    """Holds 30 t of CCER in a general account."""
    people = _people(60000000001, "both", "both")
    a_market.open(Opening("buyer", "某志愿参与方", "participant", ("general", "trading"), people))
    trading = a_market.account("emitter", "trading")
    for step, source, to, by in (
        (
            "transfer_to_trading_account",
            a_market.account("emitter", "compliance"),
            trading,
            "emitter",
        ),
        (
            "indirect_transfer",
            trading,
            a_market.account("exchange", "exchange_delivery"),
            "emitter",
        ),
    ):
        a_market.order(by, step, source, 30, to, CCER)
    sell(a_market, a_market.account("buyer", "trading"), 30)
    general = a_market.account("buyer", "general")
    bought = a_market.account("buyer", "trading")
    a_market.order("buyer", "transfer_from_trading_account", bought, 30, general, CCER)
    return a_market.actor("buyer")


def sell(market: Market, to: int, quantity: int) -> None:
    from app.services.orders import Order as Movement
    from app.services.orders import OrderLine
    from app.services.orders import execute as carry_out

    delivery = market.account("exchange", "exchange_delivery")
    sale = Movement(
        "sale:buyer", "exchange_transfer_out", delivery, [OrderLine(CCER, quantity, to)], "成交单 2"
    )
    carry_out(market.ctx, market.actor("exchange"), sale)


@pytest.fixture
def a_cancellation(a_market: Market, an_emitter: Actor) -> int:
    """120 t of allowances and 10 t of CCER, waiting for management's review."""
    return cancel(a_market, an_emitter, **{PE21: 120, CCER: 10})


@pytest.fixture
def a_cancelled(a_market: Market, a_cancellation: int, management: Actor) -> int:
    """The same, approved."""
    a_market.decide(management, a_cancellation, APPROVE)
    return a_cancellation


def reverse(market: Market, instance: int) -> None:
    """The registry operator reverses the cancellation on the province's order (S21)."""
    [(transfer,)] = market.rows(
        """SELECT t.id FROM ledger.transfer t JOIN ledger.transfer_event e
           ON e.transfer_id = t.id AND e.kind = 'posted' WHERE t.instance_id = %(i)s""",
        i=instance,
    )
    proposer, approver = market.actor("registry"), market.actor("registry", 1)
    by = By(proposer.person_id, proposer.account_id, proposer.role, market.clock.now(), None)
    order = Order(proposer.person_id, "撤销令 1", approver.person_id)
    with market.ctx.database.transaction() as tx:
        execute(tx, Reverse(f"r-{transfer}", "cancellation_reversal", transfer, order, by))


@pytest.mark.database
def test_submission_reserves_and_approval_moves_the_units_for_good(
    a_market: Market, a_cancellation: int, management: Actor
):
    own = a_market.account("emitter", "compliance")
    gone = a_market.account("registry", "voluntary_cancellation")
    assert a_market.held(own, "registry_reserved") == 120
    assert a_market.held(own) == 880
    assert a_market.instance(a_cancellation)["number"].startswith("ZX-2022-")
    a_market.decide(management, a_cancellation, APPROVE)
    assert a_market.held(own, "registry_reserved") == 0
    assert a_market.held(own) == 880
    assert a_market.held(gone) == 120
    assert a_market.held(gone, unit=CCER) == 10
    assert a_market.instance(a_cancellation)["outcome"] == "cancelled"
    assert not any(verify(a_market.ctx.database).faults.values())


@pytest.mark.database
def test_a_participant_cancels_out_of_its_general_account(
    a_market: Market, a_participant: Actor, management: Actor
):
    instance = cancel(a_market, a_participant, **{CCER: 30})
    a_market.decide(management, instance, APPROVE)
    assert a_market.held(a_market.account("buyer", "general"), unit=CCER) == 0
    gone = a_market.account("registry", "voluntary_cancellation")
    assert a_market.held(gone, unit=CCER) == 30


@pytest.mark.database
@pytest.mark.parametrize("other", ["province", "registry", "owner", "national"])
def test_nobody_else_may_begin_a_cancellation(a_market: Market, other: str):
    with pytest.raises(Forbidden):
        cancel(a_market, a_market.actor(other))


@pytest.mark.database
def test_more_than_is_available_is_refused_with_the_check_and_nothing_is_held(
    a_market: Market, an_emitter: Actor
):
    with pytest.raises(Refused):
        cancel(a_market, an_emitter, **{PE21: 1001})
    assert a_market.held(a_market.account("emitter", "compliance")) == 1000
    assert a_market.rows("SELECT 1 FROM workflow.instance") == []


@pytest.mark.database
def test_only_management_decides(
    a_market: Market, a_cancellation: int, a_colleague: Actor, a_province: Actor
):
    for other in (a_colleague, a_province, a_market.actor("stranger")):
        with pytest.raises((Forbidden, NotFound)):
            a_market.decide(other, a_cancellation, APPROVE)
    assert a_market.rows("SELECT 1 FROM certificates.certificate") == []


@pytest.mark.database
def test_return_releases_says_why_and_the_holder_submits_less(
    a_market: Market, an_emitter: Actor, a_cancellation: int, management: Actor
):
    a_market.decide(management, a_cancellation, RETURN)
    own = a_market.account("emitter", "compliance")
    assert a_market.held(own) == 1000
    [(told, text)] = a_market.rows("SELECT holder_id, text FROM workflow.notification")
    assert told == an_emitter.holder_id
    assert RETURN["opinion"] in text
    a_market.decide(an_emitter, a_cancellation, form(**{PE21: 40}))
    a_market.decide(management, a_cancellation, APPROVE)
    assert a_market.held(own) == 960
    found = certificate_of(a_market.ctx, an_emitter, a_cancellation)
    assert found is not None
    assert confirm(a_market.ctx, found.number).total == 40


@pytest.mark.database
def test_withdrawal_releases_and_the_late_reviewer_is_told(
    a_market: Market, an_emitter: Actor, a_cancellation: int, management: Actor
):
    key = a_market.key(a_cancellation)
    trigger(a_market.ctx, an_emitter, a_cancellation, "withdraw")
    assert a_market.held(a_market.account("emitter", "compliance")) == 1000
    with pytest.raises(Conflict):
        a_market.decide(management, a_cancellation, APPROVE, key=key)
    assert a_market.rows("SELECT 1 FROM certificates.certificate") == []


@pytest.mark.database
def test_after_the_decision_nothing_can_be_withdrawn(
    a_market: Market, an_emitter: Actor, a_cancelled: int
):
    with pytest.raises(Conflict):
        trigger(a_market.ctx, an_emitter, a_cancelled, "withdraw")


@pytest.mark.database
def test_an_unanswered_review_is_reminded_of_and_a_forgotten_draft_ends(
    a_market: Market, an_emitter: Actor, a_cancellation: int, management: Actor
):
    forgotten = cancel(a_market, an_emitter, submit=False, **{PE21: 5})
    a_market.clock.advance(timedelta(days=5))
    assert sweep(a_market.ctx).timers == 1
    assert told(a_market) == [(management.holder_id, "review_reminder")]
    a_market.clock.advance(timedelta(days=78))
    sweep(a_market.ctx)
    assert told(a_market)[1:] == [(an_emitter.holder_id, "draft_expires_soon")]
    a_market.clock.advance(timedelta(days=7))
    sweep(a_market.ctx)
    assert told(a_market)[2:] == [(an_emitter.holder_id, "expired")]
    assert a_market.instance(forgotten)["outcome"] == "expired"
    assert a_market.rows("SELECT element_id FROM workflow.task") == [("review_cancellation",)]
    assert a_market.rows("SELECT 1 FROM workflow.draft") == []


def told(market: Market) -> list[tuple[int, str]]:
    return market.rows("SELECT holder_id, template FROM workflow.notification ORDER BY id")


@pytest.mark.database
def test_the_certificate_is_issued_in_the_step_that_posts(
    a_market: Market, an_emitter: Actor, a_cancelled: int
):
    [row] = a_market.rows(
        """SELECT c.number, c.holder, c.beneficiary, c.purpose, c.issued_at = d.at,
               i.ended_at = d.at
           FROM certificates.certificate c JOIN workflow.instance i ON i.id = c.instance_id
           JOIN workflow.decision d ON d.instance_id = i.id AND d.verdict = 'approve'"""
    )
    name = "重点排放单位21010400001"
    assert row == ("ZXZS-2022-0000001", name, WORDS["beneficiary"], WORDS["purpose"], True, True)
    assert told(a_market) == [(an_emitter.holder_id, "certificate_issued")]


def read(market: Market, actor: Actor, instance: int) -> str:
    paper = printed(market.ctx, actor, instance, ADDRESS.format)
    pages = PdfReader(BytesIO(paper.pdf)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def test_the_paper_says_what_the_ledger_moved(
    a_market: Market, an_emitter: Actor, a_cancelled: int
):
    said = read(a_market, an_emitter, a_cancelled)
    for words in ("ZXZS-2022-0000001", "130 吨", PE21, CCER, *list(WORDS.values())[1:]):
        assert words in said
    moved = a_market.rows(
        """SELECT lower(e.serials), upper(e.serials) - 1 FROM ledger.entry e
           JOIN ledger.transfer_event v ON v.id = e.event_id AND v.kind = 'posted'
           JOIN ledger.transfer t ON t.id = v.transfer_id WHERE t.instance_id = %(i)s""",
        i=a_cancelled,
    )
    assert moved
    assert [r for r in moved if f"{r[0]:010} – {r[1]:010}" not in said] == []
    assert WORDS["reason"] not in said.replace("赛事碳中和", "")


def test_parties_and_auditors_print_it_and_nobody_else(
    a_market: Market, an_emitter: Actor, a_cancelled: int, management: Actor, an_auditor: Actor
):
    same = {
        printed(a_market.ctx, actor, a_cancelled, ADDRESS.format).pdf
        for actor in (an_emitter, management, an_auditor)
    }
    assert len(same) == 1
    for other in (a_market.actor("neighbour"), a_market.actor("province")):
        with pytest.raises(NotFound):
            printed(a_market.ctx, other, a_cancelled, ADDRESS.format)
        with pytest.raises(NotFound):
            certificate_of(a_market.ctx, other, a_cancelled)


@pytest.mark.database
def test_an_application_without_a_certificate_prints_none(
    a_market: Market, an_emitter: Actor, a_cancellation: int
):
    assert certificate_of(a_market.ctx, an_emitter, a_cancellation) is None
    with pytest.raises(NotFound):
        printed(a_market.ctx, an_emitter, a_cancellation, ADDRESS.format)


def test_a_certificate_keeps_the_holders_name_of_its_day(
    a_market: Market, an_emitter: Actor, a_cancelled: int
):
    a_market.change(
        "UPDATE identity.holder SET name = '改名后' WHERE id = %(i)s", i=an_emitter.holder_id
    )
    assert confirm(a_market.ctx, "ZXZS-2022-0000001").holder.zh == "重点排放单位21010400001"
    assert "改名后" not in read(a_market, an_emitter, a_cancelled)


@pytest.mark.database
def test_a_reversal_is_confirmed_and_printed(a_market: Market, an_emitter: Actor, a_cancelled: int):
    assert confirm(a_market.ctx, "ZXZS-2022-0000001").reversed_at is None
    a_market.clock.advance(timedelta(days=2))
    reverse(a_market, a_cancelled)
    assert a_market.held(a_market.account("emitter", "compliance")) == 1000
    found = confirm(a_market.ctx, "ZXZS-2022-0000001")
    assert found.reversed_at == a_market.clock.now()
    assert found.total == 130
    assert "被撤销，本证书失效" in read(a_market, an_emitter, a_cancelled)


@pytest.mark.database
@pytest.mark.parametrize("number", ["ZXZS-2022-0000002", "ZXZS-2021-0000001", "", "1; DROP"])
def test_an_unknown_number_confirms_nothing(a_market: Market, a_cancelled: int, number: str):
    with pytest.raises(NotFound):
        confirm(a_market.ctx, number)


def issue(market: Market, instance: int, transfer: int) -> None:
    with market.ctx.database.transaction() as tx:
        tx.one(
            """SELECT certificates.issue(jsonb_build_object('instance_id', %(i)s,
                   'transfer_id', %(t)s, 'at', now()))""",
            {"i": instance, "t": transfer},
        )


@pytest.mark.database
def test_the_database_certifies_posted_cancellations_of_the_application_only(
    a_market: Market, a_cancellation: int, a_province: Actor, an_emitter: Actor
):
    pending = a_market.instance(a_cancellation)["reserved_transfer_id"]
    surrender = a_market.begin(an_emitter, a_market.notice(), form({}, **{PE21: 50}))
    a_market.decide(a_province, surrender, APPROVE)
    [(posted,)] = a_market.rows(
        "SELECT id FROM ledger.transfer WHERE instance_id = %(i)s", i=surrender
    )
    for instance, transfer in (
        (a_cancellation, pending),
        (surrender, posted),
        (a_cancellation, posted),
    ):
        with pytest.raises(psycopg2.Error) as refused:
            issue(a_market, instance, transfer)
        assert refused.value.pgcode == "RL403"
    assert a_market.rows("SELECT 1 FROM certificates.certificate") == []


@pytest.mark.database
def test_a_cancellation_has_one_certificate_however_often_it_is_asked_for(
    a_market: Market, a_cancelled: int
):
    [(transfer,)] = a_market.rows("SELECT transfer_id FROM certificates.certificate")
    issue(a_market, a_cancelled, transfer)
    assert a_market.rows("SELECT number FROM certificates.certificate") == [("ZXZS-2022-0000001",)]


@pytest.mark.database
@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE certificates.certificate SET holder = 'x'",
        "DELETE FROM certificates.certificate",
        "TRUNCATE certificates.certificate",
    ],
)
def test_a_certificate_is_never_changed_by_its_owner_either(
    a_market: Market, a_cancelled: int, attempt: str
):
    with superuser(a_market.database) as cursor, pytest.raises(psycopg2.Error) as refused:
        cursor.execute(attempt)
    assert refused.value.pgcode == "RG900"
    for sql in (attempt, "INSERT INTO certificates.certificate (number) VALUES ('ZXZS')"):
        with pytest.raises(psycopg2.Error) as forbidden, a_market.ctx.database.transaction() as tx:
            tx.run(sql)
        assert forbidden.value.pgcode == "42501"


@pytest.mark.database
def test_the_form_offers_what_the_account_may_cancel(
    a_market: Market, an_emitter: Actor, a_participant: Actor
):
    with a_market.ctx.database.transaction() as tx:
        flow = current_definition(tx, FLOW)
    ctx = a_market.ctx
    own = free_choices(ctx, an_emitter, flow, a_market.account("emitter", "compliance"))
    assert {c.instrument.code for c in own if c.eligible} >= {PE21, CCER, COVERED}
    general = free_choices(ctx, a_participant, flow, a_market.account("buyer", "general"))
    assert [(c.instrument.code, c.instrument.available) for c in general] == [(CCER, 30)]
    with pytest.raises(NotFound):
        free_choices(ctx, an_emitter, flow, a_market.account("neighbour", "compliance"))
    trading = free_choices(ctx, an_emitter, flow, a_market.account("emitter", "trading"))
    assert [c for c in trading if c.eligible] == []
