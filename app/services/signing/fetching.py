"""Get lists of revoked certificates before the ones we have run out; the worker and a command.

A list is signed by its authority, so that the way it comes by needs no trust: plain http is common.
What could be asked for is limited: http and https, a few seconds, a few megabytes.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    UnknownHandler,
)

from cryptography import x509

from app.db import Transaction
from app.domain.errors import Conflict, Invalid, RegistryError
from app.services.context import Context
from app.services.signing import software_authority
from app.services.signing.authorities import Loaded, load_crl
from app.services.signing.challenge import KEPT
from app.trust import anchors, certificates, challenges, crls

log = logging.getLogger(__name__)
SECONDS = 10  # for an answer, and again for the whole list
LARGEST = 32 * 1024 * 1024
PIECE = 65536


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What came of asking for lists: those that were loaded, and why others were not."""

    loaded: tuple[Loaded, ...]
    failed: tuple[tuple[str, str], ...]


def refresh(ctx: Context, *, always: bool = False) -> Refreshed:
    """Ask for new lists when one of ours has lived half its life, or ``always``.

    Those of a demonstration are renewed, and old challenges swept away.
    Each address is asked for itself: one that is away does not hold up the others.
    """
    at = ctx.clock.now()
    with ctx.database.transaction() as tx:
        challenges.sweep(tx, at - KEPT)
        if ctx.settings.software_signer:
            software_authority.stand_up(ctx, tx, at)
        urls = _urls(ctx, tx) if always or _due(tx, at) else []
    loaded: list[Loaded] = []
    failed: list[tuple[str, str]] = []
    for url in urls:
        try:
            loaded.append(load_crl(ctx, fetch(url)))
        except Conflict:
            continue  # there is none newer yet
        except RegistryError as error:
            log.warning("no revocation list from %s: %s", url, error.message.en)
            failed.append((url, error.message.en))
    return Refreshed(tuple(loaded), tuple(failed))


def fetch(url: str) -> bytes:
    """Return what an address answers; raises Invalid for what is too slow, too large or no web."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise Invalid("只接受 http 和 https 地址。", "Only http and https addresses are asked.")
    until = time.monotonic() + SECONDS
    try:
        with _opener().open(url, timeout=SECONDS) as answer:
            return _read(answer, until)
    except (URLError, OSError, ValueError) as error:
        raise Invalid(f"无法取得 {url}：{error}", f"{url} did not answer: {error}") from error


def _read(answer: object, until: float) -> bytes:
    pieces, size = [], 0
    while piece := answer.read(PIECE):  # type: ignore[attr-defined]
        size += len(piece)
        if size > LARGEST:
            raise Invalid("吊销列表过大。", "The list is too large.")
        if time.monotonic() > until:
            raise Invalid("取得吊销列表超时。", "The list took too long to come.")
        pieces.append(piece)
    return b"".join(pieces)


def _opener() -> OpenerDirector:
    """Return what asks: the web only, so that no redirect leads to a file or another protocol."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(), UnknownHandler(), HTTPHandler(), HTTPSHandler(), HTTPDefaultErrorHandler(),
        HTTPErrorProcessor(), _Redirects(),
    ):  # fmt: skip
        opener.add_handler(handler)
    return opener


class _Redirects(HTTPRedirectHandler):
    """Follows a few redirects, on the web only: what it opens has no other handlers."""

    max_redirections = 3


def _due(tx: Transaction, at: datetime) -> bool:
    """Return whether an authority's newest list has lived half its life, or there is none."""
    lists = {one.anchor_id: one for one in crls.newest(tx)}
    outside = [one for one in anchors.in_force(tx) if not one.software]
    return any(
        (found := lists.get(one.id)) is None
        or at >= found.this_update + (found.next_update - found.this_update) / 2
        for one in outside
    )


def _urls(ctx: Context, tx: Transaction) -> list[str]:
    """Return the configured addresses, and those that the certificates themselves name."""
    ders = [one.der for one in anchors.in_force(tx) if not one.software]
    ders += certificates.newest_of_each_issuer(tx)
    named = (url for der in ders for url in distribution_points(der))
    return list(dict.fromkeys((*ctx.settings.crl_urls, *named)))


def distribution_points(der: bytes) -> list[str]:
    """Return the web addresses at which a certificate says its issuer's list is published."""
    try:
        points = x509.load_der_x509_certificate(der).extensions.get_extension_for_class(
            x509.CRLDistributionPoints
        )
    except x509.ExtensionNotFound:
        return []
    names = (name for point in points.value for name in point.full_name or ())
    urls = (name.value for name in names if isinstance(name, x509.UniformResourceIdentifier))
    return [url for url in urls if urlsplit(url).scheme in {"http", "https"}]
