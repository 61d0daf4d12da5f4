"""The order of a list and a page of it: by the sort key and the row's own ids, never by counting.

A list may be sorted by few keys. Whatever the key, a page goes on after the last row shown, so
that rows that come or go meanwhile neither repeat nor skip one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from app.services.cursor import FOREVER, Cursor, Pager, paged, read_cursor

Row = TypeVar("Row")
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """What a list may be sorted by: a column of its rows, SQL that is never NULL, their kind."""

    column: str
    sql: str
    kind: type = int


@dataclass(frozen=True, slots=True)
class Order:
    """A sort key and its direction; an address writes ``quantity`` or ``-quantity``."""

    key: str
    descending: bool = False

    def __str__(self) -> str:
        return f"-{self.key}" if self.descending else self.key


def order_of(text: str, keys: Mapping[str, Key], usual: Order) -> Order:
    """Return the order that an address asks for; one that the list does not have is the usual."""
    asked = Order(text.removeprefix("-"), text.startswith("-"))
    return asked if asked.key in keys else usual


@dataclass(frozen=True, slots=True)
class Keyset:
    """ORDER BY and the condition of one page; ``back`` reads towards the beginning."""

    columns: tuple[Key, ...]
    descending: bool
    at: Cursor | None

    @classmethod
    def read(
        cls, key: Key, ids: Sequence[Key], cursor: str | None, *, descending: bool
    ) -> "Keyset":
        """Read a page's place from an address; raises Invalid when it is not one of ours."""
        columns = (key, *(column for column in ids if column != key))
        kinds = tuple(column.kind for column in columns)
        return cls(columns, descending, read_cursor(cursor, kinds))

    @property
    def condition(self) -> str:
        """The rows after (or before) the place, as SQL."""
        if self.at is None:
            return "true"
        left = ", ".join(column.sql for column in self.columns)
        right = ", ".join(f"%(place_{n})s" for n in range(len(self.columns)))
        return f"({left}) {'>' if self._upwards else '<'} ({right})"

    @property
    def order(self) -> str:
        """The order in which the page is read, as SQL; ``in_order`` turns it round again."""
        direction = "ASC" if self._upwards else "DESC"
        return ", ".join(f"{column.sql} {direction}" for column in self.columns)

    @property
    def params(self) -> dict[str, Any]:
        """The values that ``condition`` names."""
        return {f"place_{n}": value for n, value in enumerate(self.at.after if self.at else ())}

    @property
    def _upwards(self) -> bool:
        return self.descending == bool(self.at and self.at.back)

    def cut(self, rows: list[dict[str, Any]], size: int) -> tuple[list[dict[str, Any]], Pager]:
        """Return the rows of the page as shown, out of ``size`` + 1 read, and its pager."""
        shown, before, after = paged(rows, size, self.at)
        if not shown:
            return [], Pager(None, None)
        first, last = self._place(shown[0]), self._place(shown[-1])
        return shown, _pager(first if before else None, last if after else None)

    def _place(self, row: Mapping[str, Any]) -> Place:
        return tuple(_written(row[column.column]) for column in self.columns)


def _written(value: Any) -> str | int:
    """Return a value as a cursor holds it: a moment as text, one that never was as for ever."""
    if value is None:
        return FOREVER
    written: str | int = value.isoformat() if isinstance(value, datetime) else value
    return written


def _pager(first: Place | None, last: Place | None) -> Pager:
    return Pager(
        Cursor(first, back=True).text() if first else None,
        Cursor(last).text() if last else None,
    )


def in_memory(
    rows: Sequence[Row],
    place: Callable[[Row], Place],
    size: int,
    cursor: str | None,
    *,
    descending: bool,
) -> tuple[list[Row], Pager]:
    """Page a short list that is already here, by the same places.

    ``place`` is a row's sort key with what makes it the only one; raises Invalid for a cursor
    that is not one of ours.
    """
    if not rows:
        return [], Pager(None, None)
    at = read_cursor(cursor, tuple(type(value) for value in place(rows[0])))
    upwards = descending == bool(at and at.back)
    ordered = sorted(rows, key=place, reverse=not upwards)
    if at is not None:
        beyond = at.after
        ordered = [r for r in ordered if (place(r) > beyond if upwards else place(r) < beyond)]
    shown, before, after = paged(ordered[: size + 1], size, at)
    if not shown:
        return [], Pager(None, None)
    return shown, _pager(place(shown[0]) if before else None, place(shown[-1]) if after else None)
