"""Any sequence of moves of four parties against a model of a lot: the numbers agree (G37)."""

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.errors import RegistryError
from app.identity.actor import Actor
from app.ledger.verify import verify
from app.services.applications import begin
from app.services.decide import Request, decide
from app.services.opening import Opening, PersonOpening
from app.services.withdraw import trigger
from tests.postgres import Database
from tests.services.custody import AGREED, APPROVE, REFUSED, RETURN, deposit_form, return_form
from tests.services.market import PE21, Market, market

pytestmark = pytest.mark.database
LOT, LINKED = 10, 2  # tonnes of the lot; of three recipients the first two are linked
_numbers = count(1)

quantities = st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from([0, 0, 0, 0, 1])).map(
    list
)
answers = st.tuples(st.integers(0, 2), st.sampled_from([True, True, False]))
moves = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), st.integers(0, 1), quantities),
        st.tuples(
            st.just("review"), st.integers(0, 1), st.tuples(st.integers(0, 2), st.booleans())
        ),
        st.tuples(st.just("confirm"), st.integers(0, 1), st.booleans()),
        st.tuples(st.sampled_from(["withdraw", "discard"]), st.integers(0, 1), st.none()),
    ),
    min_size=4,
    max_size=20,
)


@pytest.fixture(scope="module")
def a_shared_market(module_database: Database) -> Iterator[Market]:
    with market(module_database) as made:
        yield made


class Model:
    """A depositor, three recipients and the registry: what must be true, without any ledger."""

    def __init__(self, made: Market) -> None:
        self.market = made
        n = next(_numbers)
        self.codes = [f"model{n}{letter}" for letter in "abcd"]
        made.open(*(self._opening(made, code) for code in self.codes))
        self.depositor, *self.recipients = map(made.actor, self.codes)
        self.registry = made.actor("registry")
        own = made.account("other_province", "provincial_total")
        kind = "provincial_allowance_allocation"
        made.order("other_province", kind, own, LOT, self.depositor.account_id)
        self.lot = self._deposit()
        self._link()
        self.returned = [0, 0, 0]
        self.instances: list[int] = []
        self.states: dict[int, str] = {}
        self.asked: dict[int, list[int]] = {}
        self.waiting: dict[int, set[int]] = {}

    @staticmethod
    def _opening(made: Market, code: str) -> Opening:
        people = (PersonOpening("代表"),)
        province = made.holder("other_province")
        return Opening(code, code, "emitter", ("compliance",), people, province_id=province)

    def _begin(self, process: str, form: dict[str, object]) -> int:
        ctx = self.market.ctx
        return begin(ctx, self.depositor, process, None, form, submit=True).instance_id

    def _deposit(self) -> int:
        instance = self._begin("custody_application", deposit_form(**{PE21: LOT}))
        self.decide(self.registry, instance, APPROVE)
        [(lot,)] = self.market.rows(
            "SELECT id FROM ledger.custody_lot WHERE depositor_account_id = %(a)s",
            a=self.depositor.account_id,
        )
        return int(lot)

    def _link(self) -> None:
        codes = self.codes[1 : LINKED + 1]
        instance = self._begin("custody_link", {"holders": codes, "reason": "合并。"})
        self.decide(self.registry, instance, {**APPROVE, "linked": codes})

    def decide(self, actor: Actor, instance: int, form: dict[str, object]) -> None:
        rows = self.market.rows(
            "SELECT key FROM workflow.task WHERE instance_id = %(i)s AND holder_id = %(h)s",
            i=instance,
            h=actor.holder_id,
        )
        key = rows[0][0] if rows else 10**6
        decide(self.market.ctx, actor, Request(instance, key, form))

    @property
    def pending(self) -> int:
        held = (i for i, state in self.states.items() if state in {"reviews", "confirm"})
        return sum(sum(self.asked[i]) for i in held)

    def allowed(self, asked: list[int]) -> bool:
        """Something, for linked holders only, and no more than remains."""
        left = LOT - self.pending - sum(self.returned)
        return 0 < sum(asked) <= left and not any(asked[LINKED:])

    def move(self, kind: str, place: int, what: object) -> None:
        instance = self.instances[place] if place < len(self.instances) else None
        if kind == "submit":
            assert isinstance(what, list)
            self.submit(instance, what)
        elif instance is not None:
            getattr(self, kind)(instance, what)

    def submit(self, instance: int | None, asked: list[int]) -> None:
        lines = [(self.lot, self.codes[n + 1], q) for n, q in enumerate(asked) if q]
        form = return_form(*lines)
        fits = self.allowed(asked)
        try:
            if instance is None:
                instance = self._begin("custody_return", form)
                self.instances.append(instance)
                self.states[instance] = "draft"
            else:
                fits = fits and self.states[instance] == "draft"
                self.decide(self.depositor, instance, form)
        except RegistryError:
            assert not fits
            return
        assert fits
        self.states[instance], self.asked[instance] = "reviews", asked
        self.waiting[instance] = {n for n, q in enumerate(asked) if q}

    def review(self, instance: int, what: tuple[int, bool]) -> None:
        who, agrees = what
        fits = self.states[instance] == "reviews" and who in self.waiting[instance]
        if not self.done(fits, self.recipients[who], instance, AGREED if agrees else REFUSED):
            return
        self.waiting[instance].discard(who)
        if not agrees:
            self.states[instance] = "draft"
        elif not self.waiting[instance]:
            self.states[instance] = "confirm"

    def confirm(self, instance: int, agrees: bool) -> None:
        fits = self.states[instance] == "confirm"
        if not self.done(fits, self.registry, instance, APPROVE if agrees else RETURN):
            return
        self.states[instance] = "ended" if agrees else "draft"
        if agrees:
            self.returned = [
                a + b for a, b in zip(self.returned, self.asked[instance], strict=True)
            ]

    def withdraw(self, instance: int, _: object) -> None:
        if self.sent("withdraw", instance, self.states[instance] in {"reviews", "confirm"}):
            self.states[instance] = "draft"

    def discard(self, instance: int, _: object) -> None:
        if self.sent("discard", instance, self.states[instance] == "draft"):
            self.states[instance] = "ended"

    def done(self, fits: bool, actor: Actor, instance: int, form: dict[str, object]) -> bool:
        try:
            self.decide(actor, instance, form)
        except RegistryError:
            assert not fits
            return False
        assert fits
        return True

    def sent(self, name: str, instance: int, fits: bool) -> bool:
        try:
            trigger(self.market.ctx, self.depositor, instance, name)
        except RegistryError:
            assert not fits
            return False
        assert fits
        return True

    def agrees(self) -> None:
        [(reserved, returned, remaining)] = self.market.rows(
            "SELECT reserved, returned, remaining FROM ledger.custody_lot WHERE id = %(l)s",
            l=self.lot,
        )
        assert (reserved, returned) == (self.pending, sum(self.returned))
        assert remaining == LOT - reserved - returned
        for actor, quantity in zip(self.recipients, self.returned, strict=True):
            assert self.market.held(actor.account_id) == quantity
        for instance in self.instances:
            assert self.open(instance) == self.expected(instance)

    def open(self, instance: int) -> set[int]:
        rows = self.market.rows(
            "SELECT holder_id FROM workflow.task WHERE instance_id = %(i)s", i=instance
        )
        return {row[0] for row in rows}

    def expected(self, instance: int) -> set[int]:
        """Somebody is asked in every application that has not ended: nothing is stuck."""
        match self.states[instance]:
            case "draft":
                return {self.depositor.holder_id}
            case "reviews":
                return {self.recipients[n].holder_id for n in self.waiting[instance]}
            case "confirm":
                return {self.registry.holder_id}
        return set()


@given(moves)
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_the_parties_do_the_numbers_are_those_of_the_model(
    a_shared_market: Market, sequence: list[tuple[str, int, object]]
) -> None:
    model = Model(a_shared_market)
    for move in sequence:
        model.move(*move)
        model.agrees()
    assert verify(a_shared_market.ctx.database).ok
