"""The database: models for page queries, and the one-transaction helper of the services.

A decision is one transaction: state, inbox, decision, history, ledger and outbox together or
not at all. The hot path uses plain SQL through ``Transaction``; the ORM is for reading pages.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, cast

import psycopg2
from flask_sqlalchemy import SQLAlchemy
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import PoolProxiedConnection

from app.failpoints import reached

Params = Mapping[str, object]
# Our functions find rows by keys, so one plan serves every call: planning anew each time cost more
# than executing. Plain statements are planned with their values as ever. A page's query is too
# short to be worth compiling.
SESSION = "-c timezone=UTC -c plan_cache_mode=force_generic_plan -c jit=off"


class Base(DeclarativeBase):
    """The base of every model; each room describes its own tables in its tables.py."""


db = SQLAlchemy(model_class=Base)


class Transaction:
    """One open transaction: a cursor with four short verbs."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor

    def run(self, sql: str, params: Params | None = None) -> int:
        """Execute a statement; return how many rows it touched."""
        self.cursor.execute(sql, params)
        return self.cursor.rowcount

    def one(self, sql: str, params: Params | None = None) -> tuple[Any, ...] | None:
        """Return the first row, or None."""
        self.cursor.execute(sql, params)
        return self.cursor.fetchone()

    def all(self, sql: str, params: Params | None = None) -> list[tuple[Any, ...]]:
        """Return all rows."""
        self.cursor.execute(sql, params)
        return self.cursor.fetchall()

    def maps(self, sql: str, params: Params | None = None) -> list[dict[str, Any]]:
        """Return all rows as column name -> value."""
        self.cursor.execute(sql, params)
        names = [column.name for column in self.cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in self.cursor.fetchall()]

    def map(self, sql: str, params: Params | None = None) -> dict[str, Any] | None:
        """Return the first row as column name -> value, or None."""
        rows = self.maps(sql, params)
        return rows[0] if rows else None


class Database:
    """A pool of connections and its transactions; shared by web, worker and command line."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def connect(cls, url: str, pool_size: int = 8) -> "Database":
        """Return a database for a postgresql:// URL; connections open when first used."""
        engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=8,
            isolation_level="AUTOCOMMIT",
            connect_args={"options": SESSION},
        )
        return cls(engine)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Yield a transaction that commits at the end and rolls back on any exception."""
        connection = self._begun()
        try:
            with closing(connection.cursor()) as cursor:
                yield Transaction(cast("Cursor", cursor))
                reached("before_commit")
                cursor.execute("COMMIT")
                reached("after_commit")
        except BaseException:
            self._give_up(connection)
            raise
        finally:
            connection.close()

    def _begun(self) -> PoolProxiedConnection:
        """Return a connection inside a transaction.

        A connection may have died in the pool (the server was restarted): BEGIN is the probe,
        and only BEGIN is tried again, because nothing can have happened before it.
        """
        for last in (False, True):
            connection = self.engine.raw_connection()
            try:
                with closing(connection.cursor()) as cursor:
                    cursor.execute("BEGIN")
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                connection.invalidate()
                self.engine.dispose()
                if last:
                    raise
            else:
                return connection
        raise AssertionError("unreachable")

    @staticmethod
    def _give_up(connection: PoolProxiedConnection) -> None:
        """Roll back; a connection that cannot even do that never returns to the pool."""
        try:
            with closing(connection.cursor()) as cursor:
                cursor.execute("ROLLBACK")
        except psycopg2.Error:
            connection.invalidate()

    def dispose(self) -> None:
        """Close all idle connections."""
        self.engine.dispose()
