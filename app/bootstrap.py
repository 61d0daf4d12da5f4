"""Joins the parts: settings, database, clock, and the operators that diagrams may name."""

from app.config import Settings
from app.db import Database
from app.domain.clock import Clock, SystemClock
from app.services.context import Context
from app.services.operators import standard_operators
from app.services.queue import Bell
from app.services.types import two_phase_types


def build(settings: Settings, clock: Clock | None = None) -> Context:
    """Return the context of a process; nothing is connected before it is used."""
    return Context(
        settings=settings,
        database=Database.connect(settings.database_url),
        clock=clock or SystemClock(),
        operators=standard_operators(two_phase_types()),
        bell=Bell(settings.redis_url),
    )
