"""Random parties play surrender, cancellation, custody, links and returns against a small model.

Units are conserved, what is reserved is what open applications ask for, nobody decides twice or
for another, and no application is left without a task, a timer or an end.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.domain.errors import RegistryError
from app.identity.actor import Actor
from app.ledger.holdings import lots
from app.ledger.verify import verify
from app.services.applications import begin
from app.services.decide import Request, decide
from app.services.notices import NoticeRequest, issue
from app.services.opening import Opening, PersonOpening
from app.services.sweep import sweep
from app.services.withdraw import trigger
from tests.postgres import Database
from tests.services.custody import deposit_form, return_form
from tests.services.market import PE21, Market, lines, market

OWNED = 12
HOLDERS = ("A", "B", "C")
VERDICTS = ("approve", "approve", "return")  # or little would ever come to its end
SURRENDER, CANCEL, DEPOSIT = "compliance", "voluntary_cancel", "custody_application"
LINK, GIVE_BACK = "custody_link", "custody_return"
_numbers = count(1)

holder = st.sampled_from(HOLDERS)
quantity = st.integers(1, 6)
verdict = st.sampled_from(VERDICTS)


@dataclass
class Play:
    """One application as the model sees it; ``waits`` are the holders that are asked now."""

    process: str
    owner: str
    asks: dict[str, int] = field(default_factory=dict)  # recipient, or "" -> whole tonnes
    lot: int | None = None
    state: str = "draft"  # draft, review, confirm, ended
    waits: set[str] = field(default_factory=set)

    @property
    def total(self) -> int:
        return sum(self.asks.values())

    @property
    def holds(self) -> bool:
        """Whether units of its owner, or of its lot, are reserved for it."""
        return self.state in {"review", "confirm"} and self.process != LINK


class Parties(RuleBasedStateMachine):
    """Three emitters, their province, the registry."""

    market: Market

    @initialize()
    def open(self) -> None:
        made = self.market
        self.codes: dict[str, str] = {}
        self.people: dict[str, Actor] = {
            "management": made.actor("registry"),
            "province": made.actor("other_province", 1),
            "stranger": made.actor("stranger"),
        }
        self.notices: dict[str, int] = {}
        for name in HOLDERS:
            self._opened(name)
        self.plays: dict[int, Play] = {}
        self.gone = dict.fromkeys(HOLDERS, 0)  # surrendered, cancelled or in custody
        self.got = dict.fromkeys(HOLDERS, 0)  # given back to them
        self.links: set[tuple[str, str]] = set()
        self.remaining: dict[int, int] = {}
        self.lot_owner: dict[int, str] = {}
        self._begin(Play(DEPOSIT, "A", {"": 5}))
        self._begin(Play(LINK, "A", {"B": 0, "C": 0}))
        for instance, play in self.plays.items():
            assert self._decides(instance, "management", self._answer(play, "approve"))
            self._passed(play)
            play.waits = set()

    def _opened(self, name: str) -> None:
        made, code = self.market, f"{name}{next(_numbers)}"
        province = made.holder("other_province")
        made.open(
            Opening(code, code, "emitter", ("compliance",), (PersonOpening("代表"),),
                    province_id=province)
        )  # fmt: skip
        actor = made.actor(code)
        own = made.account("other_province", "provincial_total")
        made.order(
            "other_province", "provincial_allowance_allocation", own, OWNED, actor.account_id
        )
        request = NoticeRequest(actor.holder_id, 2021, OWNED)
        self.notices[name] = issue(made.ctx, made.actor("other_province"), request)
        self.codes[name], self.people[name] = code, actor

    # -- what the model expects ---------------------------------------------------------------

    def free(self, name: str) -> int:
        mine = (p for p in self.plays.values() if p.owner == name and p.process != GIVE_BACK)
        held = sum(p.total for p in mine if p.holds)
        return OWNED - self.gone[name] + self.got[name] - held

    def lot_left(self, lot: int) -> int:
        return self.remaining[lot] - sum(
            p.total for p in self.plays.values() if p.lot == lot and p.holds
        )

    def fits(self, play: Play) -> bool:
        if play.process == LINK:
            return True
        if play.process == GIVE_BACK:
            linked = all((play.owner, to) in self.links for to in play.asks)
            return linked and play.lot is not None and play.total <= self.lot_left(play.lot)
        room = self.free(play.owner)
        if play.process == SURRENDER:
            used = [p for p in self.plays.values() if p.owner == play.owner]
            used = [p for p in used if p.process == SURRENDER and p.state in {"review", "ended"}]
            room = min(room, OWNED - sum(p.total for p in used if p.asks))
        return play.total <= room

    def form(self, play: Play) -> dict[str, Any]:
        if play.process == GIVE_BACK:
            rows = [(play.lot or 0, self.codes[to], n) for to, n in play.asks.items()]
            return return_form(*rows)
        if play.process == LINK:
            return {"holders": [self.codes[to] for to in play.asks], "reason": "合并"}
        if play.process == SURRENDER:
            return lines(**{PE21: play.total})
        if play.process == DEPOSIT:
            return deposit_form(**{PE21: play.total})
        return {**lines(**{PE21: play.total}), "reason": "碳中和"}

    def submitted(self, play: Play) -> None:
        play.state = "review"
        reviewer = {SURRENDER: {"province"}, GIVE_BACK: set(play.asks)}
        play.waits = reviewer.get(play.process, {"management"})

    # -- what the parties do ------------------------------------------------------------------

    @rule(name=holder, process=st.sampled_from([SURRENDER, CANCEL, DEPOSIT]), asked=quantity)
    def ask_for_units(self, name: str, process: str, asked: int) -> None:
        self._begin(Play(process, name, {"": asked}))

    @rule(name=holder, to=st.sets(holder, min_size=1, max_size=2))
    def ask_for_a_link(self, name: str, to: set[str]) -> None:
        if name not in to:
            self._begin(Play(LINK, name, dict.fromkeys(sorted(to), 0)))

    @precondition(lambda self: self.remaining)
    @rule(data=st.data(), to=st.dictionaries(holder, quantity, min_size=1, max_size=3))
    def give_back(self, data: st.DataObject, to: dict[str, int]) -> None:
        lot = data.draw(st.sampled_from(sorted(self.remaining)))
        owner = self.lot_owner[lot]
        to.pop(owner, None)
        if to:
            self._begin(Play(GIVE_BACK, owner, to, lot))

    def _begin(self, play: Play) -> None:
        expected = self.fits(play)
        subject = self.notices[play.owner] if play.process == SURRENDER else None
        try:
            started = begin(
                self.market.ctx, self.people[play.owner], play.process, subject,
                self.form(play), submit=True,
            )  # fmt: skip
        except RegistryError:
            assert not expected, play
            return
        assert expected, play
        self.plays[started.instance_id] = play
        self.submitted(play)

    @precondition(lambda self: any(p.state == "draft" for p in self.plays.values()))
    @rule(data=st.data(), asked=quantity)
    def submit_again(self, data: st.DataObject, asked: int) -> None:
        instance, play = self._one(data, "draft")
        again = dict.fromkeys(play.asks, asked if play.process != LINK else 0)
        if play.process == GIVE_BACK and len(again) > 1 and data.draw(st.booleans()):
            again.pop(min(again))  # a recipient is dropped
        before, play.asks = play.asks, again
        expected = self.fits(play)
        if self._decides(instance, play.owner, self.form(play)):
            assert expected, play
            self.submitted(play)
        else:
            assert not expected, play
            play.asks = before

    @precondition(lambda self: any(p.waits for p in self.plays.values()))
    @rule(data=st.data(), answer=verdict)
    def review(self, data: st.DataObject, answer: str) -> None:
        instance, play = self._one(data, "review", "confirm")
        who = data.draw(st.sampled_from(sorted(play.waits)))
        assert self._decides(instance, who, self._answer(play, answer))
        play.waits.remove(who)
        if answer == "return":
            play.state, play.waits = "draft", set()
        elif not play.waits:
            self._passed(play)

    @precondition(lambda self: bool(self.plays))
    @rule(data=st.data(), answer=verdict, who=st.sampled_from([*HOLDERS, "province", "stranger"]))
    def a_wrong_one_reviews(self, data: st.DataObject, answer: str, who: str) -> None:
        instance, play = self._one(data, "draft", "review", "confirm", "ended")
        mine = who in play.waits or (play.state == "draft" and who == play.owner)
        if not mine:
            assert not self._decides(instance, who, self._answer(play, answer), anybodys=True)

    @precondition(lambda self: any(p.waits for p in self.plays.values()))
    @rule(data=st.data(), who=holder)
    def withdraw(self, data: st.DataObject, who: str) -> None:
        instance, play = self._one(data, "review", "confirm")
        try:
            trigger(self.market.ctx, self.people[who], instance, "withdraw")
        except RegistryError:
            assert who != play.owner
            return
        assert who == play.owner
        play.state, play.waits = "draft", set()

    @precondition(lambda self: any(p.waits for p in self.plays.values()))
    @rule(hours=st.integers(1, 90))
    def time_passes(self, hours: int) -> None:
        """Reminders only: nothing ends within the weeks that a play takes."""
        self.market.clock.advance(timedelta(hours=hours))
        sweep(self.market.ctx)

    # -- how ----------------------------------------------------------------------------------

    def _one(self, data: st.DataObject, *states: str) -> tuple[int, Play]:
        found = sorted(i for i, p in self.plays.items() if p.state in states)
        instance = data.draw(st.sampled_from(found))
        return instance, self.plays[instance]

    def _answer(self, play: Play, answer: str) -> dict[str, Any]:
        form: dict[str, Any] = {"verdict": answer, "opinion": "意见"}
        if play.process == LINK:
            form["linked"] = [self.codes[to] for to in play.asks]
        return form

    def _passed(self, play: Play) -> None:
        if play.process == GIVE_BACK and play.state == "review":
            play.state, play.waits = "confirm", {"management"}
            return
        play.state = "ended"
        if play.process == LINK:
            self.links |= {(play.owner, to) for to in play.asks}
        elif play.process == GIVE_BACK:
            self.remaining[play.lot or 0] -= play.total
            for to, n in play.asks.items():
                self.got[to] += n
        else:
            self.gone[play.owner] += play.total
        if play.process == DEPOSIT:
            with self.market.ctx.database.transaction() as tx:
                new = lots(tx, self.people[play.owner].account_id)[-1]
            self.remaining[new.id], self.lot_owner[new.id] = new.quantity, play.owner

    def _decides(
        self, instance: int, who: str, form: dict[str, Any], *, anybodys: bool = False
    ) -> bool:
        """Let somebody complete a task: their own, or anybody's that is open."""
        actor = self.people[who]
        keys = self.market.rows(
            """SELECT key FROM workflow.task WHERE instance_id = %(i)s
               AND (%(any)s OR holder_id = %(h)s) ORDER BY key""",
            i=instance,
            h=actor.holder_id,
            any=anybodys,
        )
        try:
            decide(self.market.ctx, actor, Request(instance, keys[0][0] if keys else 1, form))
        except RegistryError:
            return False
        return True

    # -- what is always true ------------------------------------------------------------------

    @invariant()
    def each_holder_has_what_the_model_says(self) -> None:
        for name in HOLDERS if hasattr(self, "plays") else ():
            account = self.people[name].account_id
            mine = [p for p in self.plays.values() if p.owner == name and p.process != GIVE_BACK]
            held = sum(p.total for p in mine if p.holds)
            assert self.market.held(account, "registry_available") == self.free(name)
            assert self.market.held(account, "registry_reserved") == held

    @invariant()
    def each_lot_has_what_the_model_says(self) -> None:
        for lot, left in self.remaining.items() if hasattr(self, "plays") else ():
            [(remaining,)] = self.market.rows(
                "SELECT remaining FROM ledger.custody_lot WHERE id = %(l)s", l=lot
            )
            assert remaining == self.lot_left(lot), left

    @invariant()
    def every_application_waits_for_those_the_model_says_or_has_ended(self) -> None:
        for instance, play in self.plays.items() if hasattr(self, "plays") else ():
            [(status, stuck)] = self.market.rows(
                "SELECT status, stuck FROM workflow.instance WHERE id = %(i)s", i=instance
            )
            assert (status == "ended", stuck) == (play.state == "ended", "")
            asked = {row[0] for row in self.market.rows(
                "SELECT holder_id FROM workflow.task WHERE instance_id = %(i)s", i=instance
            )}  # fmt: skip
            waits = {play.owner} if play.state == "draft" else play.waits
            assert asked == {self.people[who].holder_id for who in waits}

    @invariant()
    def nobody_decided_twice_or_for_another(self) -> None:
        if not hasattr(self, "plays"):
            return
        twice = self.market.rows(
            """SELECT instance_id FROM workflow.decision
               WHERE kind = 'complete' AND instance_id = ANY (%(all)s)
               GROUP BY instance_id, element_id, visit, holder_id HAVING count(*) > 1""",
            all=list(self.plays),
        )
        assert twice == []
        others = self.market.rows(
            """SELECT d.id FROM workflow.decision d JOIN workflow.participant p
                   ON p.instance_id = d.instance_id AND p.person_id = d.person_id
               WHERE d.instance_id = ANY (%(all)s) AND p.holder_id <> d.holder_id""",
            all=list(self.plays),
        )
        assert others == []

    def teardown(self) -> None:
        assert verify(self.market.ctx.database).ok


@pytest.fixture(scope="module")
def a_shared_market(module_database: Database) -> Iterator[Market]:
    with market(module_database) as made:
        yield made


def test_whatever_the_parties_do_the_model_agrees(a_shared_market: Market) -> None:
    Parties.market = a_shared_market
    run_state_machine_as_test(
        Parties,
        settings=settings(
            max_examples=20,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
