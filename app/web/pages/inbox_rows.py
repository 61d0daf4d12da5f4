"""The rows of the inbox, written out before the template sees them.

A page has twenty rows of some twenty values. Asking for formats, texts and addresses from within
the template took half of the page's time; here each is asked for once a page or once a row. Who
works through an inbox sees most rows many times: all but the time that is left is kept, by the
very values that stand in it.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from flask import Flask, request, url_for
from markupsafe import Markup

from app.services.inbox import Entry
from app.web.addresses import this_app
from app.web.formats import Present, present, tonnes
from app.web.language import language

TEMPLATE = "inbox/row.html"
SOON = 1440  # minutes; what is due within a day stands out
ONE, OTHER = 7_000_000_000_001, 7_000_000_000_002  # ids that keep places in an address


class Due(NamedTuple):
    """When a task is due: the time, how long that is, and how urgent."""

    at: str
    distance: str
    css: str


class Row(NamedTuple):
    """One task in words; ``tonnes`` is the bare number that the page adds up when it is chosen.

    ``button`` is where to claim the task, to give it back or to take it over from somebody away,
    nothing when a colleague has it; ``standing_in`` says for whom one acts.
    """

    id: str
    number: str
    url: str
    choose: str
    name: str
    holder: str
    holder_code: str
    tonnes: str
    quantity: str
    ccer: str
    submitted: str
    visit: int
    late: bool
    mine: bool
    claimant: str
    button: str
    button_text: str
    button_says: str
    standing_in: str
    ready: bool
    comments: str
    bulk: bool


def written(entries: Iterable[Entry], me: int, *, named: bool) -> Markup:
    """Return the rows for the person ``me``, whose own claims differ from a colleague's.

    ``named``: each with the name of its step.
    """
    app, spoken, root, here = this_app(), language(), request.root_path, present()
    parts: list[Markup] = []
    for row, due in _rows(entries, me, here, spoken):
        before, after = _kept(app, spoken, root, named, row)
        parts += before, _left(app, spoken, _due(here, due) if due else None), after
    return Markup("").join(parts)


@lru_cache(maxsize=4096)
def _kept(app: Flask, _spoken: str, _root: str, named: bool, row: Row) -> tuple[Markup, Markup]:  # noqa: FBT001
    macros = app.jinja_env.get_template(TEMPLATE).module
    return macros.before(row, named), macros.after(row)  # type: ignore[attr-defined]


@lru_cache(maxsize=1024)
def _left(app: Flask, _spoken: str, due: Due | None) -> Markup:
    found: Markup = app.jinja_env.get_template(TEMPLATE).module.left(due)  # type: ignore[attr-defined]
    return found


def _rows(
    entries: Iterable[Entry], me: int, here: Present, spoken: str
) -> Iterator[tuple[Row, datetime | None]]:
    """Yield each task in words, and when it is due."""
    _, near = here.say, here.near
    task = _to_fill(url_for("applications.task", instance_id=ONE, key=OTHER))
    claim = _to_fill(url_for("inbox.claim", task_id=ONE))
    release = _to_fill(url_for("inbox.release", task_id=ONE))
    choose, says = _("选择 %(number)s %(name)s"), _("%(what)s %(number)s")
    take, give, take_over = _("认领"), _("释放"), _("接手")
    stands_in, said = _("代 %(name)s 办理"), _("%(n)s 条留言")
    for entry in entries:
        mine, free = entry.claimed_by == me, not entry.claimed_by
        number, holder = entry.number, entry.holder.text(spoken)
        button, word = "", ""
        if free or entry.deputy:
            button, word = claim(entry.id), take if free else take_over
        elif mine:
            button, word = release(entry.id), give
        absent = entry.claimant if entry.deputy else entry.claimed_for
        row = Row(
            id=str(entry.id),
            number=number,
            url=task(entry.instance_id, entry.key),
            choose=choose % {"number": number, "name": holder},
            name=entry.name.text(spoken),
            holder=holder,
            holder_code=entry.holder_code,
            tonnes=str(entry.quantity),
            quantity=tonnes(entry.quantity or None),  # not everything is about tonnes
            ccer=tonnes(entry.ccer_quantity or None),
            submitted=near(entry.submitted_at),
            visit=entry.visit,
            late=entry.late,
            mine=mine,
            claimant=entry.claimant or "",
            button=button,
            button_text=word,
            button_says=says % {"what": word, "number": number},
            standing_in=stands_in % {"name": absent} if absent else "",
            ready=entry.ready,
            comments=said % {"n": entry.comments} if entry.comments else "",
            bulk=entry.bulk,
        )
        yield row, entry.due_at


def _due(here: Present, at: datetime) -> Due:
    _, minutes = here.say, here.minutes_left(at)
    if minutes <= 0:
        return Due(here.near(at), _("逾期 %(n)s") % {"n": here.ago(at)}, "t-bad")
    css = "t-warn" if minutes < SOON else ""
    return Due(here.near(at), _("剩余 %(n)s") % {"n": here.left(at)}, css)


def _to_fill(address: str) -> Callable[..., str]:
    """Return what puts ids into an address that was built, once, with the places for them."""
    plain = address.replace("{", "{{").replace("}", "}}")
    return plain.replace(str(ONE), "{0:d}").replace(str(OTHER), "{1:d}").format
