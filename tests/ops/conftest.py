"""Places and servers for the tests of setting up and running."""

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ops import place
from ops.postgres import Postgres
from ops.redis import Redis


@pytest.fixture
def nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder with a space in its name that every user may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="a registry ", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def postgres(open_folder: Path) -> Iterator[Postgres]:
    """A PostgreSQL of this test alone, not started."""
    server = Postgres(open_folder / "var")
    yield server
    server.stop()
    place.forget(server.var)


@pytest.fixture
def redis(open_folder: Path) -> Iterator[Redis]:
    """A Redis of this test alone, not started."""
    server = Redis(open_folder / "var")
    yield server
    server.stop()


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Stands for /var/lib: where clusters go that cannot lie in the checkout."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="elsewhere", dir="/tmp"))
        stack.callback(shutil.rmtree, folder)
        folder.chmod(0o755)
        monkeypatch.setattr(place, "ELSEWHERE", folder / "carbon-registry")
        yield folder / "carbon-registry"


def modes(folder: Path) -> dict[Path, tuple[int, int]]:
    """Mode and owner of a folder and of all folders above it."""
    return {
        path: (path.stat().st_mode, path.stat().st_uid)
        for path in (folder, *folder.parents)
        if os.fspath(path) != "/proc"
    }
