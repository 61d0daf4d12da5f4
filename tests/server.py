"""The PostgreSQL server of the tests, in memory where there is room for it.

A database is some 700 files, and ext4 does not give an inode out again within a minute or more of
its deletion: where several databases are made and dropped each second, every new file looks past
thousands of deleted ones. On a disk that costs half a second a database, in memory 0.04 s.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg2
from psycopg2 import sql

from ops import place
from ops.postgres import Postgres
from ops.servers import shared

ROOT = Path(__file__).resolve().parent.parent
MEMORY = Path("/dev/shm")
ROOM = 2 << 30  # bytes; a whole run on two cores takes less than half of it
# What the server may forget when the machine stops, no test looks at after that.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "256MB"}


@contextmanager
def server_of_this_run() -> Iterator[Postgres]:
    """The server under test, running; the last run of this checkout that uses it stops it.

    TEST_POSTGRES_BIN names the programs of another version.
    """
    programs = os.environ.get("TEST_POSTGRES_BIN")
    name = "postgres-" + programs.strip("/").replace("/", "-") if programs else "embedded"
    here = ROOT / "var" / "test" / name
    server = _Server(_in_memory(name) or here, Path(programs) if programs else None)
    with shared(server, here / "postgres.users"):
        yield server


class _Server(Postgres):
    """A server whose data nobody needs once it has stopped, unless it lies on a disk."""

    def __init__(self, var: Path, programs: Path | None) -> None:
        super().__init__(var, programs)
        self.settings = self.settings | SETTINGS

    def ensure_roles(self) -> None:
        """Keep each password in its cheapest form: a test connects more often than it asks.

        Stretching a random password of 32 digits makes nobody safer and costs a client 2 ms of its
        processor each time. PostgreSQL 15 has no such setting.
        """
        super().ensure_roles()
        if self.major() >= 16:
            with self.as_superuser() as cursor:
                cursor.execute("SET scram_iterations = 1")
                for role, password in self._passwords().items():
                    cursor.execute(
                        sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                            sql.Identifier(role), sql.Literal(password)
                        )
                    )

    @contextmanager
    def as_superuser(self) -> Iterator[psycopg2.extensions.cursor]:
        """Ask the server itself, not one of its databases."""
        connection = psycopg2.connect(self.superuser_url("postgres"))
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
        connection.close()

    def stop(self) -> None:
        super().stop()
        if MEMORY in self.var.parents:
            place.forget(self.var)
            self.var.rmdir()
            with suppress(OSError):
                self.var.parent.rmdir()  # the other version's server may be there


def _in_memory(name: str) -> Path | None:
    """This checkout's folder in memory; None where another's lies there or it has no room."""
    checkout = hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:12]
    folder = MEMORY / f"registry-tests-{os.geteuid()}-{checkout}"
    if not MEMORY.is_dir() or (not (folder / name).exists() and _room() < ROOM):
        return None
    folder.mkdir(mode=0o711, exist_ok=True)
    return folder / name if folder.stat().st_uid == os.geteuid() else None


def quick() -> Path:
    """Where folders of many short-lived files are made: in memory, on the disk without room."""
    return MEMORY if MEMORY.is_dir() and _room() >= ROOM else Path("/tmp")


def _room() -> int:
    """How many bytes may be written into memory."""
    meminfo = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    available = int(meminfo["MemAvailable"].split()[0]) * 1024
    return min(available, shutil.disk_usage(MEMORY).free)
