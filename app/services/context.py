"""What every service needs from its surroundings: settings, database, clock, operators."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.config import Settings
from app.db import Database
from app.domain.clock import Clock
from app.messages.port import Port
from app.services.queue import Bell

if TYPE_CHECKING:
    from app.services.operators import Operators  # operators ask services, which take a context


@dataclass(frozen=True)
class Context:
    """Made once per process by app.bootstrap.build and handed to every service.

    ``operators`` joins the service-task names of the diagrams to functions, ``ports`` the channels
    of messages (email, sms) to what carries them.
    """

    settings: Settings
    database: Database
    clock: Clock
    operators: "Operators"
    bell: Bell
    ports: Mapping[str, Port]
