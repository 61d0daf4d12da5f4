"""A PostgreSQL of our own: a cluster under var/, started from the programs that came as a wheel.

It listens on a Unix socket in a short folder of /tmp (a socket's path has at most 107 bytes), never
on the network, with default durability. Three roles: the superuser stays in here; registry_owner
owns the database; registry_app owns nothing and is what the application signs in with.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2
from psycopg2 import sql

from ops import process
from ops.binaries import postgres_bin
from ops.place import Place, settle

DATABASE = "registry"
SOCKET = ".s.PGSQL.5432"
SUPERUSER, OWNER, APP = "postgres", "registry_owner", "registry_app"
START_SECONDS = 60
TRIES = 5
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Containers often have a /dev/shm of 64 MB, too small for parallel queries.
    "dynamic_shared_memory_type": "mmap",
    # A rehearsal writes a lot; fewer checkpoints, the same durability.
    "max_wal_size": "2GB",
}


@dataclass(frozen=True)
class Urls:
    """How to reach a database as its owner, and as the application."""

    owner: str
    app: str


class Postgres:
    """One cluster; `var` is the folder that it belongs to."""

    def __init__(self, var: Path, programs: Path | None = None) -> None:
        self.var = var.resolve()
        self.programs = programs or postgres_bin()
        self.log = self.var / "log" / "postgres.log"
        self.settings = SETTINGS
        self._place: Place | None = None

    @property
    def place(self) -> Place:
        """Where the cluster lies; decided at the first use."""
        if self._place is None:
            self._place = settle(self.var, self.programs)
        return self._place

    def start(self) -> Urls:
        """Start the server unless it runs, and let it live on after us."""
        self.var.mkdir(parents=True, exist_ok=True)
        with process.locked(self.var / "postgres.lock"):
            if self.running() and not self._reachable():
                self.stop()  # it is going down, or /tmp was cleaned under it
            if self.running() is None:
                self._start()
            self.ensure_roles()
        return self.urls()

    def _start(self) -> None:
        for tries_left in reversed(range(TRIES)):
            self.prepare()
            child = self.spawn()
            try:
                self.wait_ready(child)
            except process.StartError:
                # The sessions of a killed server need a moment to notice.
                if not tries_left:
                    raise
                time.sleep(1)
            else:
                process.let_go(child)
                return

    def stop(self) -> None:
        """Stop the server if it runs: sessions are cut, nothing committed is lost."""
        if pid := self.running():
            process.stop(pid, signal.SIGINT)

    def running(self) -> int | None:
        """The process id of the server of this cluster."""
        pid = self._recorded()
        return pid if pid and process.runs_with(pid, self.place.data) else None

    def _recorded(self) -> int | None:
        try:
            return int((self.place.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None

    def prepare(self) -> None:
        """Make the cluster if there is none, and clear what a killed server left behind."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if not self.place.data.exists():
            self._initdb()
        self._refuse_other_version()
        pid = self._recorded()
        if not pid:
            return
        process.reap(pid)
        if Path(f"/proc/{pid}").exists() and self.running() is None:
            # After a restart of the machine that id is something else's, and PostgreSQL would
            # take it for itself. Otherwise the files stay: with them a new server finds out
            # whether sessions of a killed one are still at work.
            (self.place.data / "postmaster.pid").unlink()
            Path(self._socket_folder(), f"{SOCKET}.lock").unlink(missing_ok=True)

    def spawn(self, *, with_us: bool = False) -> process.Child:
        """Start the server process; `with_us`: it stops when we are killed."""
        command: list[str | Path] = [self.place.programs / "postgres", "-D", self.place.data]
        settings = self.settings | {"unix_socket_directories": self._socket_folder()}
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        dies_by = signal.SIGINT if with_us else None
        return process.spawn(command, self.log, dies_by=dies_by, **self.place.runner.popen())

    def wait_ready(self, child: process.Child | None) -> None:
        """Wait until the server accepts connections; raises StartError with the log's end."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and not (child and child.poll() is not None):
            try:
                psycopg2.connect(self.superuser_url("postgres")).close()
            except psycopg2.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise process.StartError(
            f"PostgreSQL did not start ({self.log}):\n{process.tail(self.log)}"
        )

    def _reachable(self) -> bool:
        """Whether a server that runs also answers, for as long as a recovery may take."""
        deadline = time.monotonic() + START_SECONDS
        while self.running() and Path(self._socket_folder(), SOCKET).exists():
            try:
                psycopg2.connect(self.superuser_url("postgres")).close()
            except psycopg2.OperationalError:
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.05)
            else:
                return True
        return False

    def ensure_roles(self) -> None:
        """Make the two roles and the database where they are missing."""
        connection = psycopg2.connect(self.superuser_url("postgres"))
        connection.autocommit = True
        with connection.cursor() as cursor:
            for role, rights in ((OWNER, "CREATEDB"), (APP, "NOCREATEDB")):
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
                if not cursor.fetchone():
                    cursor.execute(
                        sql.SQL("CREATE ROLE {} LOGIN {} PASSWORD %s").format(
                            sql.Identifier(role), sql.SQL(rights)
                        ),
                        [self._passwords()[role]],
                    )
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if not cursor.fetchone():
                for statement in database_statements(DATABASE):
                    cursor.execute(statement)
        connection.close()

    def urls(self, database: str = DATABASE) -> Urls:
        """How the owner and the application reach a database of this cluster."""
        return Urls(self._url(OWNER, database), self._url(APP, database))

    def superuser_url(self, database: str) -> str:
        """For the start and the tests only; no program of the registry gets it."""
        return self._url(SUPERUSER, database)

    def _url(self, role: str, database: str) -> str:
        folder = quote(self._socket_folder(), safe="")
        return f"postgresql://{role}:{self._passwords()[role]}@/{database}?host={folder}"

    def _passwords(self) -> dict[str, str]:
        """Made once, readable by us alone."""
        file = self.var / "postgres.passwords"
        if not file.exists():
            made = {role: secrets.token_hex(16) for role in (SUPERUSER, OWNER, APP)}
            file.touch(mode=0o600)
            file.write_text(json.dumps(made))
        found: dict[str, str] = json.loads(file.read_text())
        return found

    def _socket_folder(self) -> str:
        """A short folder that only the server's user may enter; made anew if /tmp was cleaned."""
        note = self.var / "postgres.socket"
        runner = self.place.runner
        if note.exists():
            folder = Path(note.read_text().strip())
            uid = os.getuid() if runner.uid is None else runner.uid
            if folder.is_dir() and folder.stat().st_uid == uid:
                return str(folder)
        folder = Path(tempfile.mkdtemp(prefix="registry-", dir="/tmp"))
        runner.own(folder)
        note.write_text(f"{folder}\n")
        return str(folder)

    def _initdb(self) -> None:
        unfinished = self.place.base / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        with tempfile.NamedTemporaryFile("w", dir="/tmp") as password:
            password.write(self._passwords()[SUPERUSER])
            password.flush()
            self.place.runner.own(Path(password.name))
            made = subprocess.run(
                [
                    self.place.programs / "initdb",
                    *("-D", unfinished, "-U", SUPERUSER, "--pwfile", password.name),
                    *("--auth", "scram-sha-256", "-E", "UTF8", *self._locale()),
                ],
                cwd="/",
                capture_output=True,
                text=True,
                check=False,
                # A locale of the person's that is not installed here must not matter.
                env=os.environ | {"LC_ALL": "C"},
                **self.place.runner.popen(),
            )
        if made.returncode != 0:
            raise process.StartError(f"initdb failed:\n{made.stdout}{made.stderr}")
        unfinished.rename(self.place.data)

    def _locale(self) -> list[str]:
        """Code point order everywhere, from PostgreSQL itself where it can."""
        if self.major() >= 17:
            return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        return ["--locale=C.UTF-8"]

    def major(self) -> int:
        """The major version of the programs."""
        said = subprocess.run(
            [self.place.programs / "postgres", "--version"],
            cwd="/",
            capture_output=True,
            text=True,
            check=True,
        )
        return int(said.stdout.split()[2].split(".")[0].rstrip("abcdefghijklmnopqrstuvwxyz"))

    def _refuse_other_version(self) -> None:
        made_by = int((self.place.data / "PG_VERSION").read_text())
        if made_by != self.major():
            raise process.StartError(
                f"{self.place.data} was made by PostgreSQL {made_by}, but {self.place.programs} is "
                f"{self.major()}: dump and reload it, or forget it with `make reset`."
            )


def database_statements(
    name: str, *, template: str = "template0", strategy: str | None = None
) -> list[sql.Composed]:
    """Make a database that the owner owns and the application may only connect to."""
    create = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
        sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template)
    )
    if strategy:
        create += sql.SQL(" STRATEGY {}").format(sql.Identifier(strategy))
    return [
        create,
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)),
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
            sql.Identifier(name), sql.Identifier(APP)
        ),
    ]
