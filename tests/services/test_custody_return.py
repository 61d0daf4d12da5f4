"""Custody, links and returns through the services, up to posted units (M17-M23, R11-R18, G37)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.domain.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from app.services.applications import begin
from app.services.custody.ending import end_link
from app.services.sweep import sweep
from app.services.verify import verify
from tests.postgres import Database
from tests.services.custody import (
    AGREED,
    APPROVE,
    REASON,
    REFUSED,
    RETURN,
    Custody,
    deposit_form,
    return_form,
)
from tests.services.market import CCER, PE21, Market, context, market

pytestmark = pytest.mark.database


@pytest.fixture
def custody(database: Database) -> Iterator[Custody]:
    with market(database) as made:
        yield Custody(made)
        assert verify(made.ctx).ok


def held(custody: Custody, holder: str, position: str = "registry_available") -> int:
    made: Market = custody.market
    return made.held(made.account(holder, "compliance"), position)


def test_units_in_custody_are_out_of_the_depositors_hands(custody: Custody) -> None:
    instance = custody.submit("custody_application", deposit_form(**{PE21: 600}))
    assert held(custody, "emitter", "registry_reserved") == 600
    assert custody.open(instance) == [("registry", "review_custody")]
    custody.decide(custody.registry, instance, APPROVE)
    assert held(custody, "emitter") == 400
    [lot] = custody.lots()
    assert (lot.code, lot.quantity, lot.remaining) == (PE21, 600, 600)
    assert sum(last - first + 1 for first, last in lot.ranges) == 600
    assert custody.told("emitter") == ["approved"]


def test_several_instruments_go_into_custody_at_once_a_lot_each(custody: Custody) -> None:
    instance = custody.submit("custody_application", deposit_form(**{PE21: 600, CCER: 60}))
    custody.decide(custody.registry, instance, APPROVE)
    assert [(lot.code, lot.quantity) for lot in custody.lots()] == [(PE21, 600), (CCER, 60)]


def test_a_returned_deposit_releases_and_may_be_submitted_again(custody: Custody) -> None:
    instance = custody.submit("custody_application", deposit_form(**{PE21: 600}))
    custody.decide(custody.registry, instance, RETURN)
    assert held(custody, "emitter") == 1000
    assert custody.told("emitter") == ["returned"]
    custody.decide(custody.depositor, instance, deposit_form(**{PE21: 500}))
    custody.decide(custody.registry, instance, APPROVE)
    assert [lot.quantity for lot in custody.lots()] == [500]


def test_a_withdrawn_deposit_releases(custody: Custody) -> None:
    instance = custody.submit("custody_application", deposit_form(**{PE21: 600}))
    custody.withdraw(instance)
    assert held(custody, "emitter") == 1000
    assert custody.open(instance) == [("emitter", "fill_custody")]


def test_quantity_reason_and_type_are_mandatory(custody: Custody) -> None:
    with pytest.raises(Invalid) as refused:
        custody.submit("custody_application", {"lines": [{"instrument": PE21}]})
    assert set(refused.value.fields) == {"lines/0/quantity", "custody_type", "reason"}


def test_a_whole_holding_goes_into_custody_unless_the_registry_reads_r11_strictly(
    custody: Custody, database: Database
) -> None:
    """G12: 「小于」 by the letter would forbid the merger that custody is for."""
    strict = context(database, custody.market.clock, CUSTODY_STRICTLY_LESS="on")
    whole = deposit_form(**{PE21: 1000})
    with pytest.raises(Refused) as refused:
        begin(strict, custody.depositor, "custody_application", None, whole, submit=True)
    assert [f.code for f in refused.value.findings] == ["2005"]
    most = deposit_form(**{PE21: 999})
    begin(strict, custody.depositor, "custody_application", None, most, submit=False)
    strict.database.dispose()
    assert custody.deposit(1000).remaining == 1000


def test_management_says_with_whom_the_depositor_is_linked(custody: Custody) -> None:
    form = {"holders": ["neighbour", "stranger"], "reason": REASON}
    instance = custody.submit("custody_link", form)
    assert custody.open(instance) == [("registry", "review_link")]
    with pytest.raises(Invalid) as refused:
        custody.decide(custody.registry, instance, APPROVE)
    assert "linked" in refused.value.fields
    custody.decide(custody.registry, instance, {**APPROVE, "linked": ["neighbour"]})
    assert custody.market.rows(
        """SELECT d.code, r.code FROM ledger.custody_linked l
           JOIN identity.holder d ON d.id = l.depositor_id
           JOIN identity.holder r ON r.id = l.recipient_id"""
    ) == [("emitter", "neighbour")]


@pytest.mark.parametrize("code", ["nobody", "emitter", "province"])
def test_only_other_emitters_are_linked(custody: Custody, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        custody.submit("custody_link", {"holders": [code], "reason": REASON})
    assert "holders" in refused.value.fields
    instance = custody.submit("custody_link", {"holders": ["neighbour"], "reason": REASON})
    with pytest.raises(Invalid) as refused:
        custody.decide(custody.registry, instance, {**APPROVE, "linked": [code]})
    assert "linked" in refused.value.fields


def test_links_add_up_and_none_is_made_twice(custody: Custody) -> None:
    custody.link("neighbour")
    custody.link("neighbour", "stranger")
    assert custody.market.rows("SELECT count(*) FROM ledger.custody_link") == [(2,)]


def test_nothing_is_returned_before_the_link(custody: Custody) -> None:
    lot = custody.deposit()
    with pytest.raises(Refused) as refused:
        custody.give_back((lot.id, "neighbour", 10))
    assert [f.code for f in refused.value.findings] == ["3004"]


def test_all_recipients_must_be_linked(custody: Custody) -> None:
    lot = custody.deposit()
    custody.link("neighbour")
    with pytest.raises(Refused) as refused:
        custody.give_back((lot.id, "neighbour", 10), (lot.id, "stranger", 10))
    assert [f.code for f in refused.value.findings] == ["3004"]


def test_a_return_names_ones_own_lots_and_holders_that_exist(custody: Custody) -> None:
    lot = custody.deposit()
    custody.link("neighbour")
    with pytest.raises(Invalid) as refused:
        custody.give_back((lot.id + 1, "neighbour", 10), (lot.id, "nobody", 10))
    assert set(refused.value.fields) == {"lines/0/lot", "lines/1/recipient"}


def test_a_lot_is_never_overdrawn_over_all_recipients(custody: Custody) -> None:
    lot = custody.deposit(600)
    custody.link("neighbour", "stranger")
    with pytest.raises(Refused) as refused:
        custody.give_back((lot.id, "neighbour", 400), (lot.id, "stranger", 201))
    [finding] = refused.value.findings
    assert finding.code == "2006"
    assert finding.facts["remaining"] == 600
    assert finding.facts["quantity"] == 601


def test_the_same_recipient_stands_once_a_lot(custody: Custody) -> None:
    lot = custody.deposit()
    custody.link("neighbour")
    with pytest.raises(Refused) as refused:
        custody.give_back((lot.id, "neighbour", 1), (lot.id, "neighbour", 2))
    assert [f.code for f in refused.value.findings] == ["2003"]


def test_a_return_goes_to_all_recipients_then_to_management_then_into_their_holdings(
    custody: Custody,
) -> None:
    lot = custody.deposit(600)
    custody.link("neighbour", "stranger")
    instance = custody.give_back((lot.id, "neighbour", 400), (lot.id, "stranger", 200))
    both = [("neighbour", "review_return"), ("stranger", "review_return")]
    assert custody.open(instance) == both
    custody.decide(custody.market.actor("stranger"), instance, AGREED)
    assert custody.open(instance) == both[:1]
    custody.decide(custody.market.actor("neighbour"), instance, AGREED)
    assert custody.open(instance) == [("registry", "confirm_return")]
    custody.decide(custody.registry, instance, APPROVE)
    assert custody.open(instance) == []
    assert (held(custody, "neighbour"), held(custody, "stranger")) == (1400, 1200)
    [lot] = custody.lots()
    assert (lot.remaining, lot.returned, lot.ranges) == (0, 600, ())
    assert [custody.told(x)[-1] for x in ("emitter", "neighbour", "stranger")] == ["approved"] * 3


def test_serial_ranges_are_kept_through_custody_and_return(custody: Custody) -> None:
    before = custody.market.rows(
        """SELECT serials FROM ledger.unit_block WHERE account_id = %(a)s
           AND instrument_id = (SELECT id FROM ledger.instrument WHERE code = %(u)s)""",
        a=custody.market.account("emitter", "compliance"),
        u=PE21,
    )[0][0]
    lot = custody.deposit(1000)
    custody.link("neighbour")
    instance = custody.give_back((lot.id, "neighbour", 1000))
    custody.decide(custody.market.actor("neighbour"), instance, AGREED)
    custody.decide(custody.registry, instance, APPROVE)
    now = custody.market.rows(
        "SELECT account_id FROM ledger.unit_block WHERE serials && %(s)s", s=before
    )
    assert now == [(custody.market.account("neighbour", "compliance"),)]


def test_a_lot_is_returned_in_parts_until_it_is_used_up(custody: Custody) -> None:
    lot = custody.deposit(600)
    custody.link("neighbour", "stranger")
    for code, quantity, remaining in (
        ("neighbour", 100, 500),
        ("stranger", 200, 300),
        ("neighbour", 300, 0),
    ):
        instance = custody.give_back((lot.id, code, quantity))
        assert custody.lots()[0].remaining == remaining
        custody.decide(custody.market.actor(code), instance, AGREED)
        custody.decide(custody.registry, instance, APPROVE)
    assert (held(custody, "neighbour"), held(custody, "stranger")) == (1400, 1200)
    with pytest.raises(Refused) as refused:
        custody.give_back((lot.id, "neighbour", 1))
    assert [f.code for f in refused.value.findings] == ["2006"]


def test_one_refusal_cancels_the_other_reviews_and_says_why(custody: Custody) -> None:
    lot = custody.deposit(600)
    custody.link("neighbour", "stranger")
    instance = custody.give_back((lot.id, "neighbour", 400), (lot.id, "stranger", 200))
    custody.decide(custody.market.actor("neighbour"), instance, REFUSED)
    assert custody.open(instance) == [("emitter", "fill_return")]
    assert custody.lots()[0].remaining == 600
    assert custody.told("stranger") == ["review_cancelled"]
    assert custody.told("neighbour") == []
    assert custody.told("emitter")[-1] == "returned"
    [(text,)] = custody.market.rows(
        "SELECT text FROM workflow.notification WHERE template = 'review_cancelled'"
    )
    assert REFUSED["opinion"].rstrip("。") in text


def test_an_opinion_is_mandatory_for_a_recipient_whatever_it_decides(custody: Custody) -> None:
    lot = custody.deposit(600)
    custody.link("neighbour")
    instance = custody.give_back((lot.id, "neighbour", 400))
    for verdict in ("approve", "return"):
        with pytest.raises(Invalid) as refused:
            custody.decide(custody.market.actor("neighbour"), instance, {"verdict": verdict})
        assert set(refused.value.fields) == {"opinion"}


def test_after_a_refusal_everybody_reviews_anew_and_a_recipient_may_be_dropped_or_added(
    custody: Custody,
) -> None:
    lot = custody.deposit(600)
    custody.link("neighbour", "stranger")
    instance = custody.give_back((lot.id, "neighbour", 400))
    custody.decide(custody.market.actor("neighbour"), instance, AGREED)
    custody.decide(custody.registry, instance, RETURN)
    assert custody.told("neighbour") == ["review_cancelled"]
    again = return_form((lot.id, "neighbour", 300), (lot.id, "stranger", 300))
    custody.decide(custody.depositor, instance, again)
    assert custody.open(instance) == [
        ("neighbour", "review_return"),
        ("stranger", "review_return"),
    ]
    custody.decide(custody.market.actor("stranger"), instance, REFUSED)
    custody.decide(custody.depositor, instance, return_form((lot.id, "stranger", 100)))
    assert custody.open(instance) == [("stranger", "review_return")]
    custody.decide(custody.market.actor("stranger"), instance, AGREED)
    custody.decide(custody.registry, instance, APPROVE)
    assert (held(custody, "neighbour"), held(custody, "stranger")) == (1000, 1100)
    assert custody.lots()[0].remaining == 500


@pytest.mark.parametrize("after", ["nobody", "one", "all"])
def test_a_return_is_withdrawn_until_the_final_decision(custody: Custody, after: str) -> None:
    lot = custody.deposit(600)
    custody.link("neighbour", "stranger")
    instance = custody.give_back((lot.id, "neighbour", 400), (lot.id, "stranger", 200))
    reviewers = {"nobody": (), "one": ("stranger",), "all": ("stranger", "neighbour")}[after]
    for code in reviewers:
        custody.decide(custody.market.actor(code), instance, AGREED)
    custody.withdraw(instance)
    assert custody.open(instance) == [("emitter", "fill_return")]
    assert custody.lots()[0].remaining == 600
    assert custody.told("neighbour") == custody.told("stranger") == ["withdrawn"]


def test_only_who_owes_a_review_is_reminded_and_after_thirty_days_it_lapses(
    custody: Custody,
) -> None:
    made = custody.market
    lot = custody.deposit(600)
    custody.link("neighbour", "stranger")
    instance = custody.give_back((lot.id, "neighbour", 400), (lot.id, "stranger", 200))
    custody.decide(made.actor("stranger"), instance, AGREED)
    made.clock.advance(timedelta(days=3))
    sweep(made.ctx)
    assert (custody.told("neighbour"), custody.told("stranger")) == (["review_reminder"], [])
    made.clock.advance(timedelta(days=27))
    sweep(made.ctx)
    assert custody.open(instance) == [("emitter", "fill_return")]
    assert custody.lots()[0].remaining == 600
    assert custody.told("neighbour")[-1] == custody.told("stranger")[-1] == "review_lapsed"
    assert custody.told("emitter")[-1] == "review_lapsed"


def test_nothing_is_withdrawn_after_the_final_decision(custody: Custody) -> None:
    lot = custody.deposit(600)
    custody.link("neighbour")
    instance = custody.give_back((lot.id, "neighbour", 400))
    custody.decide(custody.market.actor("neighbour"), instance, AGREED)
    custody.decide(custody.registry, instance, APPROVE)
    with pytest.raises(Conflict):
        custody.withdraw(instance)


def test_a_link_that_ended_since_stops_the_return(custody: Custody) -> None:
    lot = custody.deposit(600)
    custody.link("neighbour")
    instance = custody.give_back((lot.id, "neighbour", 400))
    custody.decide(custody.market.actor("neighbour"), instance, AGREED)
    [(link,)] = custody.market.rows("SELECT id FROM ledger.custody_linked")
    second = custody.market.actor("registry", 1).person_id
    end_link(custody.market.ctx, custody.registry, link, "登记函 1 号", second)
    with pytest.raises(Refused) as refused:
        custody.decide(custody.registry, instance, APPROVE)
    assert [f.code for f in refused.value.findings] == ["3004"]


def test_a_link_is_ended_by_two_officers_of_the_registry_with_a_document(
    custody: Custody,
) -> None:
    custody.link("neighbour")
    made = custody.market
    [(link,)] = made.rows("SELECT id FROM ledger.custody_linked")
    second = made.actor("registry", 1).person_id
    for actor, document, approver in (
        (custody.depositor, "函 1", second),
        (custody.registry, "函 1", custody.registry.person_id),
        (custody.registry, " ", second),
        (custody.registry, "函 1", made.actor("province").person_id),
    ):
        with pytest.raises((Forbidden, Invalid)):
            end_link(made.ctx, actor, link, document, approver)
    end_link(made.ctx, custody.registry, link, "函 1", second)
    with pytest.raises(NotFound):
        end_link(made.ctx, custody.registry, link, "函 1", second)
    assert made.rows("SELECT count(*) FROM ledger.custody_linked") == [(0,)]
    custody.link("neighbour")
    assert made.rows("SELECT count(*) FROM ledger.custody_linked") == [(1,)]


def test_only_emitters_begin_and_only_recipients_review(custody: Custody) -> None:
    province = custody.market.actor("province")
    for process in ("custody_application", "custody_link", "custody_return"):
        with pytest.raises(Forbidden):
            begin(custody.market.ctx, province, process, None, {}, submit=False)


def test_a_review_task_carries_its_own_holders_part_only(custody: Custody) -> None:
    lot = custody.deposit(600)
    ccer = custody.deposit(60, CCER)
    custody.link("neighbour", "stranger")
    custody.give_back(
        (lot.id, "neighbour", 400), (lot.id, "stranger", 200), (ccer.id, "stranger", 7)
    )
    assert custody.market.rows(
        """SELECT h.code, t.quantity, t.ccer_quantity FROM workflow.task t
           JOIN identity.holder h ON h.id = t.holder_id ORDER BY h.code"""
    ) == [("neighbour", 400, 0), ("stranger", 207, 7)]


@pytest.mark.parametrize("status", ["restricted", "frozen", "closure_pending"])
def test_who_may_not_send_returns_nothing_out_of_custody(custody: Custody, status: str) -> None:
    """G22: what lies in custody is the depositor's still."""
    made, before = custody.market, held(custody, "neighbour")
    lot = custody.deposit(600)
    custody.link("neighbour")
    instance = custody.give_back((lot.id, "neighbour", 100))
    custody.decide(made.actor("neighbour"), instance, AGREED)
    made.change(
        "UPDATE identity.account SET status = %(s)s WHERE id = %(a)s",
        s=status,
        a=made.account("emitter", "compliance"),
    )
    with pytest.raises(Refused) as refused:
        custody.decide(custody.registry, instance, APPROVE)
    assert [finding.code for finding in refused.value.findings] == ["1001"]
    with pytest.raises(Refused):
        custody.give_back((lot.id, "neighbour", 1))
    custody.decide(custody.registry, instance, RETURN)
    assert held(custody, "neighbour") == before
