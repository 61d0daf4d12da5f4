"""`registry …` in a process of its own that need not import the registry first.

Starting Python and importing costs a second of a core, a hundred times in a run. Each process here
is forked from one that has imported everything and done nothing: killing it is killing a program.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

from app.migrations.models import ROOMS

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        "pytest",
        "app.commands.ledger",
        "app.commands.rehearse",
        "app.commands.worker",
        *(f"app.{room}.tables" for room in ROOMS),  # for the migrations
        "tests.services.custody",
    ]
)


class Program:
    """The registry's command line at work under an environment; to be waited for or killed."""

    def __init__(self, arguments: Sequence[str], env: Mapping[str, str]) -> None:
        self._arguments = list(arguments)
        self._said = Path(tempfile.mkdtemp(prefix="registry-said-"))
        self._process = FORKS.Process(
            target=_registry, args=(self._arguments, dict(env), self._said)
        )
        self._process.start()

    def runs(self) -> bool:
        return self._process.is_alive()

    def kill(self) -> None:
        """Kill it, unless it has ended: its number may be another's by then."""
        if self.runs():
            self._process.kill()

    def ended(self, timeout: float) -> "subprocess.CompletedProcess[str]":
        """Wait for its end; what it said is told once."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            self.kill()
            raise subprocess.TimeoutExpired(self._arguments, timeout)
        out, err = ((self._said / name).read_text(encoding="utf-8") for name in ("out", "err"))
        shutil.rmtree(self._said)
        self._process.close()
        return subprocess.CompletedProcess(self._arguments, code, out, err)


def run(
    arguments: Sequence[str], env: Mapping[str, str], timeout: float = 300
) -> "subprocess.CompletedProcess[str]":
    """Run a command of the registry to its end, also where that is a failpoint."""
    return Program(arguments, env).ended(timeout)


def _registry(arguments: list[str], env: dict[str, str], said: Path) -> None:
    """Be the program: its environment, its output, its failpoint; ends by SystemExit."""
    for stream, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(said / name, os.O_WRONLY | os.O_CREAT, 0o600), stream)
    as_started_with(env)
    from app.cli import main

    main(arguments, prog_name="registry")


def as_started_with(env: Mapping[str, str]) -> None:
    """Have an environment, and the failpoint that it names, as if Python had started with it."""
    from app import failpoints

    os.environ.clear()
    os.environ.update(env)
    armed = failpoints.armed(os.environ)
    for module in list(sys.modules.values()):
        if vars(module).get("reached") is failpoints._nowhere:
            vars(module)["reached"] = armed
