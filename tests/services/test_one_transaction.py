"""A decision is one transaction: if any statement of it fails, nothing of it is there (R27, W7)."""

from collections.abc import Callable
from typing import Any

import psycopg2
import pytest

from app.identity.actor import Actor
from app.services.drafts import save
from app.services.orders import Order, OrderLine, execute
from app.services.withdraw import trigger
from tests.services.market import APPROVE, CCER, PE21, RETURN, Market, lines, superuser

pytestmark = pytest.mark.database

BREAK = """
CREATE FUNCTION public.break_it() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'broken on purpose' USING ERRCODE = 'XX999'; END $$;
GRANT EXECUTE ON FUNCTION public.break_it() TO PUBLIC;
CREATE {constraint} TRIGGER aaa_break AFTER {what} ON {table} {deferred}
    FOR EACH {each} EXECUTE FUNCTION public.break_it();
"""
MEND = "DROP FUNCTION public.break_it() CASCADE"

SUBMIT = {
    "workflow.instance": ("INSERT", "UPDATE"),
    "workflow.party": ("INSERT",),
    "workflow.participant": ("INSERT",),
    "workflow.task": ("INSERT", "DELETE"),
    "workflow.decision": ("INSERT",),
    "workflow.outbox": ("INSERT",),
    "audit.event": ("INSERT",),
    "ledger.transfer": ("INSERT",),
    "ledger.transfer_line": ("INSERT",),
    "ledger.transfer_ceiling": ("INSERT",),
    "ledger.transfer_event": ("INSERT",),
    "ledger.entry": ("INSERT",),
    "ledger.unit_block": ("INSERT", "UPDATE"),
    "ledger.ceiling": ("UPDATE",),
}
REVIEW = {
    "workflow.instance": ("UPDATE",),
    "workflow.participant": ("INSERT",),
    "workflow.task": ("DELETE",),
    "workflow.decision": ("INSERT",),
    "workflow.outbox": ("INSERT",),
    "audit.event": ("INSERT",),
    "ledger.transfer_event": ("INSERT",),
    "ledger.entry": ("INSERT",),
    "ledger.unit_block": ("UPDATE",),
    "ledger.ceiling": ("UPDATE",),
}
BACK = REVIEW | {"workflow.task": ("INSERT", "DELETE"), "ledger.unit_block": ("UPDATE", "DELETE")}
RETURNED = BACK | {"workflow.notification": ("INSERT",)}
WITHDRAWN = {k: v for k, v in BACK.items() if k != "workflow.participant"}
ORDERED = {
    "ledger.transfer": ("INSERT",),
    "ledger.direct_order": ("INSERT",),
    "ledger.transfer_line": ("INSERT",),
    "ledger.transfer_event": ("INSERT",),
    "ledger.entry": ("INSERT",),
    "ledger.unit_block": ("INSERT", "UPDATE"),
}
SAVED = {"workflow.draft": ("INSERT",), "workflow.participant": ("INSERT",)}


def pairs(touched: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(table, what) for table, whats in touched.items() for what in whats]


def fails_everywhere(
    market: Market, act: Callable[[], Any], touched: dict[str, tuple[str, ...]]
) -> None:
    """Break each statement in turn, then once more at the commit itself; then let it go through."""
    before = market.dump()
    for table, what in pairs(touched):
        _break(market, table, what)
        with pytest.raises(psycopg2.Error, match="broken on purpose"):
            act()
        _mend(market)
        assert market.dump() == before, f"{what} on {table} left something behind"
    _break(market, "workflow.draft" if touched is SAVED else "ledger.entry", "INSERT", late=True)
    with pytest.raises(psycopg2.Error, match="broken on purpose"):
        act()
    _mend(market)
    assert market.dump() == before, "a failing commit left something behind"
    act()
    after = market.dump()
    assert {table for table in after if after[table] != before[table]} == set(touched)


def _break(market: Market, table: str, what: str, *, late: bool = False) -> None:
    with superuser(market.database) as cursor:
        cursor.execute(
            BREAK.format(
                table=table,
                what=what,
                constraint="CONSTRAINT" if late else "",
                deferred="DEFERRABLE INITIALLY DEFERRED" if late else "",
                each="ROW",
            )
        )


def _mend(market: Market) -> None:
    with superuser(market.database) as cursor:
        cursor.execute(MEND)


def test_a_submission_is_all_or_nothing(a_market: Market, an_emitter: Actor, a_notice: int) -> None:
    form = lines(**{PE21: 250, CCER: 10})
    fails_everywhere(a_market, lambda: a_market.begin(an_emitter, a_notice, form), SUBMIT)


def test_an_approval_is_all_or_nothing(
    a_market: Market, a_province: Actor, a_submitted_application: int
) -> None:
    fails_everywhere(
        a_market, lambda: a_market.decide(a_province, a_submitted_application, APPROVE), REVIEW
    )


def test_a_return_is_all_or_nothing(
    a_market: Market, a_province: Actor, a_submitted_application: int
) -> None:
    fails_everywhere(
        a_market, lambda: a_market.decide(a_province, a_submitted_application, RETURN), RETURNED
    )


def test_a_withdrawal_is_all_or_nothing(
    a_market: Market, an_emitter: Actor, a_submitted_application: int
) -> None:
    fails_everywhere(
        a_market,
        lambda: trigger(a_market.ctx, an_emitter, a_submitted_application, "withdraw"),
        WITHDRAWN,
    )


def test_an_order_is_all_or_nothing(a_market: Market, a_province: Actor) -> None:
    order = Order(
        "o1",
        "allowance_recall",
        a_market.account("emitter", "compliance"),
        [OrderLine(PE21, 100, a_market.account("province", "provincial_total"))],
        "甲环发〔2022〕1号",
        a_market.actor("province", 1).person_id,
    )
    fails_everywhere(a_market, lambda: execute(a_market.ctx, a_province, order), ORDERED)


def test_a_saved_draft_is_all_or_nothing(
    a_market: Market, an_emitter: Actor, a_colleague: Actor, a_notice: int
) -> None:
    instance = a_market.begin(an_emitter, a_notice, lines(**{PE21: 1}), submit=False)
    a_market.change("DELETE FROM workflow.draft")
    key = a_market.key(instance)
    fails_everywhere(
        a_market,
        lambda: save(a_market.ctx, a_colleague, instance, key, lines(**{PE21: 2})),
        SAVED,
    )


def test_what_a_submission_writes_is_in_one_transaction(
    a_market: Market, an_emitter: Actor, a_notice: int
) -> None:
    """Every row that it wrote carries the same transaction number of the database."""
    instance = a_market.begin(an_emitter, a_notice, lines(**{PE21: 250}))
    mine = "instance_id = %(i)s"
    written = (
        "workflow.instance r WHERE id = %(i)s",
        f"workflow.task r WHERE {mine}",
        f"workflow.decision r WHERE {mine}",
        "workflow.outbox r",
        f"audit.event r WHERE {mine}",
        f"ledger.transfer r WHERE {mine}",
        "ledger.entry r JOIN ledger.transfer_event v ON v.id = r.event_id AND v.kind = 'reserved'",
        "ledger.unit_block r WHERE transfer_id IS NOT NULL",
    )
    numbers = set()
    for rows in written:
        found = a_market.rows(f"SELECT DISTINCT r.xmin::text FROM {rows}", i=instance)
        assert found, rows
        numbers |= {number for (number,) in found}
    assert len(numbers) == 1
