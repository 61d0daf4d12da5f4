"""Holdings with D1-D7 (F28), registry and trading ledgers (F29), and both as CSV and XLSX."""

from collections.abc import Iterable, Iterator

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.domain.errors import NotFound
from app.domain.label import Label
from app.ledger.journal import ACTIONS
from app.ledger.statement import Movement, Side
from app.services import holdings
from app.services.holdings import SIDES, HoldingsView
from app.web.formats import label, when
from app.web.pages.sheets import Cell, csv_file, xlsx_file
from app.web.pages.words import position
from app.web.visitor import actor, context

pages = Blueprint("holdings", __name__, url_prefix="/holdings")
WRITERS = {"csv": csv_file, "xlsx": xlsx_file}
LEDGER_NAMES = {
    "registry": Label("登记持仓流水", "Registry ledger"),
    "trading": Label("交易持仓流水", "Trading ledger"),
}


@pages.get("")
@pages.get("/<int:account_id>")
def index(account_id: int | None = None) -> str:
    """Show D1-D7 of one account of the organisation."""
    found = holdings.holding(context(), actor(), account_id)
    return render_template("holdings/index.html", view=found)


@pages.get("/<int:account_id>/holdings.<kind>")
def export(account_id: int, kind: str) -> Response:
    """Return the holding as a file."""
    found = holdings.holding(context(), actor(), account_id)
    if kind not in WRITERS or found is None:
        raise NotFound
    return WRITERS[kind](f"holdings-{found.account.number}", _holding_heads(), _holding_rows(found))


@pages.get("/<int:account_id>/<side>")
def ledger(account_id: int, side: str) -> str:
    """Show a page of the registry or trading ledger, newest first."""
    found = holdings.ledger(
        context(), actor(), account_id, _side(side), _instrument(), request.args.get("cursor")
    )
    return render_template(
        "holdings/ledger.html", view=found, instrument=_instrument(), names=LEDGER_NAMES
    )


@pages.get("/<int:account_id>/<side>/ledger.<kind>")
def export_ledger(account_id: int, side: str, kind: str) -> Response:
    """Return the whole ledger as a file, streamed."""
    if kind not in WRITERS:
        raise NotFound
    rows = holdings.ledger_rows(context(), actor(), account_id, _side(side), _instrument())
    words = {kind: label(text) for kind, text in ACTIONS.items()}
    return WRITERS[kind](f"ledger-{side}-{account_id}", _ledger_heads(), _ledger_rows(rows, words))


def _side(text: str) -> Side:
    if text not in SIDES:
        raise NotFound
    return SIDES[text]


def _instrument() -> int | None:
    given = request.args.get("instrument", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None


def _holding_heads() -> list[str]:
    return [
        _("标的编码"), _("标的名称"), _("登记可用量"), _("登记冻结量"), _("登记待划转量"),
        _("其中待转交易量"), _("交易持有量"), _("交易待划转量"), _("总持有量"),
    ]  # fmt: skip


def _holding_rows(found: HoldingsView) -> Iterable[list[Cell]]:
    for row in found.rows:
        name = label(Label(row.name, row.name_en or row.name))
        yield [row.code, name, *(getattr(row, q) for q in holdings.QUANTITIES)]


def _ledger_heads() -> list[str]:
    return [
        _("时间"), _("流水号"), _("业务"), _("动作"), _("标的编码"), _("标的名称"), _("转出账户"),
        _("转出"), _("转入账户"), _("转入"), _("数量"), _("持仓变动"), _("可用量变动"),
        _("变动后持仓"), _("变动后可用量"), _("序列号区间"),
    ]  # fmt: skip


def _ledger_rows(rows: Iterator[Movement], words: dict[str, str]) -> Iterator[list[Cell]]:
    for row in rows:
        yield [
            when(row.at),
            str(row.transfer_id),
            label(row.type_label),
            words[row.kind],
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
        ]
