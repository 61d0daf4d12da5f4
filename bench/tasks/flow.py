"""What the three contenders have in common: the same applications, the same order of tasks.

Submit, review, and every sixteenth application is returned once: 6 % refusals.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from time import perf_counter

from app.bootstrap import build
from app.domain.clock import FixedClock
from app.services.context import Context
from app.services.drafts import save_within
from app.services.rehearsal.market import OPENING_DAY
from app.services.start import start_within
from bench.crew import Measure
from bench.databases import Place
from bench.market import FORM, PROCESS, Applicant, applicants

RETURNED = 16
OPINION = "请核对申请提交量与核查结论后重新提交。"


@dataclass(frozen=True, slots=True)
class Open:
    """An application with its open task."""

    applicant: Applicant
    instance_id: int
    key: int


class Flow(ABC):
    """One client of one contender; ``signs``: on accounts that ask for signatures, or on others."""

    signs = False

    def __init__(self, place: Place, number: int, clients: int) -> None:
        self.ctx: Context = build(place.settings, FixedClock(OPENING_DAY))
        mine = [who for who in applicants(self.ctx) if who.signs == self.signs]
        self._applicants = mine[number::clients]
        self._next = count()
        self._ready: list[Open] = []

    @abstractmethod
    def submit(self, task: Open) -> None:
        """Submit the application, in one committed transaction."""

    @abstractmethod
    def review(self, task: Open, verdict: str, opinion: str) -> None:
        """Approve or return it, in one committed transaction."""

    def get_ready(  # noqa: B027 - most have nothing to do
        self, tasks: Sequence[Open], verdict: str, opinion: str
    ) -> None:
        """Do what comes before deciding, for all of them; not measured."""

    def spent(self, task: Open) -> float:  # noqa: ARG002 - of this very task, where there is any
        """Return the seconds of getting ready that count all the same."""
        return 0.0

    def prepare(self, pieces: int) -> None:
        """Start applications with a saved draft; two tasks each."""
        with self.ctx.database.transaction() as tx:
            for _ in range(-(-pieces // 2)):
                who = self._applicants[next(self._next) % len(self._applicants)]
                begun = start_within(self.ctx, tx, who.emitter, PROCESS, who.notice_id)
                save_within(self.ctx, tx, who.emitter, begun.instance_id, begun.key, FORM)
                self._ready.append(Open(who, begun.instance_id, begun.key))

    def work(self) -> Measure:
        """Bring what was prepared to its end; looking up what is open next is not measured."""
        times: list[float] = []
        opened, self._ready = self._ready, []
        self._each(times, opened)
        opened = self._open_now(opened)
        returned = opened[::RETURNED]
        self._each(times, returned, "return", OPINION)
        again = self._open_now(returned)
        self._each(times, again)
        last = [task for n, task in enumerate(opened) if n % RETURNED] + self._open_now(again)
        self._each(times, last, "approve")
        return Measure(times, sum(times))

    def _each(
        self, times: list[float], tasks: Sequence[Open], verdict: str = "", opinion: str = ""
    ) -> None:
        """Submit each, or review it where there is a verdict."""
        self.get_ready(tasks, verdict, opinion)
        for task in tasks:
            began = perf_counter()
            if verdict:
                self.review(task, verdict, opinion)
            else:
                self.submit(task)
            times.append(perf_counter() - began + self.spent(task))

    def _open_now(self, tasks: Sequence[Open]) -> list[Open]:
        with self.ctx.database.transaction() as tx:
            keys = dict(
                tx.all(
                    "SELECT instance_id, key FROM workflow.task WHERE instance_id = ANY (%(ids)s)",
                    {"ids": [task.instance_id for task in tasks]},
                )
            )
        return [Open(task.applicant, task.instance_id, keys[task.instance_id]) for task in tasks]
