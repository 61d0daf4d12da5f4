"""Which PINs a token may have: no maker's default, nothing that everybody tries first (G29)."""

import secrets
import string
from itertools import pairwise

from usbkey.errors import PinRefused, Words

SHORTEST, LONGEST = 6, 16
SHORTEST_OFFICER = 8
RUN = 3  # the largest even step of a PIN that is no more than a pattern
# What makers print on their boxes and people choose; 1234 is the manual's (R23), and too short.
KNOWN = {
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "1234567890",
    "123123",
    "123321",
    "112233",
    "121212",
    "246810",
    "147258",
    "159753",
    "520520",
    "888888",
    "88888888",
    "000000",
    "111111",
    "11111111",
    "123qwe",
    "1q2w3e",
    "1qaz2wsx",
    "abc123",
    "abcd1234",
    "admin123",
    "password",
    "passw0rd",
    "qwerty",
    "sopin",
    "userpin",
}


def require_good(pin: str, *, names: tuple[str, ...] = (), shortest: int = SHORTEST) -> None:
    """Raise PinRefused with the rule that a new PIN breaks.

    ``names`` are what stands on the token or beside it, such as the member number and the label.
    """
    if not shortest <= len(pin) <= LONGEST:
        raise _refused(
            f"长度应为 {shortest} 至 {LONGEST} 位",
            f"it must have {shortest} to {LONGEST} characters",
        )
    if not all(char in ALLOWED for char in pin):
        raise _refused(
            "只能使用英文字母、数字和符号", "only letters, digits and signs of ASCII are allowed"
        )
    lowered = pin.lower()
    if lowered in KNOWN or _is_run(lowered):
        raise _refused("过于常见", "it is among those that are tried first")
    if any(name and (name.lower() in lowered or lowered in name.lower()) for name in names):
        raise _refused("不能包含会员编号或标签", "it must not be the member number or the label")


ALLOWED = frozenset(string.ascii_letters + string.digits + string.punctuation)


def new_transport_pin() -> str:
    """A PIN that nobody knows by heart, good only until the person chooses their own."""
    return "".join(secrets.choice(string.digits) for _ in range(LONGEST))


def _is_run(pin: str) -> bool:
    """Whether every character follows the one before by the same step: 111111, 234567, fedcba."""
    codes = [ord(char) for char in pin]
    steps = {after - before for before, after in pairwise(codes)}
    return len(steps) == 1 and abs(steps.pop()) <= RUN


def _refused(zh: str, en: str) -> PinRefused:
    reason = Words(f"不能使用这个 PIN 码：{zh}。", f"This PIN cannot be used: {en}.")
    return PinRefused(zh=reason.zh, en=reason.en)
