"""DER, strictly: one encoding for one value, so that bytes can be compared (X.690 section 10).

Only what signatures and certificates need: single-byte tags and definite lengths of at most three
bytes, in the shortest form. Raises Rejected, nothing else.
"""

from app.evidence import reasons
from app.evidence.reasons import Reason, Rejected

INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
NULL = 0x05
OID = 0x06
UTC_TIME = 0x17
SEQUENCE = 0x30
SET = 0x31
FIRST = 0xA0
SECOND = 0xA1

_LONG = 0x80
_LONGEST_LENGTH = 3
_HIGH_TAG = 0x1F


class Reader:
    """Reads elements one after the other from a slice of bytes, and never beyond its end."""

    __slots__ = ("data", "end", "place", "reason")

    def __init__(
        self,
        data: bytes,
        place: int = 0,
        end: int | None = None,
        reason: Reason = reasons.CMS_MALFORMED,
    ) -> None:
        self.data = data
        self.place = place
        self.end = len(data) if end is None else end
        self.reason = reason

    def header(self) -> tuple[int, int, int]:
        """Return tag, start and end of the next element's content, without moving on."""
        data, place, end = self.data, self.place, self.end
        if place + 2 > end:
            raise Rejected(reasons.TRUNCATED)
        tag, length = data[place], data[place + 1]
        if tag & _HIGH_TAG == _HIGH_TAG:
            raise Rejected(self.reason)
        start = place + 2
        if length & _LONG:
            length, start = self._long_length(length & ~_LONG, start)
        if start + length > end:
            raise Rejected(reasons.TRUNCATED)
        return tag, start, start + length

    def _long_length(self, count: int, start: int) -> tuple[int, int]:
        """Return a length of several bytes; indefinite or longer than needed is refused."""
        if not 0 < count <= _LONGEST_LENGTH:
            raise Rejected(self.reason)
        after = start + count
        if after > self.end:
            raise Rejected(reasons.TRUNCATED)
        length = int.from_bytes(self.data[start:after], "big")
        if length < _LONG or length >> (8 * (count - 1)) == 0:
            raise Rejected(self.reason)
        return length, after

    def peek(self) -> int | None:
        """Return the next element's tag, or None at the end."""
        return self.data[self.place] if self.place < self.end else None

    def open(self, tag: int) -> "Reader":
        """Return a reader of the next element's content, which must have this tag."""
        found, start, end = self.header()
        if found != tag:
            raise Rejected(self.reason)
        self.place = end
        return Reader(self.data, start, end, self.reason)

    def content(self, tag: int) -> bytes:
        """Return the content of the next element, which must have this tag."""
        found, start, end = self.header()
        if found != tag:
            raise Rejected(self.reason)
        self.place = end
        return self.data[start:end]

    def whole(self, tag: int) -> bytes:
        """Return the next element with its header; it must have this tag."""
        found, _, end = self.header()
        if found != tag:
            raise Rejected(self.reason)
        start, self.place = self.place, end
        return self.data[start:end]

    def integer(self) -> bytes:
        """Return the content of a non-negative INTEGER in its shortest form."""
        value = self.content(INTEGER)
        if not value or value[0] & _LONG:
            raise Rejected(self.reason)
        if len(value) > 1 and value[0] == 0 and not value[1] & _LONG:
            raise Rejected(self.reason)
        return value

    def close(self) -> None:
        """Refuse anything left over."""
        if self.place != self.end:
            raise Rejected(self.reason)


def element(tag: int, *contents: bytes) -> bytes:
    """Return one element."""
    content = b"".join(contents)
    length = len(content)
    if length < _LONG:
        return bytes((tag, length)) + content
    count = (length.bit_length() + 7) // 8
    if count > _LONGEST_LENGTH:
        raise Rejected(reasons.TOO_LARGE)
    return bytes((tag, _LONG | count)) + length.to_bytes(count, "big") + content


def set_of(tag: int, members: list[bytes]) -> bytes:
    """Return a SET OF: its members in the order of their bytes."""
    return element(tag, *sorted(members))
