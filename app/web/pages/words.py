"""Words and shapes that several pages share: positions, grouped digits."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from flask import Flask
from flask_babel import gettext as _

from app.domain.clock import BEIJING
from app.domain.label import Label
from app.ledger.holdings import Holding
from app.ledger.journal import ACTIONS
from app.web.formats import label, tonnes

POSITIONS = {
    None: Label("新增", "New units"),
    "registry_available": Label("登记可用", "Registry available"),
    "registry_reserved": Label("登记冻结（待审核）", "Registry frozen (under review)"),
    "registry_frozen": Label("登记冻结", "Registry frozen"),
    "registry_pending_transfer": Label("登记待划转", "Registry pending transfer"),
    "trading_held": Label("交易持有", "Trading held"),
    "trading_pending_transfer": Label("交易待划转", "Trading pending transfer"),
}


def position(code: str | None) -> str:
    """Return a position of part D in words."""
    return label(POSITIONS.get(code, Label(code or "", code or "")))


def grouped(text: str) -> str:
    """Return typed digits with thousands separators; anything else as it was typed."""
    plain = text.isascii() and text.isdigit() and len(text) <= 18
    return f"{int(text):,}" if plain else text


def signed(quantity: int) -> str:
    """Return a change in whole tonnes with its sign; no change is a dash."""
    return f"{quantity:+,}".replace("-", "−") if quantity else "—"


def ledger_action(kind: str) -> str:
    """Return what an event of the ledger did, in words."""
    return label(ACTIONS[kind])


def typed_time(instant: datetime) -> str:
    """Return an instant as a field of date and time holds it, in Beijing time."""
    return instant.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M")


def choices(values: Iterable[object]) -> list[tuple[object, object]]:
    """Return values that are their own names, as a select takes them."""
    return [(value, value) for value in values]


def frozen_lines(holding: Holding, numbers: Mapping[int, str]) -> list[str]:
    """Return what D2 is made of: frozen by an authority, and held for which application."""
    frozen, pending = _("司法或主管部门冻结"), _("待审核")
    lines = [f"{frozen} {tonnes(holding.frozen)}"] if holding.frozen else []
    for held in holding.reservations:
        if held.position == "registry_reserved":
            number = numbers.get(held.instance_id or 0, str(held.transfer_id))
            lines.append(f"{label(held.type)} {pending} {tonnes(held.quantity)} · {number}")
    return lines


def say_so(app: Flask) -> None:
    """Offer the words to templates as filters."""
    app.jinja_env.filters.update(
        position=position,
        grouped=grouped,
        frozen_lines=frozen_lines,
        signed=signed,
        ledger_action=ledger_action,
        typed_time=typed_time,
        choices=choices,
    )
