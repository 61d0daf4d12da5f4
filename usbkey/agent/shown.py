"""A document that passed every check, and what the window says of it.

Nothing is signed that a person could not read: the window is built from the very bytes that are
signed, never from texts that the page sends beside them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from usbkey import documents
from usbkey.agent.refusals import Refused, Text
from usbkey.certificates import Held
from usbkey.errors import DocumentRefused
from usbkey.summary import visible

MOST = 500  # documents of one batch
SKEW = timedelta(minutes=2)  # two clocks may differ by so much


class Line(NamedTuple):
    """Units of one instrument that move by the decision, in whole tonnes."""

    instrument: str
    quantity: int
    to: str


@dataclass(frozen=True)
class Shown:
    """A document of the registry's own types."""

    data: bytes
    fields: Mapping[str, Any]
    expires: datetime

    @property
    def is_sign_in(self) -> bool:
        """Whether it signs in; else it is a decision."""
        return bool(self.fields["type"] == documents.SIGN_IN)

    @property
    def action(self) -> Text:
        """What is done."""
        return _text(self.fields["action"])

    @property
    def verdict(self) -> Text:
        """The verdict in words, with the code that is signed; empty where the task has none.

        The words are the registry's; who trusts it not looks at the code.
        """
        words = _text(self.fields.get("verdict_text") or {"zh": "", "en": ""})
        code = visible(str(self.fields.get("verdict", "")))
        return Text(*(f"{each} [{code}]".strip() for each in words)) if code else words

    @property
    def opinion(self) -> str:
        """What the person wrote."""
        return visible(str(self.fields.get("opinion", "")))

    @property
    def source(self) -> Text:
        """The account that units leave, with its holder."""
        found = self.fields.get("from")
        return _party(found) if found else Text("", "")

    @property
    def targets(self) -> list[Text]:
        """The accounts that units reach."""
        return [_party(one) for one in self.fields.get("to", ())]

    @property
    def member_no(self) -> str:
        """Who signs in."""
        return visible(str(self.fields.get("member_no", "")))

    @property
    def instance(self) -> str:
        """The number of the application that is decided on."""
        return visible(str(self.fields.get("instance", "")))

    @property
    def account(self) -> str:
        """The account that the person acts for."""
        return visible(str(self.fields.get("account", "")))

    @property
    def lines(self) -> list[Line]:
        """Every quantity with its instrument."""
        return [
            Line(visible(row["instrument"]), int(row["quantity"]), visible(row.get("to", "")))
            for row in self.fields.get("quantities", ())
        ]

    @property
    def total(self) -> int:
        """All quantities together, in whole tonnes."""
        return sum(line.quantity for line in self.lines)

    @property
    def text(self) -> str:
        """The bytes that are signed, as text."""
        return visible(self.data.decode())

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes that are signed."""
        return sha256(self.data).hexdigest()


def read(data: bytes, origin: str, held: Held, now: datetime) -> Shown:
    """Return a document that may be shown and signed; raises Refused with its reason."""
    try:
        fields = documents.parsed(data)
    except DocumentRefused as error:
        raise Refused("document", Text(error.zh, error.en)) from error
    if fields["origin"] != origin:
        raise Refused("document_origin", _same(f"{fields['origin']} ≠ {origin}"))
    issued, expires = (_time(fields[name]) for name in ("issued", "expires"))
    if now > expires:
        raise Refused("document_expired", _clocks(expires, now))
    if issued > now + SKEW:
        raise Refused("document_early", _clocks(issued, now))
    if "member_no" in fields and fields["member_no"] != held.subject.member_no:
        raise Refused("document_member", _same(f"{fields['member_no']} ≠ {held.subject.member_no}"))
    return Shown(data, fields, expires)


def totals(shown: Iterable[Shown]) -> list[tuple[str, int]]:
    """Return the sum of each instrument over a batch, in whole tonnes."""
    sums: dict[str, int] = {}
    for document in shown:
        for line in document.lines:
            sums[line.instrument] = sums.get(line.instrument, 0) + line.quantity
    return sorted(sums.items())


def kinds(shown: Sequence[Shown]) -> list[tuple[Text, Text, int]]:
    """Return each pair of action and verdict in a batch, with how many documents have it."""
    counts: dict[tuple[Text, Text], int] = {}
    for document in shown:
        key = (document.action, document.verdict)
        counts[key] = counts.get(key, 0) + 1
    return [(*key, count) for key, count in counts.items()]


def _party(found: Mapping[str, Any]) -> Text:
    account = visible(found.get("account", ""))
    holder = _text(found["holder"])
    return Text(*(f"{account} {name}".strip() for name in holder))


def _text(found: Mapping[str, str]) -> Text:
    return Text(visible(found["zh"]), visible(found["en"]))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _same(text: str) -> Text:
    return Text(text, text)


def _clocks(theirs: datetime, ours: datetime) -> Text:
    their, our = (f"{at:%Y-%m-%d %H:%M:%S} UTC" for at in (theirs, ours))
    return Text(f"文件：{their}；本机：{our}", f"document: {their}; this machine: {our}")
