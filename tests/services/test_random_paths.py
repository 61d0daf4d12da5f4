"""Any sequence of moves against a model of five lines: the numbers always agree (R5, D1, D2)."""

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.errors import RegistryError
from app.identity.actor import Actor
from app.ledger.verify import verify
from app.services.notices import NoticeRequest, issue
from app.services.opening import Opening, PersonOpening
from app.services.withdraw import trigger
from tests.postgres import Database
from tests.services.market import APPROVE, PE21, RETURN, Market, lines, market

pytestmark = pytest.mark.database
OWNED, OBLIGATION = 10, 8
_numbers = count(1)

moves = st.lists(
    st.tuples(
        st.sampled_from(["begin", "draft", "submit", "return", "approve", "withdraw", "discard"]),
        st.integers(0, 3),
        st.integers(1, 6),
    ),
    max_size=14,
)


@pytest.fixture(scope="module")
def a_shared_market(module_database: Database) -> Iterator[Market]:
    with market(module_database) as made:
        yield made


class Model:
    """One emitter, its notice, its applications: what must be true, without any ledger."""

    def __init__(self, made: Market) -> None:
        code = f"model{next(_numbers)}"
        people = (PersonOpening("代表"),)
        province = made.holder("other_province")
        made.open(Opening(code, code, "emitter", ("compliance",), people, province_id=province))
        self.market = made
        self.emitter: Actor = made.actor(code)
        self.officer: Actor = made.actor("other_province", 1)
        own = made.account("other_province", "provincial_total")
        made.order(
            "other_province", "provincial_allowance_allocation", own, OWNED, self.emitter.account_id
        )
        request = NoticeRequest(self.emitter.holder_id, 2021, OBLIGATION)
        self.notice = issue(made.ctx, made.actor("other_province"), request)
        self.states: dict[int, str] = {}
        self.pending: dict[int, int] = {}
        self.surrendered = 0

    def fits(self, quantity: int) -> bool:
        left = min(OWNED, OBLIGATION) - self.surrendered - sum(self.pending.values())
        return quantity <= left

    def move(self, kind: str, place: int, quantity: int) -> None:
        if kind in {"begin", "draft"}:
            self.begin(quantity, submit=kind == "begin")
            return
        instance = list(self.states)[place] if place < len(self.states) else None
        if instance is None:
            return
        needs = "draft" if kind in {"submit", "discard"} else "review"
        expected = self.states[instance] == needs and (kind != "submit" or self.fits(quantity))
        if self.happened(kind, instance, quantity, expected=expected):
            self.note(kind, instance, quantity)

    def begin(self, quantity: int, *, submit: bool) -> None:
        try:
            instance = self.market.begin(
                self.emitter, self.notice, lines(**{PE21: quantity}), submit=submit
            )
        except RegistryError:
            assert submit
            assert not self.fits(quantity)
            return
        assert not submit or self.fits(quantity)
        self.states[instance] = "review" if submit else "draft"
        if submit:
            self.pending[instance] = quantity

    def happened(self, kind: str, instance: int, quantity: int, *, expected: bool) -> bool:
        try:
            if kind in {"withdraw", "discard"}:
                trigger(self.market.ctx, self.emitter, instance, kind)
            elif kind == "submit":
                self.market.decide(
                    self.emitter, instance, lines(**{PE21: quantity}), key=self.key(instance)
                )
            else:
                answer = APPROVE if kind == "approve" else RETURN
                self.market.decide(self.officer, instance, answer, key=self.key(instance))
        except RegistryError:
            assert not expected
            return False
        assert expected
        return True

    def key(self, instance: int) -> int:
        found = self.market.rows(
            "SELECT key FROM workflow.task WHERE instance_id = %(i)s", i=instance
        )
        return int(found[0][0]) if found else 10**6

    def note(self, kind: str, instance: int, quantity: int) -> None:
        if kind == "submit":
            self.pending[instance] = quantity
        elif kind == "approve":
            self.surrendered += self.pending.pop(instance)
        else:
            self.pending.pop(instance, None)
        after = {"submit": "review", "approve": "ended", "discard": "ended"}
        self.states[instance] = after.get(kind, "draft")

    def agrees(self) -> None:
        pending = sum(self.pending.values())
        own = self.emitter.account_id
        held = [self.market.held(own, p) for p in ("registry_available", "registry_reserved")]
        assert held == [OWNED - pending - self.surrendered, pending]
        room = self.market.ceilings(self.notice)["obligation"]
        assert room == (OBLIGATION, pending, self.surrendered)


@given(moves)
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_is_done_the_numbers_are_those_of_the_model(
    a_shared_market: Market, sequence: list[tuple[str, int, int]]
) -> None:
    model = Model(a_shared_market)
    for move in sequence:
        model.move(*move)
        model.agrees()
    assert verify(a_shared_market.ctx.database).ok
