"""Where a PostgreSQL cluster of ours lies and which user runs it.

PostgreSQL refuses to run as root. Root therefore lends it to an unprivileged user that every
Debian has. If that user cannot reach the checkout (a home of mode 0700), the cluster and a copy of
the programs are put under /var/lib, and a file under var/ names the place. Nobody's folder changes
its mode, and no user is made.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LENT_TO = "nobody"
ELSEWHERE = Path("/var/lib/carbon-registry")
STAYS = {"test", "setup.lock", "run.lock", "npm-cache", "softhsm"}
CAN_RUN = 'cd "$1" && "$2/postgres" --version && "$2/initdb" --version'


@dataclass(frozen=True)
class Runner:
    """The user a server runs as; None for both means: as ourselves."""

    uid: int | None = None
    gid: int | None = None

    def popen(self) -> dict[str, Any]:
        """What subprocess needs to become that user."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give a file or folder that we made to that user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


@dataclass(frozen=True)
class Place:
    """A folder for one cluster, the programs that run it, and the user they run as."""

    base: Path
    programs: Path
    runner: Runner

    @property
    def data(self) -> Path:
        """The cluster."""
        return self.base / "data"


def settle(var: Path, programs: Path) -> Place:
    """Find or choose the place of the cluster that belongs to `var`."""
    var.mkdir(parents=True, exist_ok=True)
    here = var / "postgres"
    if os.geteuid() != 0:
        here.mkdir(exist_ok=True)
        return Place(here, programs, Runner())
    runner = _lent_to(here)
    base = _noted(var) or here
    _make(base, runner)
    if _reaches(base, programs, runner):
        return Place(base, programs, runner)
    if base == here:
        base = _elsewhere(var)
        _make(base, runner)
    return Place(base, _copy_of(programs, base.parent), runner)


def forget(var: Path) -> None:
    """Remove the cluster that belongs to `var`, wherever it lies, and all else but `STAYS`."""
    base = _noted(var)
    if base and ELSEWHERE in base.parents:
        shutil.rmtree(base.parent)
    socket = var / "postgres.socket"
    if socket.exists():
        shutil.rmtree(socket.read_text().strip(), ignore_errors=True)
    for path in var.iterdir():
        if path.name in STAYS:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _lent_to(here: Path) -> Runner:
    """The user whose the cluster is already, else nobody."""
    data = here / "data"
    owner = data.stat().st_uid if data.exists() else 0
    entry = pwd.getpwuid(owner) if owner else pwd.getpwnam(LENT_TO)
    return Runner(entry.pw_uid, entry.pw_gid)


def _make(base: Path, runner: Runner) -> None:
    if not base.exists():
        base.mkdir(mode=0o700)
        runner.own(base)


def _reaches(base: Path, programs: Path, runner: Runner) -> bool:
    tried = subprocess.run(
        ["/bin/sh", "-c", CAN_RUN, "sh", base, programs],
        cwd="/",
        capture_output=True,
        check=False,
        user=runner.uid,
        group=runner.gid,
        extra_groups=[],
    )
    return tried.returncode == 0


def _noted(var: Path) -> Path | None:
    """The place named under var/, unless it is the place of another checkout (var was copied)."""
    note = var / "postgres.place"
    if not note.exists():
        return None
    base = Path(note.read_text().strip())
    owner = base.parent / "checkout"
    if not owner.exists():
        return None
    if owner.read_text() != str(var):
        if Path(owner.read_text()).exists():
            return None
        owner.write_text(str(var))
    return base


def _elsewhere(var: Path) -> Path:
    """A new folder that everybody may pass through, named in var/postgres.place."""
    if not ELSEWHERE.exists():
        ELSEWHERE.mkdir(parents=True)
        ELSEWHERE.chmod(0o755)
    folder = Path(tempfile.mkdtemp(dir=ELSEWHERE))
    folder.chmod(0o755)
    (folder / "checkout").write_text(str(var))
    base = folder / "postgres"
    (var / "postgres.place").write_text(f"{base}\n")
    return base


def _copy_of(programs: Path, folder: Path) -> Path:
    """A readable copy of a PostgreSQL, with the libraries that its wheel keeps beside it."""
    package = programs.parent.parent
    libraries = package.with_name(package.name + ".libs")
    copy = folder / package.name / programs.parent.name / programs.name
    if _same(programs, copy):
        return copy
    if libraries.exists():
        _copy_tree(libraries, folder / libraries.name)
    _copy_tree(programs.parent, copy.parent)
    return copy


def _same(programs: Path, copy: Path) -> bool:
    ours, theirs = programs / "postgres", copy / "postgres"
    return theirs.exists() and ours.stat().st_size == theirs.stat().st_size


def _copy_tree(source: Path, target: Path) -> None:
    """Copy so that the copy is whole or not there, and readable whatever the umask is."""
    unfinished = target.with_name(target.name + ".new")
    for leftover in (unfinished, target):
        shutil.rmtree(leftover, ignore_errors=True)
    target.parent.mkdir(exist_ok=True)
    target.parent.chmod(0o755)
    shutil.copytree(source, unfinished)
    for path in (unfinished, *unfinished.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    unfinished.rename(target)
