"""Clients: processes of their own that keep their connections and caches between the rounds."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import Event, Thread
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Measure:
    """What one client did: seconds of each piece of work, and of all of it together."""

    times: list[float]
    seconds: float

    @property
    def rate(self) -> float:
        """Pieces of work a second."""
        return len(self.times) / self.seconds


class Client(Protocol):
    """What a client process runs."""

    def prepare(self, pieces: int) -> None:
        """Get so many pieces of work ready; not measured."""

    def work(self) -> Measure:
        """Do what was prepared."""


Maker = Callable[[int, int], Client]  # (which client, of how many) -> client


class Crew:
    """Some clients that work at the same time."""

    def __init__(self, pipes: Sequence[Connection]) -> None:
        self._pipes = pipes

    def round(self, pieces: int, clients: int | None = None) -> list[Measure]:
        """Let the clients (or the first few) prepare and then, all at once, do so many pieces."""
        pipes = self._pipes[:clients]
        _ask(pipes, ("prepare", pieces))
        return _ask(pipes, ("work",))

    @contextmanager
    def busy(self, pieces: int) -> Iterator[None]:
        """The clients work on as many pieces while the block runs, over and over."""
        stop = Event()
        restless = Thread(target=self._until, args=(stop, pieces))
        restless.start()
        try:
            yield
        finally:
            stop.set()
            restless.join()

    def _until(self, stop: Event, pieces: int) -> None:
        while not stop.is_set():
            self.round(pieces)


def _ask(pipes: Sequence[Connection], request: tuple[object, ...]) -> list[Measure]:
    for pipe in pipes:
        pipe.send(request)
    answers = [pipe.recv() for pipe in pipes]
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return answers


@contextmanager
def crew(make: Maker, clients: int) -> Iterator[Crew]:
    """Start the client processes; they end with the block."""
    spawn = get_context("spawn")
    pipes: list[Connection] = []
    processes: list[BaseProcess] = []
    for number in range(clients):
        ours, theirs = spawn.Pipe()
        process: BaseProcess = spawn.Process(
            target=_live, args=(theirs, make, number, clients), daemon=True
        )
        process.start()
        theirs.close()
        pipes.append(ours)
        processes.append(process)
    try:
        yield Crew(pipes)
    finally:
        for pipe in pipes:
            pipe.close()
        for process in processes:
            process.join(timeout=10)


def _live(pipe: Connection, make: Maker, number: int, clients: int) -> None:
    client = make(number, clients)
    while True:
        try:
            verb, *values = pipe.recv()
        except EOFError:
            return
        try:
            answer = getattr(client, verb)(*values)
        except Exception as error:  # noqa: BLE001 - told to the one who asked
            answer = RuntimeError(f"{type(error).__name__}: {error}")
        pipe.send(answer)


def rate(measures: Sequence[Measure]) -> float:
    """Return the pieces of work a second of all clients together."""
    return sum(measure.rate for measure in measures)
