"""A market with two pilot regions, an enterprise with CCER, and their authorities."""

from typing import Any

from app.identity.actor import Actor
from app.ledger.instruments import NewInstrument, create
from app.services.applications import begin
from app.services.opening import Opening, PersonOpening
from app.services.orders import Order, OrderLine, execute
from app.services.pilots.bases import upload
from app.services.pilots.exporting import Done, export
from app.services.pilots.region import designate
from tests.services.market import APPROVE, Market

PROCESS = "ccer_pilot_surrender"
HOME, AWAY, OLD = "CCER2020011", "CCER2020012", "CCER2012001"
REJECT = {"verdict": "return", "opinion": "请核对数量后重新提交。"}
ACCEPTED = {"verdict": "accepted", "reference": "BJ-2022-0007"}
NOT_ACCEPTED = {"verdict": "not_accepted", "reference": "BJ-2022-0008", "opinion": "单位已注销。"}
YEAR = "2021"


def people(first: int, n: int = 2) -> tuple[PersonOpening, ...]:
    return tuple(
        PersonOpening(f"人员{first + i}", f"Person {first + i}", "both", str(first + i))
        for i in range(n)
    )


def open_pilots(market: Market) -> None:
    """Beijing is run by `pilot`, Shanghai by `other_pilot`; `enterprise` has 100 t of each CCER."""
    market.open(
        Opening("pilot", "试点甲主管部门", "provincial_authority", ("provincial_total",),
                people(81000000001)),
        Opening("other_pilot", "试点乙主管部门", "provincial_authority", ("provincial_total",),
                people(81000000011)),
        Opening("enterprise", "试点企业", "participant", ("general", "trading"),
                people(82000000001)),
        Opening("rival", "另一试点企业", "participant", ("general", "trading"),
                people(82000000011)),
    )  # fmt: skip
    with market.ctx.database.transaction() as tx:
        for code, region, vintage in (
            (HOME, "北京市", 2020),
            (AWAY, "甘肃省", 2020),
            (OLD, "北京市", 2012),
        ):
            create(
                tx,
                NewInstrument(code, f"{region}风电", "ccer", project_code=code[-3:], region=region,
                              project_type="wind", vintage=vintage),
                market.clock.now(),
            )  # fmt: skip
    for code in (HOME, AWAY, OLD):
        bring(market, code, 200)
    designate(market.ctx, market.actor("national"), pilot_id(market, "beijing"), "pilot")
    designate(market.ctx, market.actor("national"), pilot_id(market, "shanghai"), "other_pilot")


def bring(market: Market, unit: str, quantity: int) -> None:
    """From the pool over the exchange into the general accounts of both enterprises, in halves."""
    pool = market.account("national", "reduction_pool")
    project, selling = market.account("owner", "project"), market.account("owner", "trading")
    delivery = market.account("exchange", "exchange_delivery")
    issuing = market.account("national", "issuance_source")
    market.order("national", "reduction_create", issuing, quantity, pool, unit)
    market.order("national", "reduction_issue", pool, quantity, project, unit)
    market.order("owner", "transfer_to_trading_account", project, quantity, selling, unit)
    market.order("owner", "indirect_transfer", selling, quantity, delivery, unit)
    for holder in ("enterprise", "rival"):
        buying, general = market.account(holder, "trading"), market.account(holder, "general")
        line = OrderLine(unit, quantity // 2, buying)
        order = Order(f"sale:{unit}:{holder}", "exchange_transfer_out", delivery, [line], "成交单")
        execute(market.ctx, market.actor("exchange"), order)
        kind = "transfer_from_trading_account"
        market.order(holder, kind, buying, quantity // 2, general, unit)


def pilot_id(market: Market, code: str) -> int:
    [(found,)] = market.rows("SELECT id FROM pilots.pilot WHERE code = %(c)s", c=code)
    return int(found)


def general(market: Market, holder: str = "enterprise", place: int = 0) -> Actor:
    """A person acting for the holder's general account."""
    return acting(market, holder, "general", place)


def acting(market: Market, holder: str, kind: str, place: int = 0) -> Actor:
    from app.domain.clock import local_day
    from app.identity.mandates import actor_for

    with market.ctx.database.transaction() as tx:
        row = tx.one(
            """SELECT m.person_id, m.id FROM identity.mandate m
               JOIN identity.person p ON p.id = m.person_id
               WHERE p.member_no = %(member)s AND m.account_id = %(account)s""",
            {
                "member": market.holders[holder].members[place],
                "account": market.account(holder, kind),
            },
        )
        assert row is not None
        found = actor_for(tx, *row, local_day(market.clock.now()))
    assert found is not None
    return found


def form(year: str = YEAR, **quantities: int) -> dict[str, Any]:
    """The request: instrument code = whole tonnes."""
    return {
        "lines": [{"instrument": k, "quantity": str(v)} for k, v in quantities.items()],
        "year": year,
    }


def submit(market: Market, *, pilot: str = "beijing", by: str = "enterprise",
           year: str = YEAR, **quantities: int) -> int:  # fmt: skip
    started = begin(
        market.ctx, general(market, by), PROCESS, pilot_id(market, pilot), form(year, **quantities),
        submit=True,
    )  # fmt: skip
    return started.instance_id


def cancel(market: Market, instance: int, pilot: str = "pilot") -> None:
    """Pass it and cancel it."""
    market.decide(market.actor(pilot), instance, APPROVE)
    market.decide(market.actor("national"), instance, APPROVE)


def export_all(market: Market, *instances: int, pilot: str = "pilot") -> Done:
    return export(market.ctx, market.actor(pilot), instances)


def give_base(market: Market, quantity: int, *, year: str = YEAR, by: str = "enterprise",
              pilot: str = "beijing", runner: str = "pilot") -> None:  # fmt: skip
    line = f"{year},{by},{quantity}\n".encode()
    upload(market.ctx, market.actor(runner), pilot_id(market, pilot), line)
