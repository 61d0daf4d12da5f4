"""The one clock. Everything that asks for the time asks a Clock, so a year can be replayed."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """What the registry knows of time: the instant, always aware and in UTC."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)


@dataclass
class FixedClock:
    """A clock that stands still until it is moved; for tests and for replaying a year."""

    at: datetime = field(default_factory=lambda: datetime(2021, 1, 1, tzinfo=UTC))

    def now(self) -> datetime:
        """Return the instant the clock was set to."""
        return self.at

    def advance(self, step: timedelta) -> None:
        """Move the clock forward."""
        self.at += step

    def set(self, at: datetime) -> None:
        """Set the clock; a naive time is refused, because it would mean two instants."""
        if at.tzinfo is None:
            raise ValueError("a clock is set to an aware time")
        self.at = at.astimezone(UTC)


def local_day(instant: datetime) -> date:
    """Return the day of an instant in Beijing; days of the registry are Beijing days."""
    return instant.astimezone(BEIJING).date()


def day_begins(day: date) -> datetime:
    """Return the instant at which a day begins in Beijing, in UTC."""
    return datetime.combine(day, time(), BEIJING).astimezone(UTC)
