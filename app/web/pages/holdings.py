"""Holdings with D1-D7 (F28), registry and trading ledgers (F29), and both as CSV and XLSX."""

from collections.abc import Iterable, Iterator

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.domain.clock import local_day
from app.domain.errors import NotFound
from app.domain.label import Label
from app.ledger.holdings import Holding
from app.ledger.journal import ACTIONS
from app.ledger.statement import Movement, Side
from app.services import holdings
from app.services.custody.choices import custody
from app.services.holdings import COUNTED, QUANTITIES, SIDES, HoldingsView, LedgerFilter
from app.services.queries.sorting import Key, Order, in_memory, order_of
from app.web.formats import label, when
from app.web.pages import listing
from app.web.pages.sheets import Cell, Table, sheet
from app.web.pages.typed import one_of, search_text
from app.web.pages.words import position
from app.web.visitor import actor, context

pages = Blueprint("holdings", __name__, url_prefix="/holdings")
SIZE = 50
LEDGER_NAMES = {
    "registry": Label("登记持仓流水", "Registry ledger"),
    "trading": Label("交易持仓流水", "Trading ledger"),
}
UNIT_TYPES = {
    "allowance": Label("配额", "Allowances"),
    "ccer": Label("CCER", "CCER"),
    "external_ccer": Label("外部CCER（待抵销）", "External CCER (marked for surrender)"),
}
CODE = Order("code")
KEYS = {"code": Key("code", "", str), **{name: Key(name, "") for name in QUANTITIES}}
NEWEST, OLDEST = Order("at", descending=True), Order("at")
LEDGER_KEYS = {"at": Key("at", "", int)}


@pages.get("")
@pages.get("/<int:account_id>")
def index(account_id: int | None = None) -> str:
    """Show D1-D7 of one account of the organisation, now or at the end of a day."""
    day, narrowed = listing.day_of("date"), _narrowed()
    found = holdings.holding(context(), actor(), account_id, day)
    if found is None:
        return render_template("holdings/index.html", view=None)
    order = order_of(request.args.get("sort", ""), KEYS, CODE)
    found = _only(found, *narrowed)
    rows, pager = in_memory(
        found.rows,
        lambda row: _place(row, order),
        SIZE,
        request.args.get("cursor"),
        descending=order.descending,
    )
    heads = {
        key: listing.head(text, order, KEYS, key, number=key != "code")
        for key, text in _names().items()
    }
    return render_template(
        "holdings/index.html",
        view=found,
        custody=custody(context(), actor(), found.account.id).kept if day is None else (),
        rows=rows,
        heads=heads,
        day=day,
        today=local_day(context().clock.now()),
        search=narrowed[0],
        unit_type=narrowed[1],
        unit_types=UNIT_TYPES,
        sortings=listing.sortings(_names().items(), order),
        chips=listing.chips(
            [
                ("date", _("日终"), day.isoformat() if day else ""),
                ("q", _("搜索"), narrowed[0]),
                ("type", _("类型"), label(UNIT_TYPES.get(narrowed[1], ""))),
            ]
        ),
        reset=listing.unfiltered("date", "q", "type"),
        counted=listing.counted(len(found.rows), len(found.rows)),
        files=_files("holdings.export", account_id=found.account.id),
        previous=listing.address(cursor=pager.previous) if pager.previous else "",
        following=listing.address(cursor=pager.next) if pager.next else "",
    )


@pages.get("/<int:account_id>/holdings.<form>")
def export(account_id: int, form: str) -> Response:
    """Return the holding as a file, narrowed and sorted as the page is."""
    day = listing.day_of("date")
    found = holdings.holding(context(), actor(), account_id, day)
    if found is None:
        raise NotFound
    order = order_of(request.args.get("sort", ""), KEYS, CODE)
    chosen = _only(found, *_narrowed()).rows
    rows = sorted(chosen, key=lambda row: _place(row, order), reverse=order.descending)
    dated = day or local_day(found.at)
    name = f"{_('持仓查询')}-{found.account.number}-{dated:%Y%m%d}"
    return sheet(Table(name, _holding_heads(), _holding_rows(rows)), form)


@pages.get("/<int:account_id>/<side>")
def ledger(account_id: int, side: str) -> str:
    """Show a page of the registry or trading ledger, newest first."""
    narrowed = _ledger_filter()
    found = holdings.ledger(
        context(), actor(), account_id, _side(side), narrowed, request.args.get("cursor")
    )
    order = OLDEST if narrowed.oldest_first else NEWEST
    instruments = {id_: f"{code} {label(name)}" for id_, code, name in found.instruments}
    chosen = narrowed.instrument_id
    return render_template(
        "holdings/ledger.html",
        view=found,
        narrowed=narrowed,
        names=LEDGER_NAMES,
        instruments=instruments,
        at=listing.head(_("时间"), order, LEDGER_KEYS, "at"),
        sortings=listing.sortings([("at", _("时间"))], order),
        chips=listing.chips(
            [
                ("instrument", _("标的"), instruments.get(chosen, str(chosen)) if chosen else ""),
                *listing.day_chips(narrowed.since, narrowed.until),
            ]
        ),
        reset=listing.unfiltered("instrument", "since", "until"),
        counted=listing.counted(found.count, COUNTED),
        files=_files("holdings.export_ledger"),
        previous=listing.address(cursor=found.previous) if found.previous else "",
        following=listing.address(cursor=found.next) if found.next else "",
    )


@pages.get("/<int:account_id>/<side>/ledger.<form>")
def export_ledger(account_id: int, side: str, form: str) -> Response:
    """Return the whole ledger as a file, narrowed and in the order of the page."""
    rows = holdings.ledger_rows(context(), actor(), account_id, _side(side), _ledger_filter())
    words = {kind: label(text) for kind, text in ACTIONS.items()}
    name = f"{label(LEDGER_NAMES[side])}-{local_day(context().clock.now()):%Y%m%d}"
    return sheet(Table(name, _ledger_heads(), _ledger_rows(rows, words)), form)


def _files(endpoint: str, **values: object) -> dict[str, str]:
    return {
        form.upper(): listing.file_address(endpoint, form, **values) for form in ("csv", "xlsx")
    }


def _side(text: str) -> Side:
    if text not in SIDES:
        raise NotFound
    return SIDES[text]


def _narrowed() -> tuple[str, str]:
    """Return the text and the unit type that the address asks for."""
    return search_text(), one_of("type", tuple(UNIT_TYPES))


def _only(found: HoldingsView, search: str, unit_type: str) -> HoldingsView:
    """Return the holding of the instruments asked for; the sums are theirs."""
    wanted = search.casefold()
    rows = tuple(
        row
        for row in found.rows
        if (not unit_type or row.unit_type == unit_type)
        and wanted in f"{row.code} {row.name} {row.name_en}".casefold()
    )
    return HoldingsView(found.account, found.accounts, rows, found.numbers, found.at, found.day)


def _place(row: Holding, order: Order) -> tuple[str | int, ...]:
    value: str | int = getattr(row, order.key)
    return value, row.instrument_id


def _ledger_filter() -> LedgerFilter:
    since, until = listing.day_of("since"), listing.day_of("until")
    order = order_of(request.args.get("sort", ""), LEDGER_KEYS, NEWEST)
    return LedgerFilter(_instrument(), since, until, not order.descending)


def _instrument() -> int | None:
    given = request.args.get("instrument", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None


def _names() -> dict[str, str]:
    return {
        "code": _("标的"),
        "registry_available": _("登记可用量"),
        "registry_frozen": _("登记冻结量"),
        "registry_pending_transfer": _("登记待划转量"),
        "pending_to_trading": _("其中待转交易量"),
        "trading_held": _("交易持有量"),
        "trading_pending_transfer": _("交易待划转量"),
        "total": _("总持有量"),
    }


def _holding_heads() -> list[str]:
    return [_("标的编码"), _("标的名称"), *list(_names().values())[1:]]


def _holding_rows(rows: Iterable[Holding]) -> Iterator[list[Cell]]:
    for row in rows:
        name = label(Label(row.name, row.name_en or row.name))
        yield [row.code, name, *(getattr(row, q) for q in QUANTITIES)]


def _ledger_heads() -> list[str]:
    return [
        _("时间"), _("流水号"), _("业务"), _("动作"), _("依据"), _("标的编码"), _("标的名称"),
        _("转出账户"), _("转出"), _("转入账户"), _("转入"), _("数量"), _("持仓变动"),
        _("可用量变动"), _("变动后持仓"), _("变动后可用量"), _("序列号区间"), _("说明"),
    ]  # fmt: skip


def _ledger_rows(
    rows: Iterator[tuple[Movement, str]], words: dict[str, str]
) -> Iterator[list[Cell]]:
    for row, number in rows:
        yield [
            when(row.at),
            str(row.transfer_id),
            label(row.type_label),
            words[row.kind],
            number or row.document,
            row.code,
            label(Label(row.name, row.name_en or row.name)),
            row.from_account,
            position(row.from_position),
            row.to_account,
            position(row.to_position),
            row.quantity,
            row.change,
            row.free_change,
            row.balance,
            row.free,
            " ".join(f"{first}-{last}" for first, last in row.ranges),
            row.reason,
        ]
