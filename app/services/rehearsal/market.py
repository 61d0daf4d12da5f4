"""The market of a year file: authorities, the registry's own accounts, and every operator."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from app.domain.offset_rule import OffsetRule
from app.domain.scope import Scope
from app.identity.actor import Actor
from app.identity.mandates import actor_by_member_no
from app.services.context import Context
from app.services.notices import Year, set_year
from app.services.opening import (
    Opened,
    Opening,
    PersonOpening,
    holders_by_code,
    open_holders,
)
from app.services.rehearsal.year_file import Operator

YEAR = 2021
OPENING_DAY = datetime(2021, 1, 4, 1, 0, tzinfo=UTC)
DEADLINE = datetime(2022, 4, 30, 9, 0, tzinfo=UTC)  # 17:00 in Beijing
BATCH = 500

NATIONAL = Opening(
    code="NATIONAL",
    name="国家主管部门",
    name_en="National authority",
    role="national_authority",
    accounts=("national_total", "national_apportionment", "national_auction", "issuance_source"),
    people=(
        PersonOpening("国家经办", "National officer", member_no="90000000001"),
        PersonOpening("国家复核", "National second officer", member_no="90000000002"),
    ),
)
REGISTRY = Opening(
    code="REGISTRY",
    name="登记机构",
    name_en="Registry operator",
    role="registry_operator",
    accounts=(
        "custody",
        "surrender",
        "ccer_offset",
        "voluntary_cancellation",
        "government_cancellation",
    ),
    people=(PersonOpening("登记经办", "Registry officer", member_no="90000000011"),),
)
AUCTION = Opening(
    code="AUCTION",
    name="拍卖机构",
    name_en="Auction body",
    role="auction_body",
    accounts=("auction_delivery",),
    people=(
        PersonOpening("拍卖经办", "Auction officer", member_no="90000000021"),
        PersonOpening("拍卖复核", "Auction second officer", member_no="90000000022"),
    ),
)


@dataclass
class Market:
    """Who there is, by code: account ids and the people who act."""

    national: dict[str, int] = field(default_factory=dict)
    auction: dict[str, int] = field(default_factory=dict)
    regulators: dict[str, Opened] = field(default_factory=dict)
    operators: dict[str, Opened] = field(default_factory=dict)


def open_market(
    ctx: Context, operators: Sequence[Operator], progress: Callable[[int], None]
) -> Market:
    """Open everybody of the file; ``progress`` is told how many operators were opened."""
    market = Market()
    opened = {o.code: o for o in (NATIONAL, REGISTRY, AUCTION)}
    done = dict(zip(opened, _opened(ctx, list(opened.values())), strict=True))
    market.national, market.auction = done["NATIONAL"].accounts, done["AUCTION"].accounts
    codes = sorted({o.regulator for o in operators})
    regulators = _opened(ctx, [_regulator(code, n) for n, code in enumerate(codes)])
    market.regulators = dict(zip(codes, regulators, strict=True))
    for first in range(0, len(operators), BATCH):
        batch = operators[first : first + BATCH]
        openings = [_emitter(o, market.regulators[o.regulator].holder_id) for o in batch]
        for operator, one in zip(batch, _opened(ctx, openings), strict=True):
            market.operators[operator.operator_id] = one
        progress(len(batch))
    with ctx.database.transaction() as tx:
        set_year(
            tx,
            Year(YEAR, DEADLINE, 7, Scope(year_from=None, year_to=YEAR), OffsetRule()),
        )
    return market


def _opened(ctx: Context, openings: Sequence[Opening]) -> list[Opened]:
    """Open a batch, or take it as it was opened before the rehearsal stopped: a batch is whole."""
    known = holders_by_code(ctx, [o.code for o in openings])
    if known:
        return [known[o.code] for o in openings]
    return open_holders(ctx, None, openings)


def _regulator(code: str, place: int) -> Opening:
    return Opening(
        code=f"P-{code}",
        name=f"{code} 省级主管部门",
        name_en=f"{code} provincial authority",
        role="provincial_authority",
        accounts=("provincial_total",),
        people=(
            PersonOpening(f"{code} 经办", f"{code} officer", member_no=f"8000000{place:03d}1"),
            PersonOpening(f"{code} 复核", f"{code} reviewer", member_no=f"8000000{place:03d}2"),
        ),
    )


def _emitter(operator: Operator, regulator: int) -> Opening:
    return Opening(
        code=f"E-{operator.operator_id}",
        name=operator.name,
        name_en=operator.name,
        role="emitter",
        province_id=regulator,
        accounts=("compliance",),
        people=(PersonOpening(f"{operator.name} 代表", operator.name),),
    )


def actor(ctx: Context, member_no: str) -> Actor:
    """Return the actor of a member number; everybody here has one mandate."""
    with ctx.database.transaction() as tx:
        found = actor_by_member_no(tx, member_no, (ctx.clock.now() + timedelta(hours=8)).date())
    if found is None:
        raise LookupError(f"nobody signs in as {member_no}")
    return found
