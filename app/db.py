"""The database: the one-transaction helper of the services.

A decision is one transaction: state, inbox, decision, history, ledger and outbox together or
not at all. It is plain SQL; models of the tables are in app/models.py.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import count
from typing import Any, cast

import orjson
import psycopg2
import psycopg2.extras
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import PoolProxiedConnection

from app.failpoints import reached

Params = Mapping[str, object]
# Our functions find rows by keys, so one plan serves every call: planning anew each time cost more
# than executing. Plain statements are planned with their values as ever. A page's query is too
# short to be worth compiling.
SESSION = "-c timezone=UTC -c plan_cache_mode=force_generic_plan -c jit=off"

_numbers = count(1)  # a transaction may read from several cursors of the server

# Facts and lists come as JSON in every step: the fast reader takes a fifth of the time.
psycopg2.extras.register_default_json(globally=True, loads=orjson.loads)
psycopg2.extras.register_default_jsonb(globally=True, loads=orjson.loads)


class Transaction:
    """One transaction: a cursor with a few short verbs.

    BEGIN travels with the first statement: a round trip less in every transaction. A connection
    may have died in the pool (the server was restarted); then the first statement is the probe,
    and it alone is tried again on a new connection, because nothing can have happened before it.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: PoolProxiedConnection | None = None
        self._cursor: Cursor | None = None

    @property
    def cursor(self) -> Cursor:
        """The open cursor, inside the transaction."""
        if self._cursor is None:
            self._execute("SELECT")
        return cast("Cursor", self._cursor)

    def _execute(self, sql: str, params: Params | None = None) -> Cursor:
        if self._cursor is not None:
            self._cursor.execute(sql, params)
            return self._cursor
        try:
            return self._begin(sql, params)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            if self._connection is not None and not _lost(self._connection):
                raise
            self._forget()
            return self._begin(sql, params)

    def _begin(self, sql: str, params: Params | None) -> Cursor:
        self._connection = self._engine.raw_connection()
        cursor = cast("Cursor", self._connection.cursor())
        cursor.execute("BEGIN;" + sql, params)
        self._cursor = cursor
        return cursor

    def _forget(self) -> None:
        """Drop the lost connection, and all others of the pool: they died with it."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
        self._engine.dispose()
        self._connection = self._cursor = None

    def commit(self) -> None:
        """End the transaction, and give its connection back."""
        if self._cursor is not None:
            reached("before_commit")
            self._cursor.execute("COMMIT")
            reached("after_commit")
        self._give_back()

    def give_up(self) -> None:
        """Roll back; a connection that cannot even do that never returns to the pool."""
        if self._connection is None:
            return
        try:
            with closing(self._connection.cursor()) as cursor:
                cursor.execute("ROLLBACK")
        except psycopg2.Error:
            self._connection.invalidate()
        self._give_back()

    def _give_back(self) -> None:
        if self._cursor is not None:
            self._cursor.close()
        if self._connection is not None:
            self._connection.close()
        self._connection = self._cursor = None

    def run(self, sql: str, params: Params | None = None) -> int:
        """Execute a statement; return how many rows it touched."""
        return self._execute(sql, params).rowcount

    def one(self, sql: str, params: Params | None = None) -> tuple[Any, ...] | None:
        """Return the first row, or None."""
        return self._execute(sql, params).fetchone()

    def all(self, sql: str, params: Params | None = None) -> list[tuple[Any, ...]]:
        """Return all rows."""
        return self._execute(sql, params).fetchall()

    def maps(self, sql: str, params: Params | None = None) -> list[dict[str, Any]]:
        """Return all rows as column name -> value."""
        cursor = self._execute(sql, params)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def batches(
        self, sql: str, params: Params | None = None, size: int = 1000
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield all rows as column name -> value from a cursor of the server, a batch at a time.

        Memory holds one batch, however many rows there are. Other statements may run in between.
        """
        name = f"rows_{next(_numbers)}"
        self.run(f"DECLARE {name} NO SCROLL CURSOR FOR {sql}", params)
        while rows := self.maps(f"FETCH {size} FROM {name}"):
            yield rows
        self.run(f"CLOSE {name}")

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
            pool_reset_on_return=None,  # every transaction ends by its own COMMIT or ROLLBACK
            connect_args={"options": SESSION},
        )
        return cls(engine)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Yield a transaction that commits at the end and rolls back on any exception."""
        tx = Transaction(self.engine)
        try:
            yield tx
            tx.commit()
        except BaseException:
            tx.give_up()
            raise

    def dispose(self) -> None:
        """Close all idle connections."""
        self.engine.dispose()


def _lost(connection: PoolProxiedConnection) -> bool:
    """Whether the server closed the connection, rather than refused the statement."""
    return bool(cast("Any", connection).closed)
