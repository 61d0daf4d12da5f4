"""A driver that can do what SoftHSM cannot: lock a PIN, count tries, be pulled out anywhere."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pkcs11 import exceptions as answers
from pkcs11.constants import TokenFlag

from usbkey.module import Module

PIN = "749261x"
NONE = TokenFlag(0)


@dataclass
class FakeToken:
    """A token with a few tries; ``tells`` says whether its flags tell of them."""

    slot: "FakeSlot"
    tries: int = 3
    tells: bool = True
    more_flags: TokenFlag = NONE
    failures: int = 0
    logged_in: int = 0
    label: str = "33000000001"
    serial: bytes = b"0123456789abcdef"
    manufacturer_id: str = "a maker"
    model: str = "a model"

    @property
    def flags(self) -> TokenFlag:
        flags = TokenFlag.TOKEN_INITIALIZED | TokenFlag.USER_PIN_INITIALIZED | self.more_flags
        if self.tells and self.failures:
            left = self.tries - self.failures
            flags |= TokenFlag.USER_PIN_COUNT_LOW
            flags |= TokenFlag.USER_PIN_FINAL_TRY if left == 1 else NONE
            flags |= TokenFlag.USER_PIN_LOCKED if left <= 0 else NONE
        return flags

    def open(self, **asked: Any) -> Any:
        if not {"user_pin", "so_pin"} & set(asked):
            return FakeSession(self, 0)
        if self.slot.answer is not None:
            raise self.slot.answer
        if self.failures >= self.tries:
            raise answers.PinLocked
        if asked.get("user_pin") != PIN:
            self.failures += 1
            raise answers.PinIncorrect
        self.failures = 0
        self.logged_in += 1
        return FakeSession(self, 1)


@dataclass
class FakeSession:
    """A session on a token without anything on it."""

    token: FakeToken
    logins: int

    def get_objects(self, _attributes: Any) -> list[Any]:
        return []

    def close(self) -> None:
        self.token.logged_in -= self.logins


@dataclass
class FakeSlot:
    """A slot; ``answer`` is what a login is answered with, whatever the PIN."""

    slot_id: int = 7
    answer: Exception | None = None
    token: FakeToken | None = None

    def get_token(self) -> FakeToken:
        if self.token is None:
            raise answers.TokenNotPresent
        return self.token


@dataclass
class FakeDriver:
    """The library and the calls beside it."""

    slots: list[FakeSlot] = field(default_factory=list)
    plugged_later: list[FakeSlot] = field(default_factory=list)
    restarts: int = 0
    closed: list[int] = field(default_factory=list)

    def get_slots(self, token_present: bool = False) -> list[FakeSlot]:
        return [slot for slot in self.slots if not token_present or slot.token]

    def reinitialize(self) -> None:
        self.restarts += 1
        self.slots += self.plugged_later
        self.plugged_later = []

    def close_all_sessions(self, slot: int) -> None:
        self.closed.append(slot)


def fake(**token: Any) -> tuple[Module, FakeDriver, FakeToken]:
    """A driver with one token plugged in."""
    slot = FakeSlot()
    slot.token = FakeToken(slot, **token)
    driver = FakeDriver([slot])
    return Module(Path("a fake"), driver, driver), driver, slot.token
