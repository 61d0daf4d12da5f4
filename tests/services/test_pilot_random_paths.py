"""Any sequence of moves of all parties to a pilot surrender, against a small model (W21, G18)."""

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.errors import RegistryError
from app.ledger.verify import verify
from app.services.applications import begin
from app.services.opening import Opening
from app.services.orders import Order, OrderLine, execute
from app.services.pilots.exporting import export
from app.services.withdraw import trigger
from tests.postgres import Database
from tests.services.market import APPROVE, Market, market
from tests.services.pilot_market import (
    ACCEPTED,
    HOME,
    NOT_ACCEPTED,
    PROCESS,
    REJECT,
    YEAR,
    form,
    general,
    give_base,
    open_pilots,
    people,
    pilot_id,
)

OWNED, CAP = 10, 8
_numbers = count(1)
STEPS = ["begin", "submit", "pass", "reject", "cancel", "return", "export", "accept", "refuse",
         "withdraw", "discard"]  # fmt: skip
# What each state waits for, and where a move leads.
LEADS = {
    ("draft", "submit"): "review",
    ("draft", "discard"): "ended",
    ("review", "pass"): "nation",
    ("review", "reject"): "draft",
    ("review", "withdraw"): "draft",
    ("nation", "cancel"): "export",
    ("nation", "return"): "draft",
    ("nation", "withdraw"): "draft",
    ("export", "export"): "outcome",
    ("outcome", "accept"): "ended",
    ("outcome", "refuse"): "ended",
}
moves = st.lists(
    st.tuples(st.sampled_from(STEPS), st.integers(0, 2), st.integers(1, 6)), max_size=16
)


@pytest.fixture(scope="module")
def shared(module_database: Database) -> Iterator[Market]:
    with market(module_database, open_pilots) as made:
        supply(made, 3000)
        yield made


def supply(made: Market, quantity: int) -> None:
    """Bring CCER to the exchange, from where each enterprise of a model buys its own."""
    pool = made.account("national", "reduction_pool")
    project, selling = made.account("owner", "project"), made.account("owner", "trading")
    delivery = made.account("exchange", "exchange_delivery")
    issuing = made.account("national", "issuance_source")
    made.order("national", "reduction_create", issuing, quantity, pool, HOME)
    made.order("national", "reduction_issue", pool, quantity, project, HOME)
    made.order("owner", "transfer_to_trading_account", project, quantity, selling, HOME)
    made.order("owner", "indirect_transfer", selling, quantity, delivery, HOME)


class Model:
    """One enterprise with 10 t and a cap of 8 t: what must be true, without any ledger."""

    def __init__(self, made: Market) -> None:
        n = next(_numbers)
        self.code = f"model{n}"
        self.market = made
        made.open(
            Opening(self.code, self.code, "participant", ("general", "trading"),
                    people(83000000000 + 10 * n))
        )  # fmt: skip
        trading, own = made.account(self.code, "trading"), made.account(self.code, "general")
        line = OrderLine(HOME, OWNED, trading)
        delivery = made.account("exchange", "exchange_delivery")
        order = Order(f"model:{n}", "exchange_transfer_out", delivery, [line], "成交单")
        execute(made.ctx, made.actor("exchange"), order)
        made.order(self.code, "transfer_from_trading_account", trading, OWNED, own, HOME)
        give_base(made, 20 * CAP, by=self.code)
        self.own, self.enterprise = own, general(made, self.code)
        self.officer, self.nation = made.actor("pilot"), made.actor("national")
        self.states: dict[int, str] = {}
        self.pending: dict[int, int] = {}
        self.cancelled = 0

    def fits(self, quantity: int) -> bool:
        return quantity + self.cancelled + sum(self.pending.values()) <= CAP

    def move(self, kind: str, place: int, quantity: int) -> None:
        if kind == "begin":
            self.begin(quantity)
            return
        instance = list(self.states)[place] if place < len(self.states) else None
        if instance is None:
            return
        after = LEADS.get((self.states[instance], kind))
        expected = after is not None and (kind != "submit" or self.fits(quantity))
        try:
            self.act(kind, instance, quantity)
        except RegistryError:
            assert not expected, (kind, self.states)
            return
        assert expected, (kind, self.states)
        assert after is not None
        self.states[instance] = after
        if kind == "submit":
            self.pending[instance] = quantity
        elif kind == "cancel":
            self.cancelled += self.pending.pop(instance)
        elif after in {"draft", "ended"}:
            self.pending.pop(instance, None)

    def begin(self, quantity: int) -> None:
        pilot = pilot_id(self.market, "beijing")
        try:
            started = begin(self.market.ctx, self.enterprise, PROCESS, pilot,
                            form(YEAR, **{HOME: quantity}), submit=True)  # fmt: skip
        except RegistryError:
            assert not self.fits(quantity)
            return
        assert self.fits(quantity)
        self.states[started.instance_id] = "review"
        self.pending[started.instance_id] = quantity

    def act(self, kind: str, instance: int, quantity: int) -> None:
        ctx = self.market.ctx
        if kind in {"withdraw", "discard"}:
            trigger(ctx, self.enterprise, instance, kind)
        elif kind == "export":
            export(ctx, self.officer, [instance])
        else:
            who, answer = {
                "submit": (self.enterprise, form(YEAR, **{HOME: quantity})),
                "pass": (self.officer, APPROVE),
                "reject": (self.officer, REJECT),
                "cancel": (self.nation, APPROVE),
                "return": (self.nation, REJECT),
                "accept": (self.officer, ACCEPTED),
                "refuse": (self.officer, NOT_ACCEPTED),
            }[kind]
            self.market.decide(who, instance, answer, key=self.key(instance))

    def key(self, instance: int) -> int:
        sql = "SELECT key FROM workflow.task WHERE instance_id = %(i)s"
        found = self.market.rows(sql, i=instance)
        return int(found[0][0]) if found else 10**6

    def agrees(self) -> None:
        """Units are conserved, what is held is what is open, and nothing is stuck."""
        pending = sum(self.pending.values())
        places = ("registry_available", "registry_reserved")
        held = [self.market.held(self.own, place, HOME) for place in places]
        assert held == [OWNED - pending - self.cancelled, pending]
        assert self.cancelled <= CAP
        rows = self.market.rows(
            """SELECT i.id, i.status, (SELECT count(*) FROM workflow.task t
                   WHERE t.instance_id = i.id), (SELECT count(*) FROM pilots.export_item x
                   WHERE x.instance_id = i.id), (SELECT count(*) FROM pilots.outcome o
                   WHERE o.instance_id = i.id)
               FROM workflow.instance i WHERE i.applicant_id = %(h)s""",
            h=self.enterprise.holder_id,
        )
        for instance, status, tasks, exports, outcomes in rows:
            ended = self.states[instance] == "ended"
            assert (status == "ended") == ended
            assert tasks == (0 if ended else 1)
            assert outcomes <= exports <= 1
            assert exports == 1 or self.states[instance] != "outcome"


@given(moves)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_the_parties_do_the_numbers_are_those_of_the_model(
    shared: Market, given_moves: list[tuple[str, int, int]]
) -> None:
    model = Model(shared)
    for move in given_moves:
        model.move(*move)
        model.agrees()
    assert verify(shared.ctx.database).ok
