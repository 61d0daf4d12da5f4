"""A database of its own beside another: made, used, dropped."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, make_url, pool, text


def recreate(owner_url: str, name: str) -> str:
    """Drop and create a database on the owner's server; return its URL for the owner."""
    drop(owner_url, name)
    _outside(owner_url, f'CREATE DATABASE "{name}"')
    return beside(owner_url, name)


def drop(owner_url: str, name: str) -> None:
    """Drop a database, whoever is connected to it."""
    _outside(owner_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def exists(owner_url: str, name: str) -> bool:
    """Tell whether the server has a database of this name."""
    engine = create_engine(owner_url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}
        ).first()
    engine.dispose()
    return found is not None


def alone(owner_url: str, name: str, seconds: float = 30) -> bool:
    """Wait until nobody is connected to a database; False when somebody stays.

    The session of a killed program lives on until the server notices; what it had begun to commit
    may still commit.
    """
    engine = create_engine(owner_url, poolclass=pool.NullPool, isolation_level="AUTOCOMMIT")
    deadline = time.monotonic() + seconds
    with engine.connect() as connection:
        while others := connection.execute(
            text("SELECT 1 FROM pg_stat_activity WHERE datname = :name"), {"name": name}
        ).first():
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
    engine.dispose()
    return others is None


def beside(url: str, name: str) -> str:
    """Return the same server and role with another database."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def scratch_database(owner_url: str, name: str) -> Iterator[str]:
    """Yield the URL of a new database that is dropped afterwards."""
    url = recreate(owner_url, name)
    try:
        yield url
    finally:
        drop(owner_url, name)


def _outside(owner_url: str, statement: str) -> None:
    """Execute what cannot run inside a transaction; names come from the code, never from input."""
    engine = create_engine(owner_url, poolclass=pool.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
