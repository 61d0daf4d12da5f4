"""The parts of one running agent, joined."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import Queue
from typing import Any

from flask import Flask, current_app

from usbkey.agent.asked import Asked, Pairing, Signing, Wish
from usbkey.agent.keys import Keys
from usbkey.agent.origins import Origins
from usbkey.agent.pairings import Pairings

EXTENSION = "usbkey_agent"


def system_time() -> datetime:
    """Return this machine's time."""
    return datetime.now(UTC)


@dataclass
class Agent:
    """Who may ask, whom the user allowed, the keys, and what was asked."""

    origins: Origins
    pairings: Pairings
    keys: Keys
    port: int
    now: Callable[[], datetime] = system_time
    terminal: "Queue[Wish | None] | None" = None  # where wishes go when there is no window
    pairs: Asked[Pairing] = field(init=False)
    signs: Asked[Signing] = field(init=False)

    def __post_init__(self) -> None:
        self.pairs = Asked(self.now)
        self.signs = Asked(self.now)

    @property
    def address(self) -> str:
        """The agent's own origin."""
        return f"http://127.0.0.1:{self.port}"

    def announce(self, wish: Wish, kind: str) -> str | None:
        """Return the address of a window for a wish, or hand it to the terminal."""
        if self.terminal is not None:
            self.terminal.put(wish)
            return None
        return f"{self.address}/window/{kind}/{wish.id}/{wish.gate.ticket()}"


def join(app: Flask, agent: Agent) -> None:
    """Give the agent to the application's requests."""
    app.extensions[EXTENSION] = agent


def present() -> Agent:
    """Return the agent of this request."""
    found: Any = current_app.extensions[EXTENSION]
    if not isinstance(found, Agent):
        raise TypeError("no agent is joined to this application")
    return found
