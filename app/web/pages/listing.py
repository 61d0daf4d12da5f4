"""What every list shows around its rows: sorting by its heads, active filters, files, its size."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from flask import request, url_for
from flask_babel import gettext as _

from app.domain.errors import Invalid
from app.domain.label import Label
from app.services.queries.sorting import Key, Order
from app.web.formats import label, tonnes

DAYS = {"since": Label("起始日期", "From"), "until": Label("截止日期", "To")}
EARLIEST, LATEST = date(2000, 1, 1), date(2200, 12, 31)


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head; ``url`` sorts by it, ``sorted`` says how it is sorted now."""

    label: str
    number: bool = False
    url: str = ""
    sorted: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter in words, and the address without it."""

    label: str
    value: str
    url: str


@dataclass(frozen=True, slots=True)
class Sorting:
    """A choice of the field of orders, for those who do not click heads."""

    value: str
    label: str
    chosen: bool


def address(**changes: str | None) -> str:
    """Return this page's address with something changed; the place in the list starts anew."""
    kept = {k: v for k, v in request.args.items() if k != "cursor" and v} | changes
    values = dict(request.view_args or {}) | {k: v for k, v in kept.items() if v}
    return url_for(request.endpoint or "", **values)


def file_address(endpoint: str, form: str, **values: object) -> str:
    """Return the address of the whole list as a file, narrowed and sorted as it is shown."""
    kept = {k: v for k, v in request.args.items() if k != "cursor" and v}
    given = dict(request.view_args or {}) | kept | {k: v for k, v in values.items() if v}
    return url_for(endpoint, form=form, **given)


def head(
    text: str,
    order: Order,
    keys: Mapping[str, Key],
    key: str = "",
    *,
    number: bool = False,
    unit: str = "",
) -> Head:
    """Return a head; a second click turns the order round. Numbers and times begin with the most.

    A head whose key the list does not have only names its column.
    """
    if key not in keys:
        return Head(text, number, unit=unit)
    now = order.key == key
    first = keys[key].kind is not str
    wanted = Order(key, not order.descending if now else first)
    direction = ("descending" if order.descending else "ascending") if now else ""
    return Head(text, number, address(sort=str(wanted)), direction, unit)


def sortings(named: Iterable[tuple[str, str]], order: Order) -> list[Sorting]:
    """Return every order of a list: (key, name of its column), each both ways."""
    return [
        Sorting(str(way), f"{text} {arrow}", way == order)
        for key, text in named
        for way, arrow in ((Order(key, descending=True), "↓"), (Order(key), "↑"))
    ]


def chips(named: Iterable[tuple[str, str, str]]) -> list[Chip]:
    """Return the filters that are set: (name in the address, label, value in words)."""
    return [Chip(text, value, address(**{name: None})) for name, text, value in named if value]


def unfiltered(*names: str) -> str:
    """Return this page's address without its filters; its order stays."""
    return address(**dict.fromkeys(names))


def counted(count: int, most: int) -> str:
    """Return how many rows there are; beyond ``most`` they are not counted."""
    if count > most:
        return str(_("超过 %(n)s 条", n=tonnes(most)))
    return str(_("共 %(n)s 条", n=tonnes(count)))


def day_of(name: str) -> date | None:
    """Return a day of the address, None when there is none; raises Invalid naming the field."""
    given = request.args.get(name, "").strip()
    if not given:
        return None
    try:
        day = date.fromisoformat(given)
    except ValueError:
        day = None
    if day is None or len(given) != len("2026-12-31") or not EARLIEST <= day <= LATEST:
        named = DAYS.get(name, Label("日期", "Date"))
        zh, en = f"{named.zh}写作 2026-12-31。", f"{named.en}: write it as 2026-12-31."
        raise Invalid(zh, en, fields={name: Label(zh, en)})
    return day


def day_chips(since: date | None, until: date | None) -> list[tuple[str, str, str]]:
    """Return the two days of a list as ``chips`` takes them."""
    return [
        (name, label(DAYS[name]), day.isoformat() if day else "")
        for name, day in (("since", since), ("until", until))
    ]
