"""Pages beside a million finished applications: the services behind them, while others write."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import partial
from random import Random
from time import perf_counter
from typing import Any

from app.bootstrap import build
from app.domain.clock import FixedClock
from app.ledger.holdings import holdings
from app.services.application import application
from app.services.inbox import Filters, page, query
from app.services.rehearsal.market import OPENING_DAY
from bench.crew import Measure, crew
from bench.databases import Place
from bench.market import applicants
from bench.report import Row, in_turns, percentile, row
from bench.tasks.service import Service

PAGES = 100
P95 = 0.95


class Reader(ABC):
    """A client that opens one page of somebody after another."""

    def __init__(self, place: Place, number: int, _clients: int) -> None:
        self.ctx = build(place.settings, FixedClock(OPENING_DAY))
        self._people = applicants(self.ctx)
        self._random = Random(number)  # noqa: S311 - the same pages in every run
        self._wanted: list[Any] = []

    @abstractmethod
    def choose(self, random: Random) -> Any:
        """Return what to open next; not measured."""

    @abstractmethod
    def open(self, wanted: Any) -> None:
        """Open it."""

    def prepare(self, pieces: int) -> None:
        """Choose so many."""
        self._wanted = [self.choose(self._random) for _ in range(pieces)]

    def work(self) -> Measure:
        """Open them."""
        times = []
        for wanted in self._wanted:
            began = perf_counter()
            self.open(wanted)
            times.append(perf_counter() - began)
        return Measure(times, sum(times))


class InboxList(Reader):
    """The list of the inbox, in the database alone."""

    def choose(self, random: Random) -> Any:
        """Return a province's officer."""
        return random.choice(self._people).officer

    def open(self, wanted: Any) -> None:
        """Read the first page."""
        with self.ctx.database.transaction() as tx:
            tx.all(*query(self.ctx.clock.now(), wanted, Filters(), None))


class InboxPage(InboxList):
    """The inbox with its counts, as the page asks for it."""

    def open(self, wanted: Any) -> None:
        """Read the first page."""
        page(self.ctx, wanted, Filters())


class Holdings(Reader):
    """What an emitter holds."""

    def choose(self, random: Random) -> Any:
        """Return an emitter."""
        return random.choice(self._people).emitter

    def open(self, wanted: Any) -> None:
        """Read its holdings."""
        with self.ctx.database.transaction() as tx:
            holdings(tx, wanted.account_id)


class History(Reader):
    """One finished application with all that happened."""

    def choose(self, random: Random) -> Any:
        """Return an emitter and one of its applications."""
        emitter = random.choice(self._people).emitter
        with self.ctx.database.transaction() as tx:
            found = tx.one(
                """SELECT id FROM workflow.instance WHERE applicant_id = %(holder)s
                   AND status = 'ended' AND id > %(from)s ORDER BY id LIMIT 1""",
                {"holder": emitter.holder_id, "from": 0},
            )
        return emitter, found[0] if found else 0

    def open(self, wanted: Any) -> None:
        """Read it."""
        application(self.ctx, *wanted)


READERS: Sequence[tuple[str, type[Reader], str]] = (
    ("inbox list in the database, p95 under writes", InboxList, "2 ms, then 1 ms"),
    ("inbox page, p95 under writes", InboxPage, ""),
    ("holdings page, p95 under writes", Holdings, ""),
    ("history page, p95 under writes", History, ""),
)


def pages(place: Place, rounds: int) -> Iterator[Row]:
    """Yield the 95th percentile of each page while one client completes tasks."""
    with crew(partial(Service, place), 1) as writer, writer.busy(100):
        for name, reader, goal in READERS:
            with crew(partial(reader, place), 1) as readers:
                samples = in_turns({name: lambda: _p95(readers.round(PAGES))}, rounds)
                yield row(samples, name, "ms", goal=goal)


def _p95(measures: Sequence[Measure]) -> float:
    return 1000 * percentile(measures[0].times, P95)


def growth(empty: Place, crowded: Place, finished: int, rounds: int) -> Iterator[Row]:
    """Yield what a task takes beside so many finished applications, and in a new registry."""
    near, far = "task beside few applications", f"task beside {finished:,} applications"
    with (
        crew(partial(Service, empty), 1) as few,
        crew(partial(Service, crowded), 1) as many,
    ):
        samples = in_turns(
            {near: lambda: _each(few.round(300)), far: lambda: _each(many.round(300))}, rounds
        )
    yield row(samples, near, "ms")
    yield row(samples, far, "ms", near, "1.3, then 1.1")


def _each(measures: Sequence[Measure]) -> float:
    return 1000 / measures[0].rate
