"""A Redis of our own, on a loopback port of its own, behind a password.

Nothing is kept on disk: the database is the truth, and a lost queue loses nothing.
"""

import secrets
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import redis

from ops import process
from ops.binaries import redis_server

START_SECONDS = 20
TRIES = 3
PATIENCE = 2  # seconds for an answer: a stranger on our port may never give one


class Redis:
    """One server; `var` is the folder that it belongs to."""

    def __init__(self, var: Path) -> None:
        self.folder = var.resolve() / "redis"
        self.log = var.resolve() / "log" / "redis.log"
        self.config = self.folder / "redis.conf"

    def start(self) -> str:
        """Start the server unless it runs, let it live on after us, and return its URL."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with process.locked(self.folder / "lock"):
            if not self.running():
                self._start()
        return self.url()

    def stop(self) -> None:
        """Stop the server if it runs."""
        if pid := self.running():
            process.stop(pid, signal.SIGTERM)

    def _start(self) -> None:
        for _ in range(TRIES):
            self.prepare()
            child = self.spawn()
            with suppress(process.StartError):
                self.wait_ready(child)
                process.let_go(child)
                return
        raise process.StartError(f"Redis did not start ({self.log}):\n{process.tail(self.log)}")

    def prepare(self) -> None:
        """Write the configuration: the port of the last time, or another if that is taken."""
        for folder in (self.folder, self.log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        port, password = self._address() if self.config.exists() else (0, secrets.token_hex(16))
        self.config.touch(mode=0o600)
        self.config.write_text(
            f"port {_free(port)}\nrequirepass {password}\n"
            f'bind 127.0.0.1\ndir "{self.folder}"\n'
            'daemonize no\nsave ""\nappendonly no\n'
        )

    def spawn(self, *, with_us: bool = False) -> process.Child:
        """Start the server process; `with_us`: it stops when we are killed."""
        dies_by = signal.SIGTERM if with_us else None
        return process.spawn([redis_server(), self.config], self.log, dies_by=dies_by)

    def wait_ready(self, child: process.Child | None) -> None:
        """Wait until the server answers; raises StartError with the log's end."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and not (child and child.poll() is not None):
            if self.running():
                return
            time.sleep(0.02)
        raise process.StartError(f"Redis did not start ({self.log}):\n{process.tail(self.log)}")

    def running(self) -> int | None:
        """The process id of our server: a stranger on its port does not know the password."""
        if not self.config.exists():
            return None
        client = redis.Redis.from_url(self.url(), socket_timeout=PATIENCE)
        try:
            told = cast("dict[str, Any]", client.info("server"))
            return int(told["process_id"])
        except redis.RedisError:
            return None
        finally:
            client.close()

    def url(self) -> str:
        """How to reach the server."""
        port, password = self._address()
        return f"redis://:{password}@127.0.0.1:{port}/0"

    def _address(self) -> tuple[int, str]:
        lines = dict(line.split(" ", 1) for line in self.config.read_text().splitlines())
        return int(lines["port"]), lines["requirepass"]


def _free(wanted: int) -> int:
    """That port if nobody has it, else another that is free."""
    for port in (wanted, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise process.StartError("No free port on 127.0.0.1 for Redis")
