"""Lists of applications of one kind or of all: an applicant's own, or those one has part in."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.domain.clock import local_day
from app.domain.errors import NotFound
from app.domain.label import Label
from app.services import records
from app.services.queries.kinds import HOLDER, KINDS, NUMBER, PLAIN, PROCESS, Column, RecordKind
from app.services.queries.narrowed import Narrowed
from app.services.records import Record, Records
from app.services.standing import Standing
from app.web.formats import label, when
from app.web.pages import listing
from app.web.pages.sheets import Cell, Table, sheet
from app.web.pages.typed import one_of, search_text
from app.web.visitor import actor, context

pages = Blueprint("records", __name__, url_prefix="/records")
ALL_OF_THEM = Label("申请记录", "Applications")
STATUSES = {"open": Label("办理中", "In progress"), "ended": Label("已办结", "Ended")}
FILTERS = ("q", "status", "kind", "since", "until")


def endpoint_of(slug: str) -> str:
    """Return the name under which the menu finds a kind's list, within this blueprint."""
    return slug.replace("-", "_")


def narrowed_now() -> Narrowed:
    """Return what the address narrows the list to; raises Invalid for a day that is none."""
    return Narrowed(
        search_text(),
        one_of("status", tuple(STATUSES)),
        one_of("kind", tuple(KINDS)),
        listing.day_of("since"),
        listing.day_of("until"),
    )


@pages.get("", defaults={"slug": ""})
def index(slug: str) -> str:
    """List one page of applications; drafts stand above an applicant's own.

    Each kind has an endpoint of its own, so that the menu can name it.
    """
    ctx, who, kind, narrowed = context(), actor(), _kind(slug), narrowed_now()
    found = records.listed(
        ctx, who, kind, narrowed, request.args.get("sort", ""), request.args.get("cursor")
    )
    applicant = who.role in records.APPLICANTS
    return render_template(
        "records/index.html",
        title=kind.label if kind else ALL_OF_THEM,
        kind=kind,
        may_begin=kind is not None and records.may_begin(ctx, who, kind),
        drafts=records.drafts(ctx, who, kind=kind) if applicant else [],
        **shown(found, kind, narrowed, "records.export"),
    )


for _slug in KINDS:
    pages.add_url_rule(f"/{_slug}", endpoint_of(_slug), index, defaults={"slug": _slug})


@pages.get("/file.<form>", defaults={"slug": ""})
@pages.get("/<slug>/file.<form>")
def export(slug: str, form: str) -> Response:
    """Return the whole list as a file, narrowed and sorted as the page is."""
    kind = _kind(slug)
    return file_of(kind, kind.label if kind else ALL_OF_THEM, form)


def _kind(slug: str) -> RecordKind | None:
    if slug and slug not in KINDS:
        raise NotFound
    return KINDS.get(slug)


def columns_of(kind: RecordKind | None, *, own: bool) -> tuple[Column, ...]:
    """Return a list's columns; whose application it is, where it is not always one's own."""
    columns = kind.columns if kind else PLAIN
    if own:
        return columns
    others = tuple(column for column in columns if column not in {NUMBER, PROCESS})
    return (NUMBER, HOLDER, *others)


def shown(
    found: Records, kind: RecordKind | None, narrowed: Narrowed, export_to: str
) -> dict[str, object]:
    """Return what the templates of a list need: heads, filters, files and the rows themselves."""
    columns = columns_of(kind, own=found.own)
    chosen = KINDS.get(narrowed.kind)
    return {
        "found": found,
        "columns": columns,
        "value": value,
        "heads": [
            listing.head(
                label(column.label),
                found.order,
                found.keys,
                column.sort,
                number=column.shape in {"tonnes", "count"},
                unit=_("吨") if column.shape == "tonnes" else "",
            )
            for column in columns
        ],
        "narrowed": narrowed,
        "statuses": STATUSES,
        "kinds": {} if kind else {one.slug: one.business for one in found.kinds},
        "sortings": listing.sortings(
            ((c.sort, label(c.label)) for c in columns if c.sort in found.keys), found.order
        ),
        "chips": listing.chips(
            [
                ("q", _("搜索"), narrowed.search),
                ("status", _("状态"), label(STATUSES.get(narrowed.status, ""))),
                ("kind", _("业务"), label(chosen.business) if chosen else ""),
                *listing.day_chips(narrowed.since, narrowed.until),
            ]
        ),
        "reset": listing.unfiltered(*FILTERS),
        "counted": listing.counted(found.count, found.most),
        "files": {form.upper(): listing.file_address(export_to, form) for form in ("csv", "xlsx")},
        "pages_at": {
            way: listing.address(cursor=cursor)
            for way, cursor in (("previous", found.pager.previous), ("next", found.pager.next))
            if cursor
        },
    }


def file_of(kind: RecordKind | None, title: Label, form: str) -> Response:
    """Return the whole of a list as a file."""
    ctx, who, narrowed = context(), actor(), narrowed_now()
    columns = columns_of(kind, own=records.is_own(who, kind))
    rows = records.exported(ctx, who, kind, narrowed, request.args.get("sort", ""))
    name = f"{label(title)}-{local_day(ctx.clock.now()):%Y%m%d}"
    return sheet(Table(name, _heads(columns), _cells(columns, rows)), form)


def value(record: Record, column: Column) -> object:
    """Return what a record shows in a column; nothing where its form has no such field."""
    if column.content:
        return record.answers.get(column.name, "")
    return getattr(record, column.name)


def _heads(columns: Sequence[Column]) -> list[str]:
    heads = []
    for column in columns:
        heads.append(label(column.label))
        if column.shape == "holder":
            heads += [_("单位代码"), _("业务")]
    return heads


def _cells(columns: Sequence[Column], rows: Iterator[Record]) -> Iterator[list[Cell]]:
    for record in rows:
        yield [cell for column in columns for cell in _cell(record, column)]


def _cell(record: Record, column: Column) -> list[Cell]:
    shows = value(record, column)
    if column.shape == "holder":
        return [label(record.holder), record.holder_code, label(record.process)]
    if isinstance(shows, datetime):
        return [when(shows)]
    if isinstance(shows, Standing):
        return [label(shows.label)]
    if isinstance(shows, tuple):
        return [" ".join(shows)]
    if isinstance(shows, int):
        return [shows]
    return [label(shows) if isinstance(shows, Label) else str(shows or "")]
