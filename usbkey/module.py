"""A PKCS#11 module in this process: the driver of USBKeys of one maker.

A token is found by serial number and label whenever it is needed: slot numbers change when a token
is made new or another one is plugged in. Every call goes through one lock, because the library
initialises modules for one thread. A forked child starts anew: sessions of its parent are not its.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, ClassVar

import pkcs11
from pkcs11.constants import TokenFlag

from usbkey import errors
from usbkey.cryptoki import Cryptoki
from usbkey.failures import typed
from usbkey.login import Logins
from usbkey.token import Token


class Module:
    """What is plugged in, by the driver at ``path``."""

    loaded: ClassVar[dict[Path, "Module"]] = {}
    loading: ClassVar[RLock] = RLock()

    def __init__(self, path: Path, library: Any, cryptoki: Any) -> None:
        self.path = path
        self.cryptoki = cryptoki
        self.logins = Logins(self)
        self._library = library
        self._lock = RLock()
        self._stale = False

    @classmethod
    def load(cls, path: Path | str) -> "Module":
        """Load a driver, once a process; raises NoModule, WrongModule."""
        place = Path(path).expanduser().resolve()
        with cls.loading:
            if place not in cls.loaded:
                cls.loaded[place] = cls._load(place)
            return cls.loaded[place]

    @classmethod
    def _load(cls, path: Path) -> "Module":
        if not path.is_file():
            raise errors.NoModule(
                zh=f"没有找到 USBKey 驱动文件：{path}。",
                en=f"The driver of the USBKey was not found: {path}.",
            )
        try:
            return cls(path, pkcs11.lib(str(path)), Cryptoki(path))
        except (pkcs11.PKCS11Error, OSError, AttributeError) as error:
            raise errors.WrongModule from error

    @contextmanager
    def using(self) -> Iterator[Any]:
        """The library, for this thread alone; in a forked child it is initialised again first."""
        with self._lock:
            if self._stale:
                self._library.reinitialize()
                self._stale = False
            yield self._library

    def tokens(self) -> list[Token]:
        """What is plugged in and initialised.

        Many drivers see only what was there when they started: where nothing is found, and nobody
        is logged in, the driver is started again and asked once more.
        """
        with self.using() as library, typed():
            found = self._tokens()
            if not found and not self.logins:
                library.reinitialize()
                found = self._tokens()
            return found

    def token(self, label: str | None = None, serial: str | None = None) -> Token:
        """The one token of that label, serial number or both; raises NoToken, SeveralTokens."""
        fitting = [
            token
            for token in self.tokens()
            if label in {None, token.label} and serial in {None, token.serial}
        ]
        if not fitting:
            raise errors.NoToken
        if len(fitting) > 1:
            raise errors.SeveralTokens
        return fitting[0]

    def blank(self) -> Any:
        """The one token that is plugged in and not initialised, as python-pkcs11 has it."""
        with self.using(), typed():
            found = [one for one in self._plugged() if not _initialised(one)]
        if not found:
            raise errors.NoToken(
                zh="没有找到未初始化的 USBKey。", en="No USBKey was found that is not in use yet."
            )
        if len(found) > 1:
            raise errors.SeveralTokens
        return found[0]

    def present(self, token: Token) -> Any:
        """The token as it stands in its slot now; raises TokenRemoved."""
        with self.using(), typed():
            for found in self._plugged():
                if _initialised(found) and token.is_(found):
                    return found
        raise errors.TokenRemoved

    def has(self, token: Token) -> bool:
        """Whether it is still plugged in; a driver that answers nothing has it no more."""
        try:
            self.present(token)
        except errors.UsbkeyError:
            return False
        return True

    def restart(self) -> None:
        """Start the driver again: it looks anew for what is plugged in, and nobody is logged in."""
        with self.using() as library, typed():
            library.reinitialize()
            self.logins = Logins(self)

    def forked(self) -> None:
        """In a child: other threads and their locks are gone, and nobody is logged in."""
        self._lock = RLock()
        self._stale = True
        self.logins = Logins(self)

    def _tokens(self) -> list[Token]:
        return [Token.of(self, found) for found in self._plugged() if _initialised(found)]

    def _plugged(self) -> Iterator[Any]:
        for slot in self._library.get_slots(token_present=True):
            try:
                yield slot.get_token()
            except pkcs11.PKCS11Error:
                # Whatever a slot answers that has no token for us, the others are still there.
                continue


def _initialised(found: Any) -> bool:
    return bool(found.flags & TokenFlag.TOKEN_INITIALIZED)


def _after_fork() -> None:
    Module.loading = RLock()
    for module in Module.loaded.values():
        module.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
