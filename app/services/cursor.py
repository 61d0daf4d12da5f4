"""A place in a long list: the sort key of a row, so that page 1,000 costs what page 1 costs."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from app.domain.errors import Invalid

Row = TypeVar("Row")

FOREVER = "infinity"  # the sort key of a row without a time
LONGEST = 2000  # characters; a document number of 100 Chinese characters fits


@dataclass(frozen=True, slots=True)
class Cursor:
    """Rows after ``after`` (the sort key of a row), or before it when ``back``."""

    after: tuple[str | int, ...]
    back: bool = False

    def text(self) -> str:
        """Return the cursor as it stands in an address."""
        packed = json.dumps([self.back, *self.after], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_cursor(text: str | None, kinds: tuple[type, ...]) -> Cursor | None:
    """Read a cursor from an address; None when there is none.

    Raises Invalid when it is not one of ours: an address is input like any other.
    """
    if not text:
        return None
    try:
        if len(text) > LONGEST:
            raise ValueError
        back, *after = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(back, bool) or len(after) != len(kinds):
            raise ValueError
        if not all(_fits(value, kind) for value, kind in zip(after, kinds, strict=True)):
            raise ValueError
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise Invalid(
            "分页位置无效，请从第一页重新开始。",
            "This page position is not valid; start again from the first page.",
        ) from error
    return Cursor(tuple(after), back)


def _fits(value: object, kind: type) -> bool:
    """Whether a value may stand for a sort key of a kind; a moment is written as ISO text."""
    if kind is int:
        return type(value) is int and 0 <= value < 2**63
    if kind is datetime:
        return isinstance(value, str) and (
            value == FOREVER or datetime.fromisoformat(value).tzinfo is not None
        )
    return isinstance(value, str) and "\x00" not in value and _is_text(value)


def _is_text(value: str) -> bool:
    """Whether a text can be written as UTF-8: JSON allows halves of characters, nothing else."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Pager:
    """The cursors of the neighbouring pages; None where there is none."""

    previous: str | None
    next: str | None


def paged(rows: list[Row], size: int, cursor: Cursor | None) -> tuple[list[Row], bool, bool]:
    """Cut ``size`` + 1 rows read in the cursor's direction; say whether pages lie on each side."""
    more = len(rows) > size
    rows = rows[:size]
    if cursor is not None and cursor.back:
        return rows[::-1], more, True
    return rows, cursor is not None, more
