"""What a person reads of a document before they sign it, built from the very bytes signed."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from usbkey import documents
from usbkey.errors import Words


class Row(NamedTuple):
    """One line: what it is, and what the document says."""

    label: Words
    value: Words


def summary(data: bytes) -> list[Row]:
    """The rows of a document, those with nothing in them left out; raises DocumentError."""
    fields = documents.parsed(data)
    rows = [
        Row(Words("网站", "Website"), _same(fields["origin"])),
        Row(Words("事项", "Action"), _label(fields["action"])),
        Row(Words("登记会员编号", "Member number"), _same(fields.get("member_no", ""))),
        Row(Words("申请编号", "Application"), _same(fields.get("instance", ""))),
        Row(Words("转出方", "From"), _party(fields.get("from"))),
        *(Row(Words("转入方", "To"), _party(party)) for party in fields.get("to", ())),
        *(_quantity(line) for line in fields.get("quantities", ())),
        Row(Words("审核结论", "Verdict"), _label(fields.get("verdict_text"))),
        Row(Words("意见", "Opinion"), _same(fields.get("opinion", ""))),
        Row(Words("有效期至", "Valid until"), _same(fields["expires"])),
    ]
    return [row for row in rows if row.value.zh or row.value.en]


# Letters and signs that count as printable and show nothing.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def visible(text: str) -> str:
    """A text in which nothing is hidden or turned round by control characters."""
    return "".join(char if _shows(char) else "\ufffd" for char in text)


def _shows(char: str) -> bool:
    return char == "\n" or (char.isprintable() and char not in _BLANK)


def _quantity(line: Mapping[str, str]) -> Row:
    to = f" → {line['to']}" if "to" in line else ""
    text = f"{line['instrument']}  {int(line['quantity']):,}"
    return Row(Words("数量（吨）", "Quantity (t)"), _same(f"{text}{to}"))


def _party(party: Mapping[str, Any] | None) -> Words:
    if party is None:
        return Words("", "")
    holder, account = _label(party["holder"]), visible(party.get("account", ""))
    return Words(f"{holder.zh} {account}".strip(), f"{holder.en} {account}".strip())


def _label(label: Mapping[str, str] | None) -> Words:
    return Words(visible(label["zh"]), visible(label["en"])) if label else Words("", "")


def _same(text: str) -> Words:
    return Words(visible(text), visible(text))
