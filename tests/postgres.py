"""Databases for tests: one server for all runs, one migrated template, a clone for each test.

A clone is named by the process that made it: concurrent runs do not meet, and what a killed run
left behind is dropped by the next one. Where the server lies on a disk, its templates stay between
runs.
"""

import hashlib
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from ops import process
from ops.postgres import APP, Postgres, database_statements

ROOT = Path(__file__).resolve().parent.parent
# Copying through the write-ahead log needs no checkpoint: 24 ms for 60 tables instead of 103 ms
# with FILE_COPY on PostgreSQL 18, 86 instead of 135 ms on 15.
STRATEGY = "wal_log"
KEPT = timedelta(hours=12)


@dataclass
class Database:
    """A database of one test."""

    name: str
    owner_url: str
    app_url: str
    superuser_url: str


class Clone(Database):
    """A copy of a template that is made when somebody first asks where it is."""

    def __init__(self, of: "TestDatabases", name: str, template: str) -> None:
        self._of, self._template, self._made = of, template, False
        urls = of.server.urls(name)
        super().__init__(name, urls.owner, urls.app, of.server.superuser_url(name))

    def __getattribute__(self, name: str) -> Any:
        """Making and dropping a database takes longer than most tests: never make two."""
        if name.endswith("_url"):
            self.make()
        return super().__getattribute__(name)

    def make(self) -> None:
        """Make the copy, once."""
        if not self._made:
            self._made = True
            self._of.copy(self._template, self.name)

    def scene(self, name: str, play: Callable[[], Any]) -> Any:
        """Bring the database into a scene that several tests begin with; return what it tells.

        ``play`` leaves no connection open and returns what the tests need to know. It plays once
        a process; from then on a database that nobody has used yet is made as a copy of its end.
        """
        told = self._of.scenes.get(name)
        if told is None:
            # What is played may itself begin with a scene.
            self._of.scenes[name] = told = pickle.dumps(play())
            self._of.copy(self.name, self._of.scene_name(name))
        elif self._made:
            return play()
        else:
            self._template = self._of.scene_name(name)
        return pickle.loads(told)  # noqa: S301 - our own, of this process


class TestDatabases:
    """Makes and drops the databases of one pytest process."""

    __test__ = False

    def __init__(self, server: Postgres) -> None:
        self.server = server
        self._numbers = count(1)
        self._template: str | None = None
        self._connection: psycopg2.extensions.connection | None = None
        self.scenes: dict[str, bytes] = {}
        self._owner = f"t_{os.getpid()}_{_started(os.getpid())}_"

    @contextmanager
    def fresh(self) -> Iterator[Database]:
        """A migrated database."""
        with self._cloned(self.template()) as database:
            yield database

    @contextmanager
    def empty(self) -> Iterator[Database]:
        """A database that no migration has touched."""
        with self._cloned("template0") as database:
            yield database

    def template(self) -> str:
        """The migrated template of the present code; made by whoever needs it first."""
        if self._template is None:
            name = f"template_{_digest_of_the_code()}"
            with self._locked():
                if name not in self._names():
                    self._build(name)
            self._template = name
        return self._template

    def _build(self, name: str) -> None:
        from app.migrations.run import migrate

        unfinished = self._owner + "template"
        self._run(*database_statements(unfinished))
        migrate(self.server.urls(unfinished).owner, APP)
        self._run(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                sql.Identifier(unfinished), sql.Identifier(name)
            ),
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                sql.Identifier(name), sql.Literal(datetime.now(UTC).isoformat())
            ),
        )

    @contextmanager
    def _cloned(self, template: str) -> Iterator[Database]:
        clone = Clone(self, self._owner + str(next(self._numbers)), template)
        yield clone
        self._drop(clone.name)

    def scene_name(self, scene: str) -> str:
        """Return the name of the database that keeps a scene."""
        return f"{self._owner}scene_{hashlib.sha256(scene.encode()).hexdigest()[:12]}"

    def copy(self, source: str, target: str) -> None:
        """Make a database as a copy of another that nobody is connected to."""
        self._run(*database_statements(target, template=source, strategy=STRATEGY))

    def sweep(self) -> None:
        """Drop what killed runs and old code left behind."""
        with self._locked():
            for name in self._names():
                kind, *parts = name.split("_")
                if kind == "t" and _started(int(parts[0])) != int(parts[1]):
                    self._drop(name)
            self._drop_old_templates()

    def _drop_old_templates(self) -> None:
        oldest = (datetime.now(UTC) - KEPT).isoformat()
        for name, made in self._rows(
            "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database"
            " WHERE datname LIKE 'template\\_%%'"
        ):
            if made is not None and made < oldest:
                self._drop(name)

    def _names(self) -> list[str]:
        return [row[0] for row in self._rows("SELECT datname FROM pg_database")]

    def _drop(self, name: str) -> None:
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _rows(self, query: str) -> list[tuple[str, ...]]:
        with self._cursor() as cursor:
            cursor.execute(query, [])
            return cursor.fetchall()

    def _run(self, *statements: sql.Composable) -> None:
        with self._cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    @contextmanager
    def _cursor(self) -> Iterator[psycopg2.extensions.cursor]:
        """One connection for all databases: each one is made and dropped by it."""
        if self._connection is None:
            self._connection = psycopg2.connect(self.server.superuser_url("postgres"))
            self._connection.autocommit = True
        with self._connection.cursor() as cursor:
            yield cursor

    def _locked(self):
        return process.locked(self.server.var / "template.lock")


def _started(pid: int) -> int:
    """When a process started, in ticks since boot: with its id that is unique; 0 if it is gone."""
    with suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text()
        return int(stat.rpartition(")")[2].split()[19])
    return 0


def _digest_of_the_code() -> str:
    """Changes with every file that a migration may read."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "app").rglob("*")):
        if path.suffix in {".py", ".sql", ".toml"} and "web" not in path.parts:
            digest.update(str(path.relative_to(ROOT)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
