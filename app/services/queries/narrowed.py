"""What narrows a list of applications."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Part of a number or name, open or ended, one kind, days of submission (both included)."""

    search: str = ""
    status: str = ""
    kind: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def any(self) -> bool:
        """Whether anything is hidden; an empty list says so."""
        return self != Narrowed()
