"""The servers that a command runs on: embedded ones, or those that the environment names."""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from ops import process
from ops.postgres import Postgres
from ops.redis import Redis

ROOT = Path(__file__).resolve().parent.parent
Url_co = TypeVar("Url_co", covariant=True)


class HalfNamedError(RuntimeError):
    """The environment names one server of a pair; the message says which variable is missing."""


def var_folder() -> Path:
    """Where all state lies."""
    return Path(os.environ.get("REGISTRY_VAR", ROOT / "var")).resolve()


def outside_postgres(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment names a PostgreSQL."""
    named = {name for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL") if environ.get(name)}
    if len(named) == 1:
        missing = ({"DATABASE_URL", "MIGRATION_DATABASE_URL"} - named).pop()
        raise HalfNamedError(
            f"{named.pop()} is set but {missing} is not: the first is the application's role, the "
            "second the owner of the tables. Set both, or none for the embedded PostgreSQL."
        )
    return bool(named)


def outside_redis(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment names a Redis."""
    return bool(environ.get("REDIS_URL"))


def settings(var: Path) -> dict[str, str]:
    """What the registry reads besides the servers' URLs, as `make run` sets it by default."""
    chosen = {"REGISTRY_ENV": os.environ.get("REGISTRY_ENV", "demo"), "REGISTRY_VAR": str(var)}
    # Production brings its own secret; for a demo one is made once and kept.
    if not os.environ.get("SECRET_KEY") and chosen["REGISTRY_ENV"] != "production":
        chosen["SECRET_KEY"] = _secret(var / "secret.key")
    return chosen


def _secret(file: Path) -> str:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32))
    return file.read_text()


@contextmanager
def running(var: Path) -> Iterator[dict[str, str]]:
    """The environment of a command, with servers up; the last who uses them stops them."""
    env = dict(os.environ) | settings(var)
    with ExitStack() as stack:
        if not outside_postgres():
            urls = stack.enter_context(shared(Postgres(var), var / "postgres.users"))
            env |= {"DATABASE_URL": urls.app, "MIGRATION_DATABASE_URL": urls.owner}
        if not outside_redis():
            env["REDIS_URL"] = stack.enter_context(shared(Redis(var), var / "redis.users"))
        yield env


class Server(Protocol[Url_co]):
    """What PostgreSQL and Redis have in common here."""

    def start(self) -> Url_co:
        """Start the server unless it runs."""

    def stop(self) -> None:
        """Stop the server if it runs."""


@contextmanager
def shared(server: Server[Url_co], users: Path) -> Iterator[Url_co]:
    """A running server; it stops when nobody uses it any more."""
    users.parent.mkdir(parents=True, exist_ok=True)
    with process.sharing(users, the_last=server.stop):
        yield server.start()
