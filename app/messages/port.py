"""The port through which a message leaves: one small protocol, and the two ways it can fail."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one address. ``token`` names it for ever: the same text, the same token.

    The address stays out of ``repr``, so that no log and no error quotes it.
    """

    token: str
    address: str = field(repr=False)
    subject: str
    body: str
    at: datetime


class Failed(OSError):
    """The message did not leave; it is tried again. The text names no address and no person."""


class Refused(Failed):
    """The other side will not take it, today or tomorrow: it is not tried again."""


class Port(Protocol):
    """Carries letters of one channel."""

    def send(self, letter: Letter) -> None:
        """Send a letter; raises Failed, or Refused when trying again is of no use."""
        ...

    def holds(self, token: str) -> bool | None:
        """Return whether a letter has left before; None when the port cannot know."""
        ...

    def told(self) -> str:
        """Return where letters go, for the operator: never a password."""
        ...
