"""Random walks: what a run shows, and the moves that can be made in it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from app.domain.clock import FixedClock
from app.services.operators import standard_operators
from app.workflow.bundle import read_bundles
from app.workflow.definition import Definition
from app.workflow.operators import OperatorSpec, ParameterSpec
from app.workflow.run import Run
from app.workflow.trail import Visit

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
BEGIN = datetime(2021, 11, 1, tzinfo=UTC)
TEXT = ParameterSpec()


def _two_phase_types() -> frozenset[str]:
    types = tomllib.loads((ROOT / "app/ledger/transaction_types.toml").read_text("utf-8"))
    return frozenset(code for code, entry in types.items() if "two_phase" in entry.get("modes", ()))


OPERATORS: Mapping[str, OperatorSpec] = {
    **standard_operators(_two_phase_types()).specs,
    "note": OperatorSpec({"what": TEXT}),
    "set": OperatorSpec({"name": TEXT, "value": TEXT}),
}

RECIPIENTS: list[object] = [11, 12, 13]
VALUES: Mapping[str, object] = {
    "deadline": "2021-12-31T15:59:59+00:00",
    "remind_at": "2021-12-21T00:00:00+00:00",
    "members": ["ann", "bob", "cai"],
}


@cache
def real_definitions() -> list[Definition]:
    """Return the diagrams that are deployed."""
    return [Definition.load(b, OPERATORS) for b in read_bundles(ROOT / "processes", ROOT / "forms")]


@cache
def test_definitions() -> list[Definition]:
    """Return the diagrams made for tests: timers, joins, subprocesses, repeated tasks."""
    found = read_bundles(HERE / "diagrams", HERE / "diagrams" / "forms")
    return [Definition.load(b, OPERATORS) for b in found]


test_definitions.__test__ = False  # type: ignore[attr-defined]


def definition(process_id: str) -> Definition:
    """Return a definition by the id of its process."""
    known = (*real_definitions(), *test_definitions())
    return next(d for d in known if d.process_id == process_id)


@dataclass
class Walker:
    """A run, its clock, and what its operators were asked; saved and restored if ``saves``."""

    definition: Definition
    saves: bool = True
    values: Mapping[str, object] = field(default_factory=lambda: dict(VALUES))
    clock: FixedClock = field(default_factory=lambda: FixedClock(BEGIN))
    asked: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    path: list[Visit] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.run = Run.start(self.definition, self.values, self.clock, self.operate)
        self._rest()

    def operate(self, operator: str, parameters: dict[str, object]) -> dict[str, object] | None:
        """Keep what was asked; ``set`` gives a declared value, a reservation who receives."""
        self.asked.append((operator, parameters))
        if operator == "ledger/reserve":
            return {"recipients": RECIPIENTS}
        return {str(parameters["name"]): parameters["value"]} if operator == "set" else None

    def complete(self, task_id: str, **answers: object) -> None:
        """Complete the first open task of an element."""
        self.complete_key(
            next(t.key for t in self.run.open_tasks() if t.task.id == task_id), answers
        )

    def complete_key(self, key: int, answers: Mapping[str, object]) -> None:
        self.run.complete(key, answers)
        self._rest()

    def trigger(self, name: str) -> None:
        self.run.trigger(name)
        self._rest()

    def pass_time(self, step: timedelta) -> None:
        """Let time pass and fire what is due."""
        self.clock.advance(step)
        self.run.fire_timers()
        self._rest()

    def _rest(self) -> None:
        self.path += self.run.path
        self.run.path.clear()
        if self.saves:
            state = self.run.dump()
            self.run = Run.restore(self.definition, state, self.clock, self.operate)

    def open(self) -> list[str]:
        return [t.task.id for t in self.run.open_tasks()]

    def lanes(self) -> list[str]:
        return [self.definition.lane_of(i).key for i in self.open()]

    def passed(self, *kinds: str) -> list[str]:
        return [v.element_id for v in self.path if v.kind in (kinds or ("task", "event"))]

    def view(self) -> dict[str, Any]:
        """Return everything a user of the seam can see."""
        run = self.run
        return {
            "open": run.open_tasks(),
            "triggers": sorted(t.element_id for t in run.open_triggers()),
            "wake": run.next_wake(),
            "ended": run.ended,
            "outcome": run.outcome,
            "data": run.data,
            "visits": run.visits,
            "path": self.path,
            "asked": self.asked,
        }
