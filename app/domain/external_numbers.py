"""The other registry's numbers as an emitter types them: one stretch a line (G17).

``CCER-2023-000001~CCER-2023-000500`` are 500 numbers; a number alone is one tonne. What stands
before the last digits is the same at both ends. Numbers that look alike are alike: width, case,
spaces and signs that nobody sees do not tell one from another, or one freeze could back two claims.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.domain.label import Label

BETWEEN = re.compile(r"\s*[~～〜至]\s*")
NUMBER = re.compile(r"(?P<prefix>[A-Z0-9一-鿿()/._-]*?)(?P<digits>[0-9]{1,18})")
MOST_LINES = 100


class UnreadableNumbers(ValueError):
    """The text is not a list of numbers; ``why`` says what is wrong, with its line."""

    def __init__(self, why: Label) -> None:
        super().__init__(why.en)
        self.why = why


@dataclass(frozen=True, slots=True)
class Stretch:
    """Numbers from ``first`` to ``last``, written with so many digits behind a prefix."""

    prefix: str
    digits: int
    first: int
    last: int

    @property
    def tonnes(self) -> int:
        """One number is one tonne."""
        return self.last - self.first + 1

    @property
    def said(self) -> str:
        """As people read it."""
        if self.first == self.last:
            return self.number(self.first)
        return f"{self.number(self.first)}~{self.number(self.last)}"

    def number(self, value: int) -> str:
        """One number as the other registry writes it."""
        return f"{self.prefix}{value:0{self.digits}d}"

    def request(self) -> dict[str, object]:
        """As ``ledger.mark_external`` reads it; numbers travel as text."""
        return {
            "prefix": self.prefix,
            "digits": self.digits,
            "first": str(self.first),
            "last": str(self.last),
        }


def read_numbers(text: str) -> tuple[Stretch, ...]:
    """Return the stretches, one a line. Raises UnreadableNumbers."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise UnreadableNumbers(Label("请填写对方登记编号。", "Type the other registry's numbers."))
    if len(lines) > MOST_LINES:
        raise UnreadableNumbers(
            Label(f"最多填写 {MOST_LINES} 段编号。", f"At most {MOST_LINES} lines of numbers.")
        )
    stretches = tuple(_stretch(place, line) for place, line in enumerate(lines, 1))
    _refuse_overlap(stretches)
    return stretches


def total(stretches: Sequence[Stretch]) -> int:
    """Return how many tonnes the numbers stand for."""
    return sum(stretch.tonnes for stretch in stretches)


def _stretch(place: int, line: str) -> Stretch:
    ends = [NUMBER.fullmatch(part) for part in BETWEEN.split(_plain(line))]
    if len(ends) > 2 or not all(ends):
        raise UnreadableNumbers(
            Label(
                f"第 {place} 行“{line:.60}”不是编号，也不是用“~”相连的起止编号。",
                f"Line {place}, “{line:.60}”, is neither a number nor two joined by “~”.",
            )
        )
    first, last = ends[0], ends[-1]
    assert first is not None  # noqa: S101 - all of them matched
    assert last is not None  # noqa: S101
    digits, low, high = len(first["digits"]), int(first["digits"]), int(last["digits"])
    if (first["prefix"], digits) != (last["prefix"], len(last["digits"])) or high < low:
        raise UnreadableNumbers(
            Label(
                f"第 {place} 行的起止编号须前缀相同、位数相同，且止不小于起。",
                f"Line {place}: both ends have one prefix and as many digits, the first not after"
                " the last.",
            )
        )
    return Stretch(first["prefix"], digits, low, high)


def _plain(line: str) -> str:
    """Return a line in plain capital letters, without what is not seen."""
    text = unicodedata.normalize("NFKC", line).upper()
    return "".join(c for c in text if not c.isspace() and unicodedata.category(c) != "Cf")


def _refuse_overlap(stretches: Sequence[Stretch]) -> None:
    ordered = sorted(stretches, key=lambda s: (s.prefix, s.first))
    for before, after in pairwise(ordered):
        if before.prefix == after.prefix and after.first <= before.last:
            raise UnreadableNumbers(
                Label(
                    f"编号 {after.number(after.first)} 重复填写。",
                    f"The number {after.number(after.first)} stands twice.",
                )
            )
