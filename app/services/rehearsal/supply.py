"""From the cap to the emitters: create, distribute, apportion, allocate, auction (W14, W17).

Issues exactly what the file allocates and auctions; nothing is left over in between.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from app.identity.actor import Actor
from app.ledger.instruments import NewInstrument, by_code, create
from app.services.context import Context
from app.services.orders import Order, OrderLine, execute
from app.services.rehearsal.market import YEAR, Market, actor
from app.services.rehearsal.year_file import Operator

INSTRUMENT = "PE2021000001"
BATCH = 200  # lines of one order


@dataclass(frozen=True, slots=True)
class Officers:
    """Who proposes and who approves an order of one authority."""

    proposer: Actor
    approver: Actor


@dataclass(frozen=True, slots=True)
class Supply:
    """The tonnes that were issued, allocated and auctioned."""

    issued: int
    allocated: int
    auctioned: int


def supply(ctx: Context, market: Market, operators: Sequence[Operator]) -> Supply:
    """Bring the year's allowances to the operators; every movement is an order with a document."""
    allocated = sum(o.allocated for o in operators)
    auctioned = sum(o.auctioned for o in operators)
    national = Officers(actor(ctx, "90000000001"), actor(ctx, "90000000002"))
    with ctx.database.transaction() as tx:
        if by_code(tx, INSTRUMENT) is None:
            new = NewInstrument(
                INSTRUMENT, f"{YEAR}年度配额", "allowance", f"Allowances of {YEAR}", YEAR
            )
            create(tx, new, ctx.clock.now())
    _national(ctx, national, market, allocated, auctioned)
    _apportion(ctx, national, market, operators)
    _allocate(ctx, market, operators)
    _auction(ctx, market, operators)
    return Supply(allocated + auctioned, allocated, auctioned)


def _national(ctx: Context, by: Officers, market: Market, allocated: int, auctioned: int) -> None:
    """S6, S7, S10: create, distribute to the two national accounts, hand over for auction."""
    accounts = market.national
    total = allocated + auctioned
    steps = (
        ("allowance_create", "issuance_source", (("national_total", total),)),
        (
            "national_allowance_distribution",
            "national_total",
            (("national_apportionment", allocated), ("national_auction", auctioned)),
        ),
    )
    for kind, source, targets in steps:
        lines = [OrderLine(INSTRUMENT, n, accounts[target]) for target, n in targets if n]
        if lines:
            _order(ctx, by, kind, accounts[source], lines, f"{YEAR}-{kind}")
    if auctioned:
        line = OrderLine(INSTRUMENT, auctioned, market.auction["auction_delivery"])
        kind = "national_auction_distribution"
        _order(ctx, by, kind, accounts["national_auction"], [line], f"{YEAR}-{kind}")


def _apportion(ctx: Context, by: Officers, market: Market, operators: Sequence[Operator]) -> None:
    """S9: each province gets what its operators are allocated."""
    shares: dict[str, int] = defaultdict(int)
    for operator in operators:
        shares[operator.regulator] += operator.allocated
    lines = [
        OrderLine(INSTRUMENT, n, market.regulators[code].accounts["provincial_total"])
        for code, n in sorted(shares.items())
        if n
    ]
    if lines:
        source = market.national["national_apportionment"]
        _order(ctx, by, "allowance_apportionment", source, lines, f"{YEAR}-apportionment")


def _allocate(ctx: Context, market: Market, operators: Sequence[Operator]) -> None:
    """S16: each province allocates to its operators, standard and new entrant apart."""
    for code, regulator in market.regulators.items():
        by = Officers(actor(ctx, regulator.members[0]), actor(ctx, regulator.members[1]))
        mine = [o for o in operators if o.regulator == code]
        for part in ("standard", "new_entrant"):
            lines = (
                OrderLine(
                    INSTRUMENT,
                    getattr(o, part),
                    market.operators[o.operator_id].accounts["compliance"],
                )
                for o in mine
                if getattr(o, part)
            )
            for number, batch in enumerate(_batches(lines)):
                _order(
                    ctx,
                    by,
                    "provincial_allowance_allocation",
                    regulator.accounts["provincial_total"],
                    batch,
                    f"{YEAR}-{code}-{part}-{number}",
                )


def _auction(ctx: Context, market: Market, operators: Sequence[Operator]) -> None:
    """S34: the auction body delivers to the winners."""
    by = Officers(actor(ctx, "90000000021"), actor(ctx, "90000000022"))
    lines = (
        OrderLine(INSTRUMENT, o.auctioned, market.operators[o.operator_id].accounts["compliance"])
        for o in operators
        if o.auctioned
    )
    for number, batch in enumerate(_batches(lines)):
        source = market.auction["auction_delivery"]
        _order(ctx, by, "auction_delivery", source, batch, f"{YEAR}-auction-{number}")


def _order(
    ctx: Context, by: Officers, kind: str, source: int, lines: Sequence[OrderLine], document: str
) -> None:
    execute(
        ctx,
        by.proposer,
        Order(
            key=f"rehearsal:{document}",
            type=kind,
            from_account=source,
            lines=lines,
            document_number=document,
            approver_id=by.approver.person_id,
        ),
    )


def _batches(lines: Iterable[OrderLine]) -> Iterator[list[OrderLine]]:
    source = iter(lines)
    while batch := list(islice(source, BATCH)):
        yield batch
