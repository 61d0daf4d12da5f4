"""配额发放查询 (M7): what was allocated to one's organisation, and the same as a file."""

from collections.abc import Iterable, Iterator

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.domain.clock import local_day
from app.ledger.allocations import KINDS, STATES, Allocation
from app.services.queries import allocations
from app.services.queries.allocations import KEYS, Narrowed
from app.web.formats import label, when
from app.web.pages import listing
from app.web.pages.sheets import Cell, Table, sheet
from app.web.pages.typed import one_of, search_text
from app.web.visitor import context, only

pages = Blueprint("allocations", __name__, url_prefix="/allocations")
HOLDERS = ("emitter", "participant", "project_owner")
STATE_TONES = {"posted": "ok", "reversed": "warn"}
FILTERS = ("q", "kind", "year", "since", "until")


def _narrowed() -> Narrowed:
    year = request.args.get("year", "")
    return Narrowed(
        search_text(),
        one_of("kind", tuple(KINDS)),
        int(year) if year.isascii() and year.isdigit() and len(year) == 4 else None,
        listing.day_of("since"),
        listing.day_of("until"),
    )


@pages.get("")
def index() -> str:
    """List a page of what was allocated, newest first unless asked otherwise."""
    who, narrowed = only(*HOLDERS), _narrowed()
    found = allocations.listed(
        context(), who, narrowed, request.args.get("sort", ""), request.args.get("cursor")
    )
    names = _names()
    return render_template(
        "allocations/index.html",
        found=found,
        narrowed=narrowed,
        kinds=KINDS,
        states=STATES,
        tones=STATE_TONES,
        heads=[
            listing.head(
                text,
                found.order,
                KEYS,
                key,
                number=key == "quantity",
                unit=_("吨") if key == "quantity" else "",
            )
            for key, text in names.items()
        ],
        sortings=listing.sortings(
            ((key, text) for key, text in names.items() if key in KEYS), found.order
        ),
        chips=listing.chips(
            [
                ("q", _("搜索"), narrowed.search),
                ("kind", _("发放类型"), label(KINDS.get(narrowed.kind, ""))),
                ("year", _("年度"), str(narrowed.year or "")),
                *listing.day_chips(narrowed.since, narrowed.until),
            ]
        ),
        reset=listing.unfiltered(*FILTERS),
        counted=listing.counted(found.count, found.count),
        files={
            form.upper(): listing.file_address("allocations.export", form)
            for form in ("csv", "xlsx")
        },
        previous=listing.address(cursor=found.pager.previous) if found.pager.previous else "",
        following=listing.address(cursor=found.pager.next) if found.pager.next else "",
    )


@pages.get("/file.<form>")
def export(form: str) -> Response:
    """Return all that was found as a file, in the order of the page."""
    who = only(*HOLDERS)
    rows = allocations.exported(context(), who, _narrowed(), request.args.get("sort", ""))
    name = f"{_('配额发放查询')}-{local_day(context().clock.now()):%Y%m%d}"
    return sheet(Table(name, _heads(), _cells(rows)), form)


def _names() -> dict[str, str]:
    """Return the columns of the page, by sort key where they have one."""
    return {
        "batch": _("发放批次（文号）"),
        "year": _("年度"),
        "code": _("标的"),
        "kind": _("发放类型"),
        "quantity": _("发放数量"),
        "at": _("到账时间"),
        "giver": _("发放单位"),
        "state": _("状态"),
    }


def _heads() -> list[str]:
    return [
        _("发放批次（文号）"), _("年度"), _("标的编码"), _("标的名称"), _("发放类型"),
        _("发放数量"), _("到账时间"), _("发放单位"), _("账户"), _("状态"), _("流水号"), _("说明"),
    ]  # fmt: skip


def _cells(rows: Iterable[Allocation]) -> Iterator[list[Cell]]:
    for row in rows:
        yield [
            row.batch,
            str(row.year or ""),
            row.code,
            label(row.name),
            label(row.kind),
            row.quantity,
            when(row.at),
            label(row.giver),
            row.account,
            label(STATES[row.state]),
            str(row.transfer_id),
            row.reason,
        ]
