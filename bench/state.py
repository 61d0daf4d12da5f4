"""How large a saved instance is, after none and after many refusals, ours and the stock one's."""

from collections.abc import Iterator, Mapping

from app.domain.clock import FixedClock
from app.services.context import Context
from app.services.rehearsal.market import DEADLINE, OPENING_DAY
from app.workflow.bundle import read_bundles
from app.workflow.definition import Definition
from app.workflow.run import Run
from bench.market import PROCESS
from bench.report import Row
from bench.tasks.stock import StockEngine, complete

REFUSALS = 100
NONE, MANY = "state, no refusal", f"state, {REFUSALS} refusals"
VALUES = {"deadline": DEADLINE.isoformat(), "remind_at": DEADLINE.isoformat()}


def sizes(ctx: Context) -> Iterator[Row]:
    """Yield bytes of the state while the review is open."""
    bundle = next(
        b
        for b in read_bundles(ctx.settings.processes, ctx.settings.forms)
        if b.process_id == PROCESS
    )
    ours = _ours(Definition.load(bundle, ctx.operators.specs))
    stock = _stock(StockEngine(bundle.diagram))
    for name in (NONE, MANY):
        yield Row(f"{name}, stock", stock[name], "bytes")
    yield _row(NONE, ours[NONE], f"{NONE}, stock", stock[NONE], "1/15 = 0.067, then 1/40 = 0.025")
    yield _row(MANY, ours[MANY], f"{MANY}, stock", stock[MANY])
    yield _row(MANY, ours[MANY], NONE, ours[NONE], "1.1, then 1.0")


def _row(name: str, size: int, to: str, other: int, goal: str = "") -> Row:
    return Row(name, size, "bytes", to, round(size / other, 4), goal)


def _ours(definition: Definition) -> dict[str, int]:
    clock = FixedClock(OPENING_DAY)
    run = Run.start(definition, VALUES, clock, _nothing)
    sizes = {}
    for refusals in range(REFUSALS + 1):
        run = _step(definition, run, clock, {})
        if refusals in {0, REFUSALS}:
            sizes[MANY if refusals else NONE] = len(run.dump())
        run = _step(definition, run, clock, {"verdict": "return"})
    return sizes


def _step(definition: Definition, run: Run, clock: FixedClock, data: Mapping[str, object]) -> Run:
    """Complete the open task, save, restore: as the service does, a step at a time."""
    run.complete(run.open_tasks()[0].key, data)
    return Run.restore(definition, run.dump(), clock, _nothing)


def _nothing(_operator: str, _params: Mapping[str, object]) -> None:
    """The ledger does not matter here."""


def _stock(engine: StockEngine) -> dict[str, int]:
    values = VALUES | {"remind_at": "2099-01-01T00:00:00+00:00"}
    workflow = engine.load(engine.dump(engine.start(values)), lambda _name, _params: None)
    sizes = {}
    for refusals in range(REFUSALS + 1):
        complete(workflow, "fill_surrender", {})
        if refusals in {0, REFUSALS}:
            sizes[MANY if refusals else NONE] = len(engine.dump(workflow))
        complete(workflow, "review_surrender", {"verdict": "return"})
    return sizes
