"""Random people try random moves on cancellations: only who may succeeds, and the sums agree."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.errors import RegistryError
from app.identity.actor import Actor
from app.ledger.verify import verify
from app.services.applications import begin
from app.services.opening import Opening, PersonOpening
from app.services.sweep import sweep
from app.services.withdraw import trigger
from tests.postgres import Database
from tests.services.market import APPROVE, PE21, RETURN, Market, market

OWNED = 10
HOLDERS, MANAGEMENT, OTHERS = ("one", "two"), "management", ("province", "neighbour")
FORM_MOVES = ("begin", "draft", "submit")
_numbers = count(1)

moves = st.lists(
    st.tuples(
        st.sampled_from([*FORM_MOVES, "approve", "return", "withdraw", "discard", "wait"]),
        st.sampled_from([*HOLDERS, *HOLDERS, MANAGEMENT, MANAGEMENT, *OTHERS]),
        st.integers(0, 3),
        st.integers(1, 7),
    ),
    max_size=14,
)


@pytest.fixture(scope="module")
def a_shared_market(module_database: Database) -> Iterator[Market]:
    with market(module_database) as made:
        yield made


class Model:
    """Two emitters and their cancellations, without any ledger: whose, in which state, how much."""

    def __init__(self, made: Market) -> None:
        self.market = made
        self.people: dict[str, Actor] = {
            MANAGEMENT: made.actor("registry"),
            **{name: made.actor(name) for name in OTHERS},
            **{name: self.opened(f"{name}{next(_numbers)}") for name in HOLDERS},
        }
        self.owner: dict[int, str] = {}
        self.states: dict[int, str] = {}
        self.asked: dict[int, int] = {}
        self.since: dict[int, int] = {}
        self.day = 0
        self.gone = dict.fromkeys(HOLDERS, 0)

    def opened(self, code: str) -> Actor:
        made = self.market
        province = made.holder("other_province")
        people = (PersonOpening("代表"),)
        made.open(Opening(code, code, "emitter", ("compliance",), people, province_id=province))
        actor = made.actor(code)
        own = made.account("other_province", "provincial_total")
        kind = "provincial_allowance_allocation"
        made.order("other_province", kind, own, OWNED, actor.account_id)
        return actor

    def pending(self, name: str) -> int:
        mine = [i for i, owner in self.owner.items() if owner == name]
        return sum(self.asked[i] for i in mine if self.states[i] == "review")

    def fits(self, name: str, quantity: int) -> bool:
        return quantity <= OWNED - self.gone[name] - self.pending(name)

    def move(self, kind: str, name: str, place: int, quantity: int) -> None:
        if kind == "wait":
            self.wait(quantity * 15)
        elif kind in {"begin", "draft"}:
            self.begin(name, quantity, submit=kind == "begin")
        elif place < len(self.states):
            instance = list(self.states)[place]
            expected = self.may(kind, name, instance, quantity)
            if self.happened(kind, name, instance, quantity):
                assert expected
                self.note(kind, instance, quantity)
            else:
                assert not expected

    def may(self, kind: str, name: str, instance: int, quantity: int) -> bool:
        state, own = self.states[instance], self.owner[instance] == name
        if kind in {"approve", "return"}:
            return state == "review" and name == MANAGEMENT
        if kind == "submit":
            return state == "draft" and own and self.fits(name, quantity)
        return own and state == ("review" if kind == "withdraw" else "draft")

    def begin(self, name: str, quantity: int, *, submit: bool) -> None:
        allowed = name in HOLDERS and (not submit or self.fits(name, quantity))
        if name == "neighbour":
            return  # an emitter of its own, with units of its own
        try:
            started = begin(
                self.market.ctx, self.people[name], "voluntary_cancel", None, form(quantity),
                submit=submit,
            )  # fmt: skip
        except RegistryError:
            assert not allowed
            return
        assert allowed
        instance = started.instance_id
        self.owner[instance], self.asked[instance] = name, quantity
        self.states[instance] = "review" if submit else "draft"
        self.since[instance] = self.day

    def happened(self, kind: str, name: str, instance: int, quantity: int) -> bool:
        actor, ctx = self.people[name], self.market.ctx
        answers = {"approve": APPROVE, "return": RETURN, "submit": form(quantity)}
        try:
            if kind in answers:
                self.market.decide(actor, instance, answers[kind], key=self.key(instance))
            else:
                trigger(ctx, actor, instance, kind)
        except RegistryError:
            return False
        return True

    def key(self, instance: int) -> int:
        sql = "SELECT key FROM workflow.task WHERE instance_id = %(i)s"
        found = self.market.rows(sql, i=instance)
        return int(found[0][0]) if found else 10**6

    def note(self, kind: str, instance: int, quantity: int) -> None:
        if kind == "submit":
            self.asked[instance] = quantity
        if kind == "approve":
            self.gone[self.owner[instance]] += self.asked[instance]
        after = {"submit": "review", "approve": "approved", "discard": "discarded"}
        self.states[instance] = after.get(kind, "draft")
        self.since[instance] = self.day

    def wait(self, days: int) -> None:
        self.market.clock.advance(timedelta(days=days))
        self.day += days
        sweep(self.market.ctx)
        for instance, state in self.states.items():
            if state == "draft" and self.day - self.since[instance] >= 90:
                self.states[instance] = "expired"

    def agrees(self) -> None:
        for name in HOLDERS:
            own = self.people[name].account_id
            held = [self.market.held(own, p) for p in ("registry_available", "registry_reserved")]
            pending = self.pending(name)
            assert held == [OWNED - pending - self.gone[name], pending]
        for instance, state in self.states.items():
            sql = "SELECT element_id FROM workflow.task WHERE instance_id = %(i)s"
            waiting = [element for (element,) in self.market.rows(sql, i=instance)]
            expected = {"draft": ["fill_cancellation"], "review": ["review_cancellation"]}
            assert waiting == expected.get(state, [])
            certified = "SELECT 1 FROM certificates.certificate WHERE instance_id = %(i)s"
            assert len(self.market.rows(certified, i=instance)) == (state == "approved")


def form(quantity: int) -> dict[str, object]:
    return {"lines": [{"instrument": PE21, "quantity": str(quantity)}], "reason": "公益。"}


@given(moves)
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whoever_tries_what_only_the_entitled_succeed_and_the_sums_agree(
    a_shared_market: Market, sequence: list[tuple[str, str, int, int]]
) -> None:
    model = Model(a_shared_market)
    for move in sequence:
        model.move(*move)
        model.agrees()
    assert verify(a_shared_market.ctx.database).ok
