"""Who is logged in to a token.

Login belongs to the whole process: a second one would be answered with UserAlreadyLoggedIn,
whatever its PIN. So one session is shared, and whoever comes second must know the same PIN.
"""

import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pkcs11
from pkcs11 import exceptions as answers
from pkcs11.constants import TokenFlag

from usbkey import errors
from usbkey.failures import typed

if TYPE_CHECKING:
    from usbkey.module import Module
    from usbkey.token import Token


@dataclass
class Login:
    """A session that is logged in, and how many use it; the PIN only as a keyed hash."""

    session: Any
    pin: bytes
    users: int = 1


class Logins:
    """The open logins of one module, by token."""

    def __init__(self, module: "Module") -> None:
        self._module = module
        self._open: dict[Token, Login] = {}
        self._key = secrets.token_bytes(32)

    def __bool__(self) -> bool:
        return bool(self._open)

    @contextmanager
    def user(self, token: "Token", pin: str) -> Iterator[Any]:
        """A session of the token's user, shared among threads.

        Raises WrongPin, PinLocked, PinNotSet, TokenRemoved.
        """
        login = self._enter(token, pin)
        try:
            yield login.session
        finally:
            self._leave(token, login)

    @contextmanager
    def alone(self, token: "Token", **pin: str) -> Iterator[Any]:
        """A session that may write, while nobody else uses the token.

        Named ``user_pin`` or ``so_pin``; raises as ``user`` does, and TokenFailed where the token
        is in use.
        """
        with self._module.using():
            if token in self._open:
                raise errors.TokenFailed(zh="USBKey 正在使用中。", en="The USBKey is in use.")
            for asked in pin.values():
                _plain(asked)
            session = self._logged_in(token, rw=True, **pin)
            try:
                yield session
            finally:
                self._close(token, session)

    def _enter(self, token: "Token", pin: str) -> Login:
        with self._module.using():
            hashed = hmac.digest(self._key, _plain(pin), "sha256")
            login = self._open.get(token)
            if login is None:
                login = Login(self._logged_in(token, user_pin=pin), hashed)
                self._open[token] = login
                return login
            if not hmac.compare_digest(hashed, login.pin):
                raise errors.WrongPin
            login.users += 1
            return login

    def _leave(self, token: "Token", login: Login) -> None:
        with self._module.using():
            login.users -= 1
            # A child that was forked meanwhile has logins of its own; this one is its parent's.
            if login.users == 0 and self._module.logins is self:
                del self._open[token]
                self._close(token, login.session)

    def _logged_in(self, token: "Token", **asked: Any) -> Any:
        present = self._module.present(token)
        slot = present.slot.slot_id
        _require_usable(present, officer="so_pin" in asked)
        try:
            return present.open(**asked)
        except answers.UserAlreadyLoggedIn:
            # Left over by somebody else in this process: the PIN would not be looked at.
            with typed():
                self._module.cryptoki.close_all_sessions(slot)
                return present.open(**asked)
        except (answers.PinIncorrect, answers.PinInvalid, answers.PinLenRange):
            self._close_all(slot)
            raise self._wrong_pin(token, officer="so_pin" in asked) from None
        except pkcs11.PKCS11Error:
            self._close_all(slot)
            with typed(lambda: self._module.has(token)):
                raise

    def _wrong_pin(self, token: "Token", *, officer: bool) -> errors.UsbkeyError:
        """What the token tells of the tries that are left, after it counted this one."""
        flags = self._module.present(token).flags
        prefix = "SO" if officer else "USER"
        if flags & TokenFlag[f"{prefix}_PIN_LOCKED"]:
            return errors.PinLocked()
        if flags & TokenFlag[f"{prefix}_PIN_FINAL_TRY"]:
            return errors.WrongPin(1)
        return errors.WrongPin(low=bool(flags & TokenFlag[f"{prefix}_PIN_COUNT_LOW"]))

    def _close(self, token: "Token", session: Any) -> None:
        """Log out; a token that was pulled out has nobody logged in any more."""
        try:
            session.close()
        except pkcs11.PKCS11Error:
            with suppress(errors.UsbkeyError):
                self._close_all(self._module.present(token).slot.slot_id)

    def _close_all(self, slot: int) -> None:
        """A login that fails leaves its session open, and tokens have few of them."""
        with suppress(pkcs11.PKCS11Error, errors.UsbkeyError):
            self._module.cryptoki.close_all_sessions(slot)


def _plain(pin: str) -> bytes:
    """What a token is given; what no PIN can be is wrong without asking it, and costs no try."""
    try:
        given = pin.encode()
    except UnicodeEncodeError:
        given = b""
    if not given or b"\0" in given:
        raise errors.WrongPin
    return given


def _require_usable(present: Any, *, officer: bool) -> None:
    if officer:
        return
    if present.flags & TokenFlag.USER_PIN_LOCKED:
        raise errors.PinLocked
    if not present.flags & TokenFlag.USER_PIN_INITIALIZED:
        raise errors.PinNotSet
