"""E-mail by SMTP, with TLS unless it is switched off, and with little patience.

A server that does not answer is left alone for a while: the sweep goes on with everything else.
"""

import smtplib
import ssl
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from app.messages.email_text import email_of
from app.messages.port import Failed, Letter, Refused

TIMEOUT = 10.0  # seconds for each answer of the server
REST = 60.0  # seconds a server that failed is left alone
PORTS = {"smtps": 465, "smtp": 587}


@dataclass(frozen=True, slots=True)
class Server:
    """Where to and as whom. ``smtps`` speaks TLS from the first byte, ``smtp`` by STARTTLS."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = True


def server_of(url: str) -> Server:
    """Read smtps://user:password@host:465 or smtp://host:587.

    ``?tls=off`` is for a relay on this machine. Raises ValueError with what is wrong.
    """
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("SMTP_URL is smtps://user:password@host:465 or smtp://host:587")
    tls = parse_qs(parts.query).get("tls", ["on"]) != ["off"]
    if not tls and parts.scheme == "smtps":
        raise ValueError("smtps is TLS; leave out tls=off")
    if not tls and parts.username:
        raise ValueError("SMTP_URL with tls=off would send the password in the clear")
    return Server(
        parts.scheme,
        parts.hostname,
        parts.port or PORTS[parts.scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        tls,
    )


class SmtpMailer:
    """Sends each letter on a connection of its own."""

    def __init__(self, server: Server, sender: str, timeout: float = TIMEOUT) -> None:
        self._server, self._sender, self._timeout = server, sender, timeout
        self._rests_until = 0.0

    def send(self, letter: Letter) -> None:
        """Send a letter; raises Failed at once while the server rests."""
        message = email_of(letter, self._sender)
        if time.monotonic() < self._rests_until:
            raise Failed("the mail server did not answer a moment ago")
        try:
            connection = self._connected()
            with closing(connection):
                connection.send_message(message, self._sender, [letter.address])
                with suppress(OSError):  # it has been taken; a rude goodbye changes nothing
                    connection.quit()
        except smtplib.SMTPRecipientsRefused as error:
            [(code, _)] = list(error.recipients.values())[:1]
            raise _refusal(code)(f"the recipient was not accepted: {code}") from None
        except smtplib.SMTPResponseException as error:
            kind = type(error).__name__
            # A refused sign-in or sender is ours to mend, not the recipient's fault.
            raise Failed(f"{kind} {error.smtp_code}") from None
        except smtplib.SMTPNotSupportedError as error:
            raise Failed(f"{type(error).__name__}: {error}") from None
        except OSError as error:  # all other errors of smtplib, of sockets and of TLS
            self._rests_until = time.monotonic() + REST
            reason = getattr(error, "strerror", None) or "the mail server does not answer"
            raise Failed(f"{type(error).__name__}: {reason}") from None

    def holds(self, token: str) -> None:
        """SMTP cannot say whether a letter has left."""
        del token

    def told(self) -> str:
        """Return the server without its password."""
        return f"{self._server.scheme}://{self._server.host}:{self._server.port}"

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        connection: smtplib.SMTP
        if server.scheme == "smtps":
            connection = smtplib.SMTP_SSL(
                server.host,
                server.port,
                timeout=self._timeout,
                context=ssl.create_default_context(),
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=self._timeout)
        try:
            if server.tls and server.scheme == "smtp":
                connection.starttls(context=ssl.create_default_context())
            if server.user:
                connection.login(server.user, server.password)
        except BaseException:
            connection.close()
            raise
        return connection


def _refusal(code: int) -> type[Failed]:
    """5xx is for ever (RFC 5321, 4.2.1), except that 4xx asks to come again."""
    return Refused if code >= 500 else Failed
