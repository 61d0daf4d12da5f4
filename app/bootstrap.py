"""Joins the parts: settings, database, clock, ports, and the operators that diagrams may name."""

from collections.abc import Mapping

from app.config import Settings, SettingsError
from app.db import Database
from app.domain.clock import Clock, SystemClock
from app.messages.mailbox import FileMailbox
from app.messages.port import Port
from app.messages.sms import FileSms
from app.messages.smtp import SmtpMailer, server_of
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
        ports=_ports(settings),
    )


def _ports(settings: Settings) -> Mapping[str, Port]:
    """Return what carries messages: a mail server where one is named, else files under var/."""
    mail: Port = FileMailbox(settings.var / "mail", settings.mail_from)
    if settings.smtp_url:
        try:
            mail = SmtpMailer(server_of(settings.smtp_url), settings.mail_from)
        except ValueError as error:
            raise SettingsError(str(error)) from error
    return {"email": mail, "sms": FileSms(settings.var / "sms")}
