"""What was typed into an address or a form, read strictly: never trusted, never a fault."""

import re
from collections.abc import Mapping, Sequence

from flask import request

from app.domain.errors import Invalid
from app.domain.label import Label
from app.workflow.forms import Field, Form

LONGEST_SEARCH = 100
LARGEST = 10**15  # whole tonnes
WIDE = str.maketrans("０１２３４５６７８９，", "0123456789,")
GROUPED = re.compile(r"[0-9]{1,3}([, ])[0-9]{3}(?:\1[0-9]{3})*")


def search_text(name: str = "q") -> str:
    """Return a search text of the address, trimmed and of sane length."""
    return request.args.get(name, "").strip()[:LONGEST_SEARCH]


def one_of(name: str, allowed: Sequence[str]) -> str:
    """Return a choice of the address; an unknown one is no choice."""
    given = request.args.get(name, "")
    return given if given in allowed else ""


def plain_number(text: str) -> str:
    """Return digits as typed by people: full-width digits, and groups of three, are understood.

    Anything else stays as typed and is refused: 1,5 is not fifteen, and 10² is not 102.
    """
    typed = " ".join(text.translate(WIDE).split())
    return typed.replace(",", "").replace(" ", "") if GROUPED.fullmatch(typed) else typed


def whole(text: str, name: str, label: Label, least: int = 0) -> int:
    """Read whole tonnes; raises Invalid naming the field."""
    digits = plain_number(text)
    if not digits.isascii() or not digits.isdigit() or not least <= int(digits[:16]) <= LARGEST:
        zh, en = (
            f"{label.zh}须为不小于 {least} 的整数。",
            f"{label.en}: a whole number from {least}.",
        )
        raise Invalid(zh, en, fields={name: Label(zh, en)})
    return int(digits)


def whole_or_zero(name: str, label: Label) -> int:
    """Read whole tonnes of the address; nothing typed is zero."""
    given = request.args.get(name, "").strip()
    return whole(given, name, label) if given else 0


def values_of(form: Form) -> dict[str, object]:
    """Return what was typed into a form that is data, in the shape its schema describes."""
    return {field.name: _value(field) for field in form.fields if _given(field)}


def _given(field: Field) -> bool:
    names = [field.name, *(f"{field.name}.{column.name}" for column in field.columns)]
    return any(name in request.form for name in names)


def _value(field: Field) -> object:
    if not field.columns:
        text = request.form.get(field.name, "")
        match field.widget:
            case "quantity":
                return plain_number(text)
            case "attachments":
                return request.form.getlist(field.name)
            case "holders":  # one a line
                return [line.strip() for line in text.splitlines() if line.strip()]
        return text
    columns = {c.name: request.form.getlist(f"{field.name}.{c.name}") for c in field.columns}
    length = max(len(values) for values in columns.values())
    return [_row(columns, index) for index in range(length)]


def _row(columns: Mapping[str, list[str]], index: int) -> dict[str, str]:
    row = {name: values[index] for name, values in columns.items() if index < len(values)}
    if "quantity" in row:
        row["quantity"] = plain_number(row["quantity"])
    return row
