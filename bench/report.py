"""Rows of the bench: a median, and a ratio to another row of the same run."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

Samples = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Row:
    """One line; ``ratio`` is this row's median over ``ratio_to``'s, round by round."""

    name: str
    median: float
    unit: str
    ratio_to: str | None = None
    ratio: float | None = None
    goal: str = ""

    def plain(self) -> dict[str, object]:
        """Return what ``--json`` prints of it."""
        return {
            "name": self.name,
            "median": self.median,
            "unit": self.unit,
            "ratio_to": self.ratio_to,
            "ratio": self.ratio,
        }


def in_turns(contenders: Mapping[str, Callable[[], float]], rounds: int) -> Samples:
    """Let every contender take its turn in every round; the first round only warms up."""
    samples: Samples = {name: [] for name in contenders}
    for turn in range(rounds + 1):
        for name, measure in contenders.items():
            value = measure()
            if turn:
                samples[name].append(value)
    return samples


def row(samples: Samples, name: str, unit: str, to: str | None = None, goal: str = "") -> Row:
    """Return the row of a contender; its ratio is the median of the rounds' own ratios."""
    own = samples[name]
    ratio = None
    if to is not None:
        ratio = _short(median(a / b for a, b in zip(own, samples[to], strict=True)))
    return Row(name, _short(median(own)), unit, to, ratio, goal)


def percentile(values: list[float], share: float) -> float:
    """Return the value that so many of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def line(found: Row) -> str:
    """Return a row as a line of the table."""
    value = f"{found.median:,.10g}"
    ratio = "" if found.ratio is None else f"{found.ratio:.3g} x {found.ratio_to}"
    return f"{found.name:<58} {value:>12} {found.unit:<9} {ratio:<52} {found.goal}".rstrip()


def as_json(rows: list[Row]) -> str:
    """Return all rows as one line."""
    return json.dumps([found.plain() for found in rows], ensure_ascii=False)


def _short(value: float) -> float:
    return float(f"{value:.4g}")
