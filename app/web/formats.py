"""How numbers, days and times are written: whole tonnes, Beijing time, 24 hours."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Flask, current_app

from app.domain.clock import BEIJING, local_day
from app.domain.label import Label
from app.web.language import language, speaker


def tonnes(quantity: int | None) -> str:
    """Return whole tonnes with thousands separators; nothing is a dash."""
    return "—" if quantity is None else f"{quantity:,}"


def when(instant: datetime | None) -> str:
    """Return 2026-12-31 14:26:07, Beijing time."""
    return instant.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S") if instant else "—"


def minute(instant: datetime | None) -> str:
    """Return 2026-12-31 14:26, Beijing time."""
    return instant.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M") if instant else "—"


def day(value: datetime | date | None) -> str:
    """Return 2026-12-31; an instant's day is the day in Beijing."""
    if value is None:
        return "—"
    return (local_day(value) if isinstance(value, datetime) else value).isoformat()


@dataclass(frozen=True, slots=True)
class Present:
    """The present of a page: a list writes many times, and asks for now and the language once."""

    now: datetime
    today: date
    say: Callable[[str], str]

    def near(self, instant: datetime | None) -> str:
        """Return 今日 14:26, 昨日 17:00, 12-30 09:00, or with the year when it is another."""
        if instant is None:
            return "—"
        _, local = self.say, instant.astimezone(BEIJING)
        clock, day = f"{local.hour:02}:{local.minute:02}", local.date()
        if day == self.today:
            return " ".join((_("今日"), clock))
        if day == self.today - timedelta(days=1):
            return " ".join((_("昨日"), clock))
        month_and_day = f"{day.month:02}-{day.day:02} {clock}"
        return month_and_day if day.year == self.today.year else f"{day.year}-{month_and_day}"

    def minutes_left(self, deadline: datetime) -> int:
        """Return whole minutes until a deadline, zero or less when it has passed."""
        return -((self.now - deadline) // timedelta(minutes=1))

    def left(self, deadline: datetime) -> str:
        """Return 2 小时 34 分, 5 天 3 小时, or that it has passed."""
        _, minutes = self.say, self.minutes_left(deadline)
        if minutes <= 0:
            return _("已截止")
        days, hours = minutes // 1440, minutes % 1440 // 60
        if days:
            return _("{d} 天 {h} 小时").format(d=days, h=hours)
        return _("{h} 小时 {m} 分").format(h=hours, m=minutes % 60)

    def ago(self, deadline: datetime) -> str:
        """Return how long a deadline has passed, in its largest unit: 21 小时, 3 天."""
        _, minutes = self.say, -self.minutes_left(deadline)
        if minutes >= 1440:
            return _("{d} 天").format(d=minutes // 1440)
        if minutes >= 60:
            return _("{h} 小时").format(h=minutes // 60)
        return _("{m} 分").format(m=max(1, minutes))


def present() -> Present:
    """Return the present of this page."""
    now: datetime = current_app.extensions["registry"].clock.now()
    return Present(now, local_day(now), speaker(language()))


def near(instant: datetime | None) -> str:
    """Return an instant as ``Present.near`` does."""
    return present().near(instant)


def minutes_left(deadline: datetime) -> int:
    """Return whole minutes until a deadline, zero or less when it has passed."""
    return present().minutes_left(deadline)


def left(deadline: datetime) -> str:
    """Return the time until a deadline as ``Present.left`` does."""
    return present().left(deadline)


def ago(deadline: datetime) -> str:
    """Return the time since a deadline as ``Present.ago`` does."""
    return present().ago(deadline)


def share(part: int, total: int) -> float:
    """Return the share of a total in percent, at most 100."""
    return min(100.0, part * 100 / total) if total else 0.0


def label(value: Label | str) -> str:
    """Return a label in the language of the page; plain text stays what it is."""
    return value.text(language()) if isinstance(value, Label) else str(value)


def by_twos(serial: str) -> str:
    """Return a certificate's serial number as the agent's window shows it, to be compared."""
    even = serial.upper().zfill(len(serial) + len(serial) % 2)
    return ":".join(even[i : i + 2] for i in range(0, len(even), 2))


def write_so(app: Flask) -> None:
    """Offer the formats to templates as filters."""
    for written in (
        tonnes, when, minute, day, near, minutes_left, left, ago, share, label, by_twos
    ):  # fmt: skip
        app.jinja_env.filters[written.__name__] = written
