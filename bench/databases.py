"""Databases of the bench's own, beside the registry's: made by the owner, dropped at the end."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

import psycopg2
from psycopg2 import sql
from sqlalchemy.engine import make_url

from app.bootstrap import build
from app.config import Settings
from app.domain.clock import FixedClock
from app.migrations.run import migrate
from app.services.context import Context
from app.services.rehearsal.market import OPENING_DAY


@dataclass(frozen=True)
class Place:
    """A migrated database; ``settings`` are the registry's, pointed at it."""

    settings: Settings

    @property
    def owner_url(self) -> str:
        """How its owner reaches it."""
        return self.settings.migration_database_url

    @property
    def app_url(self) -> str:
        """How the application reaches it."""
        return self.settings.database_url

    @contextmanager
    def context(self) -> Iterator[Context]:
        """A context on it whose clock stands inside the year 2021."""
        ctx = build(self.settings, FixedClock(OPENING_DAY))
        try:
            yield ctx
        finally:
            ctx.database.dispose()

    def run(self, script: str, params: dict[str, object] | None = None) -> None:
        """Execute statements as the owner, in one transaction."""
        connection = psycopg2.connect(self.owner_url)
        with closing(connection), connection, connection.cursor() as cursor:
            cursor.execute(script, params)

    def tidy(self) -> None:
        """Vacuum and analyze, as a database that has run for a while is."""
        connection = psycopg2.connect(self.owner_url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        connection.close()


@contextmanager
def database(settings: Settings, name: str, template: str | None = None) -> Iterator[Place]:
    """A migrated database, or a copy of ``template``; gone afterwards.

    Needs MIGRATION_DATABASE_URL to be a role that may create databases, as the embedded one is.
    """
    place = Place(
        replace(
            settings,
            database_url=_of(settings.database_url, name),
            migration_database_url=_of(settings.migration_database_url, name),
        )
    )
    _drop(settings, name)
    _create(settings, name, template)
    try:
        if template is None:
            migrate(for_sqlalchemy(place.owner_url), settings.app_role)
        yield place
    finally:
        _drop(settings, name)


def _of(url: str, name: str) -> str:
    there = make_url(url).set(drivername="postgresql", database=name)
    return there.render_as_string(hide_password=False)


def for_sqlalchemy(url: str) -> str:
    """Return a URL with the driver named."""
    return make_url(url).set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)


def _create(settings: Settings, name: str, template: str | None) -> None:
    _as_owner(
        settings,
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template or "template0")
        ),
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)),
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
            sql.Identifier(name), sql.Identifier(settings.app_role)
        ),
    )


def _drop(settings: Settings, name: str) -> None:
    drop = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
    _as_owner(settings, drop)


def _as_owner(settings: Settings, *statements: sql.Composed) -> None:
    url = make_url(settings.migration_database_url).set(drivername="postgresql")
    connection = psycopg2.connect(url.render_as_string(hide_password=False))
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()
