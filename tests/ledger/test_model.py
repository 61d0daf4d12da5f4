"""Random reserve, post, void, direct and reverse against a small model of a dozen lines."""

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from app.domain.errors import Conflict, Invalid
from app.ledger.effects import Draw
from app.ledger.holdings import holdings
from app.ledger.statement import movements
from app.ledger.verify import verify
from tests.ledger.market import Market, market
from tests.postgres import TestDatabases

pytestmark = pytest.mark.database

TONNES = st.integers(min_value=1, max_value=60)
EMITTERS = st.sampled_from(["compliance", "other"])
WHO = {"compliance": "emitter", "other": "other"}
NATIONAL = {"who": "national", "approver": "national_2"}
OPERATORS = {"who": "operator", "approver": "operator_2"}


class Ledger(RuleBasedStateMachine):
    """The model: tonnes per account and position, the state of each transfer, one ceiling each."""

    market: Market

    @initialize()
    def supplied(self) -> None:
        self.held: Counter[tuple[str, str]] = Counter()
        self.transfers: dict[int, tuple[str, int, str]] = {}
        self.drawn = {name: Counter() for name in WHO}
        self.before = self._now()
        n = next(self.market.keys)
        self.ceilings = {name: self.market.ceiling(f"{name}-{n}", 120) for name in WHO}
        for name in WHO:
            self.market.supply(100, name)
            self.held[name, "registry_available"] += 100

    def _now(self) -> Counter[tuple[str, str]]:
        return Counter(
            {
                (account, position): tonnes
                for account, position, tonnes in self.market.rows(
                    """SELECT a.number, b.position, sum(upper(serials) - lower(serials))::bigint
                       FROM ledger.unit_block b JOIN identity.account a ON a.id = b.account_id
                       GROUP BY 1, 2"""
                )
            }
        )

    @rule(name=EMITTERS, tonnes=TONNES)
    def reserve(self, name: str, tonnes: int) -> None:
        drawn = self.drawn[name]
        fits = self.free(name) >= tonnes and drawn["reserved"] + drawn["used"] + tonnes <= 120
        wish = {"source": name, "who": WHO[name], "ceilings": (Draw(self.ceilings[name], tonnes),)}
        if not fits:
            with pytest.raises(Invalid):
                self.market.reserve(tonnes, **wish)
            return
        transfer = self.market.reserve(tonnes, **wish)
        self.transfers[transfer] = (name, tonnes, "reserved")
        self.move(tonnes, (name, "registry_available"), (name, "registry_reserved"))
        drawn["reserved"] += tonnes

    def free(self, name: str) -> int:
        return (self.before + self.held)[name, "registry_available"]

    def move(self, tonnes: int, source: tuple[str, str], target: tuple[str, str]) -> None:
        self.held[source] -= tonnes
        self.held[target] += tonnes

    @rule(choice=st.randoms(use_true_random=False), approve=st.booleans())
    def resolve(self, choice, approve: bool) -> None:
        if not self.transfers:
            return
        transfer = choice.choice(sorted(self.transfers))
        name, tonnes, state = self.transfers[transfer]
        act = self.market.post if approve else self.market.void
        if state != "reserved":
            with pytest.raises(Conflict):
                act(transfer)
            return
        act(transfer)
        self.drawn[name]["reserved"] -= tonnes
        if approve:
            self.move(tonnes, (name, "registry_reserved"), ("surrender", "registry_available"))
            self.drawn[name]["used"] += tonnes
        else:
            self.move(tonnes, (name, "registry_reserved"), (name, "registry_available"))
        self.transfers[transfer] = (name, tonnes, "posted" if approve else "voided")

    @rule(choice=st.randoms(use_true_random=False))
    def reverse(self, choice) -> None:
        if not self.transfers:
            return
        transfer = choice.choice(sorted(self.transfers))
        name, tonnes, state = self.transfers[transfer]
        if state != "posted":
            with pytest.raises((Conflict, Invalid)):
                self.market.reverse(transfer)
            return
        self.market.reverse(transfer)
        self.transfers[transfer] = (name, tonnes, "reversed")
        self.drawn[name]["used"] -= tonnes
        self.move(tonnes, ("surrender", "registry_available"), (name, "registry_available"))

    @rule(name=EMITTERS, tonnes=TONNES, freeze=st.booleans())
    def freeze_or_not(self, name: str, tonnes: int, freeze: bool) -> None:
        ends = ((name, "registry_available"), (name, "registry_frozen"))
        source, target = ends if freeze else ends[::-1]
        wish = ("freeze" if freeze else "unfreeze", name, None, "allowance", tonnes)
        if (self.before + self.held)[source] < tonnes:
            with pytest.raises(Invalid):
                self.market.direct(*wish, **OPERATORS)
            return
        self.market.direct(*wish, **OPERATORS)
        self.move(tonnes, source, target)

    @rule(tonnes=TONNES)
    def issue(self, tonnes: int) -> None:
        self.market.direct(
            "allowance_create", "issuance_source", None, "allowance", tonnes, **NATIONAL
        )
        self.held["national_total", "registry_available"] += tonnes

    @invariant()
    def the_blocks_hold_what_the_model_holds(self) -> None:
        if hasattr(self, "held"):
            expected = Counter(self.before)
            expected.update(self.held)
            assert self._now() == Counter({k: v for k, v in expected.items() if v})

    @invariant()
    def the_ceilings_say_what_the_model_drew(self) -> None:
        for name, ceiling in getattr(self, "ceilings", {}).items():
            drawn = self.drawn[name]
            assert self.market.ceiling_state(ceiling) == (120, drawn["reserved"], drawn["used"])

    @invariant()
    def the_journal_verifies(self) -> None:
        report = verify(self.market.database)
        assert report.ok, list(report.lines())

    def teardown(self) -> None:
        with self.market.database.transaction() as tx:
            for name in WHO:
                account = self.market.accounts[name]
                totals = {h.instrument_id: h.total for h in holdings(tx, account)}
                rows = list(movements(tx, account, "registry"))
                assert sum(row.change for row in rows) == sum(totals.values())
                if rows:
                    assert rows[0].balance == totals.get(rows[0].instrument_id, 0)
        # The next example begins where this one ends: nothing of it may be left pending.
        for transfer, (_, _, state) in getattr(self, "transfers", {}).items():
            if state == "reserved":
                self.market.void(transfer)


def test_the_ledger_does_what_its_model_does(databases: TestDatabases):
    examples = int(os.environ.get("LEDGER_EXAMPLES", "12"))
    with databases.fresh() as database, market(database.app_url, database.owner_url) as made:

        class OfThisMarket(Ledger):
            market = made

        run_state_machine_as_test(
            OfThisMarket,
            settings=settings(
                max_examples=examples,
                stateful_step_count=20,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
