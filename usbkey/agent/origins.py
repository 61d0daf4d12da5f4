"""Which websites may ask, exactly; and that a request really names this machine.

An origin is scheme, host and port, compared as one string. There is no wildcard: a sub-domain that
somebody took over must not be able to ask for signatures. The Host header is checked as well,
because a name that an attacker lets point to 127.0.0.1 (DNS rebinding) would be same-origin there.
"""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from usbkey.agent.refusals import Refused

DEFAULT_PORTS = {"http": 80, "https": 443}


class OriginError(ValueError):
    """An --origin that cannot be allowed; says how to write it."""


def parsed(text: str) -> str:
    """Return an origin as browsers write it; raises OriginError."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise OriginError(f"{text}: {error}") from error
    if parts.scheme not in DEFAULT_PORTS or not host or "*" in text:
        raise OriginError(f"{text}: write https://host or https://host:port, without a wildcard")
    if parts.path not in {"", "/"} or parts.query or parts.fragment or "@" in parts.netloc:
        raise OriginError(f"{text}: an origin has no path, query or user")
    if not host.isascii():
        raise OriginError(f"{text}: write the name as browsers send it (xn--…)")
    if parts.scheme == "http" and not _loopback(host):
        raise OriginError(f"{text}: http is allowed for this machine only; use https")
    shown = f"[{host}]" if ":" in host else host
    ours = "" if port in {None, DEFAULT_PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{shown}{ours}"


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Origins:
    """The list of websites that may ask."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = frozenset(parsed(origin) for origin in allowed)
        if not self.allowed:
            raise OriginError("name the registry's address: --origin https://…")

    def require(self, origin: str | None) -> str:
        """Return the origin of a request; raises Refused for none and for any other."""
        if origin is None or origin not in self.allowed:
            raise Refused("origin")
        return origin


def require_this_machine(host: str | None, port: int) -> None:
    """Raise Refused unless the Host header names this machine and our port."""
    if host not in {f"127.0.0.1:{port}", f"localhost:{port}"}:
        raise Refused("host")
