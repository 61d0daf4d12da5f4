"""How long the lists of revoked certificates still count, for Prometheus to warn in time."""

from collections.abc import Iterator

import psycopg2
import sqlalchemy.exc
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from app.services.context import Context
from app.services.signing.watch import watched


class Lists(Collector):
    """Asks the database when it is asked: the same from whichever process answers."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the seconds left of each authority's newest list; 0 where there is none."""
        left = GaugeMetricFamily(
            "registry_crl_seconds_left",
            "Seconds until the newest list of revoked certificates runs out",
            labels=("authority",),
        )
        for one in watched(self.ctx):
            left.add_metric((one.name,), one.seconds_left)
        yield left


def lists_of(ctx: Context) -> bytes:
    """Return the metric as text; nothing while the database is away."""
    registry = CollectorRegistry()
    try:
        registry.register(Lists(ctx))
        return generate_latest(registry)
    except (psycopg2.Error, sqlalchemy.exc.SQLAlchemyError):
        return b""
