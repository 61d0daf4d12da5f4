"""The few shapes of DER that a signature is made of (X.690)."""

from collections.abc import Iterator

INTEGER = 0x02
OCTETS = 0x04
OID = 0x06
UTC_TIME = 0x17
SEQUENCE = 0x30
SET = 0x31
SHORT = 0x80


class BadDer(ValueError):
    """Bytes that are not DER."""


def element(tag: int, content: bytes) -> bytes:
    """One element: tag, length, content."""
    size = len(content)
    if size < SHORT:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, SHORT | len(length)]) + length + content


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of elements."""
    return element(SEQUENCE, b"".join(parts))


def set_of(*parts: bytes, tag: int = SET) -> bytes:
    """A SET OF elements, in the order DER asks for."""
    return element(tag, b"".join(sorted(parts)))


def integer(value: int) -> bytes:
    """A whole number that is not negative."""
    return element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(content: bytes) -> bytes:
    """An OCTET STRING."""
    return element(OCTETS, content)


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    first, second, *rest = map(int, dotted.split("."))
    return element(OID, b"".join(map(_base128, [40 * first + second, *rest])))


def elements(content: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """The elements in a content, each as tag, content and whole; raises BadDer."""
    start = 0
    while start < len(content):
        tag, head, size = _header(content, start)
        end = head + size
        if end > len(content):
            raise BadDer("an element is cut off")
        yield tag, content[head:end], content[start:end]
        start = end


def only(whole: bytes) -> bytes:
    """The content of bytes that are one element; raises BadDer."""
    found = list(elements(whole))
    if len(found) != 1:
        raise BadDer("not exactly one element")
    return found[0][1]


def _header(content: bytes, start: int) -> tuple[int, int, int]:
    """Tag, where the content starts, and its size."""
    try:
        tag, size = content[start], content[start + 1]
    except IndexError:
        raise BadDer("an element is cut off") from None
    head = start + 2
    if size < SHORT:
        return tag, head, size
    more = size - SHORT
    size = int.from_bytes(content[head : head + more], "big")
    if not more or size < SHORT or content[head] == 0:
        raise BadDer("a length is not as short as it can be")
    return tag, head + more, size


def _base128(value: int) -> bytes:
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(0x80 | value & 0x7F)
    return bytes(reversed(digits))
