"""`registry bench`: everything in one run, in databases of its own that are dropped at the end."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from app.config import Settings
from bench.crowd import crowd
from bench.databases import Place, database
from bench.http import requests, server
from bench.market import let_half_sign, open_up
from bench.memory import memory
from bench.pages import growth, pages
from bench.posts import posts
from bench.report import Row
from bench.signatures import signatures
from bench.state import sizes
from bench.tasks import floor
from bench.tasks.compare import compare, compare_signed
from bench.tasks.signed import SignedService

EMITTERS = 1240  # forty for each of 31 provinces
SEASONED = 3000  # applications that a registry has seen before anything is measured
SEASONED_SIGNED = 500

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: rounds of each contender, and how many applications lie in the way."""

    rounds: int = 5
    finished: int = 1_000_000
    waiting: int = 50_000


def bench(settings: Settings, size: Size, say: Say) -> Iterator[Row]:
    """Yield the rows as they are measured; ``say`` is told what goes on meanwhile.

    Nobody signs but where signing is what is measured.
    """
    settings = replace(settings, signatures=False)
    with (
        database(settings, "registry_bench") as small,
        database(settings, "registry_bench_large") as large,
    ):
        say("opening the market")
        _seasoned(small)
        with small.context() as ctx:
            say("state sizes")
            yield from sizes(ctx)
        say("tasks: service, floor, typical build")
        yield from compare(small, size.rounds)
        say("signatures, and tasks with and without them")
        yield from signatures(size.rounds)
        _seasoned_signing(small)
        yield from compare_signed(small, size.rounds)
        say("ledger posts")
        yield from posts(small, size.rounds)
        say(f"making {size.finished:,} finished applications and {size.waiting:,} open tasks")
        _seasoned(large)
        crowd(large, size.finished, size.waiting)
        yield from _beside(small, large, size, say)


def _beside(small: Place, large: Place, size: Size, say: Say) -> Iterator[Row]:
    say("a task beside them")
    small.tidy()
    yield from growth(small, large, size.finished, size.rounds)
    say("pages beside them")
    yield from pages(large, size.rounds)
    say("pages over HTTP")
    with server(large) as (running, port):
        yield from requests(large, running, port, size.rounds)
        say("memory")
        yield from memory(large, running)


def _seasoned(place: Place) -> None:
    """Open the market and let some applications pass, so that no table is new."""
    with place.context() as ctx:
        open_up(ctx, EMITTERS)
    floor.install(place)
    client = floor.Floor(place, 0, 1)
    client.prepare(2 * SEASONED)
    client.work()
    client.close()
    place.tidy()


def _seasoned_signing(place: Place) -> None:
    """Let half of them sign, and some signed applications pass, so that these tables are not new.

    A process plans a query once, when it first asks it, and what it found nearly empty then it
    goes on reading from end to end until the tables are analysed. In a registry in use they are.
    """
    let_half_sign(place)
    client = SignedService(place, 0, 1)
    client.prepare(2 * SEASONED_SIGNED)
    client.work()
    client.ctx.database.dispose()
    place.tidy()
