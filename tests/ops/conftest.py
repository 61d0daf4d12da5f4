"""Places and servers for the tests of setting up and running."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ops import place
from ops.postgres import Postgres
from ops.redis import Redis
from tests.server import quick


@pytest.fixture
def nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder with a space in its name that every user may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="a registry ", dir=quick()))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def no_cluster(open_folder: Path) -> Iterator[Postgres]:
    """A PostgreSQL of this test alone whose cluster nobody has made."""
    server = Postgres(open_folder / "var")
    yield server
    server.stop()
    place.forget(server.var)


@pytest.fixture(scope="session")
def a_stopped_server() -> Iterator[Postgres]:
    """A PostgreSQL that was started once: making a cluster takes longer than any test of one."""
    with tempfile.TemporaryDirectory(prefix="a stopped registry ", dir=quick()) as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = Postgres(folder / "var")
        server.start()
        server.stop()
        yield server
        place.forget(server.var)


@pytest.fixture
def postgres(no_cluster: Postgres, a_stopped_server: Postgres) -> Postgres:
    """A PostgreSQL of this test alone, stopped after its first start."""
    command = ["cp", "-a", a_stopped_server.place.data, no_cluster.place.data]
    subprocess.run(command, check=True)
    shutil.copy2(a_stopped_server.var / "postgres.passwords", no_cluster.var)
    return no_cluster


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
