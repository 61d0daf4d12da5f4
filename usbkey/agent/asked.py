"""What websites asked for and what became of it, in memory until it is over."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Generic, TypeVar

from usbkey.agent.gate import Gate
from usbkey.agent.refusals import Refused
from usbkey.agent.shown import Shown
from usbkey.certificates import Held

WAITING, DONE, REFUSED, OVER = "waiting", "done", "refused", "over"
PAIRING_TIME = timedelta(minutes=5)
KEPT = timedelta(minutes=10)  # an answer can be fetched again until then
MOST_WAITING = 20  # of one kind
MOST_KEPT = 100  # of one kind, the oldest answered ones go first


@dataclass
class Wish:
    """One thing a website asked for; the user's answer is taken under the lock, once."""

    id: str
    origin: str
    language: str
    expires: datetime
    state: str = WAITING
    gate: Gate = field(default_factory=Gate)
    lock: threading.RLock = field(default_factory=threading.RLock)


@dataclass
class Pairing(Wish):
    """A website that wants to be allowed."""

    secret: str = ""
    code: str = ""  # six digits, shown on the page and in the window: they must be the same


@dataclass
class Signing(Wish):
    """Documents that a paired website wants signed."""

    documents: tuple[Shown, ...] = ()
    held: Held | None = None
    cms: tuple[bytes, ...] = ()
    done: int = 0  # signed so far, for a slow token

    @property
    def content(self) -> str:
        """What is asked for, to tell a replay from another request of the same id."""
        whole = sha256(self.held.certificate if self.held else b"")
        for document in self.documents:
            whole.update(sha256(document.data).digest())
        return whole.hexdigest()


def new_pairing(origin: str, language: str, secret: str, now: datetime) -> Pairing:
    """Return a wish to pair with a code to compare."""
    return Pairing(
        id=secrets.token_urlsafe(16),
        origin=origin,
        language=language,
        expires=now + PAIRING_TIME,
        secret=secret,
        code=f"{secrets.randbelow(10**6):06}",
    )


Kind = TypeVar("Kind", bound=Wish)


class Asked(Generic[Kind]):
    """All wishes of one kind in this run."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._wishes: dict[str, Kind] = {}

    def add(self, wish: Kind) -> Kind:
        """Keep a wish, or return the known one of its id; raises Refused when too many wait."""
        with self._lock:
            self._sweep()
            known = self._wishes.get(wish.id)
            if known is not None:
                return known
            if sum(one.state == WAITING for one in self._wishes.values()) >= MOST_WAITING:
                raise Refused("busy")
            self._wishes[wish.id] = wish
            self._make_room()
            return wish

    def find(self, number: str, origin: str | None = None) -> Kind:
        """Return a wish, of this website if one is named; raises Refused."""
        with self._lock:
            self._sweep()
            wish = self._wishes.get(number)
        if wish is None or origin not in {None, wish.origin}:
            raise Refused("not_found")
        return wish

    def _make_room(self) -> None:
        answered = [number for number, wish in self._wishes.items() if wish.state != WAITING]
        for number in answered[: max(0, len(self._wishes) - MOST_KEPT)]:
            del self._wishes[number]

    def _sweep(self) -> None:
        now = self._now()
        for wish in self._wishes.values():
            if wish.state == WAITING and now > wish.expires:
                wish.state = OVER
        for number in [n for n, wish in self._wishes.items() if now > wish.expires + KEPT]:
            del self._wishes[number]
