"""Replays the journal: where every serial is, from the entries alone.

A line sweeps over the serials from the lowest to the highest. At each serial the entries that
cover it, in the order of their events, are that serial's history: it must begin with an issue,
and each entry must take it from where the one before had put it. Memory holds only the history
of one serial, however long the journal is.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise
from typing import NamedTuple


class Place(NamedTuple):
    """Where units lie: an account, a position, and what follows them there."""

    account_id: int
    position: str | None
    transfer_id: int | None = None
    custody_lot_id: int | None = None


class Moved(NamedTuple):
    """One entry of the journal; ordered by event, then number, so by its time for a serial."""

    event_id: int
    no: int
    low: int
    high: int
    instrument_id: int
    before: tuple[int, str | None]
    after: Place


class Stretch(NamedTuple):
    """A range of serials and where the journal says that it lies now."""

    low: int
    high: int
    instrument_id: int
    place: Place


@dataclass(frozen=True, slots=True)
class Broken:
    """A range whose history does not hold together, and why."""

    low: int
    high: int
    event_id: int
    why: str


def replay(entries: Iterable[Moved]) -> Iterator[Stretch | Broken]:
    """Yield where each stretch of serials lies, in the order of the serials.

    ``entries`` come sorted by their lowest serial. Adjoining stretches in one place come as one.
    """
    joined: Stretch | None = None
    for part in _parts(entries):
        if isinstance(part, Broken):
            yield part
        elif joined and joined.high == part.low and joined[2:] == part[2:]:
            joined = joined._replace(high=part.high)
        else:
            if joined:
                yield joined
            joined = part
    if joined:
        yield joined


def _parts(entries: Iterable[Moved]) -> Iterator[Stretch | Broken]:
    history: list[Moved] = []
    ends: list[tuple[int, Moved]] = []
    at = 0
    for entry in entries:
        while ends and ends[0][0] <= entry.low:
            yield from _settled(at, ends[0][0], history)
            at = ends[0][0]
            _drop(history, heappop(ends)[1])
        yield from _settled(at, entry.low, history)
        at = entry.low
        insort(history, entry)
        heappush(ends, (entry.high, entry))
    while ends:
        yield from _settled(at, ends[0][0], history)
        at = ends[0][0]
        _drop(history, heappop(ends)[1])


def _drop(history: list[Moved], entry: Moved) -> None:
    del history[bisect_left(history, entry)]


def _settled(low: int, high: int, history: list[Moved]) -> Iterator[Stretch | Broken]:
    """Yield the stretch from ``low`` to ``high``, whose history is the same throughout."""
    if low >= high or not history:
        return
    first, last = history[0], history[-1]
    if first.before[1] is not None:
        yield Broken(low, high, first.event_id, "moved before they were issued")
    for earlier, later in pairwise(history):
        if later.before != earlier.after[:2]:
            yield Broken(low, high, later.event_id, "taken from where they were not")
        if later.instrument_id != earlier.instrument_id:
            yield Broken(low, high, later.event_id, "changed their instrument")
    yield Stretch(low, high, last.instrument_id, last.after)
