"""Programs of the registry that the bench starts: what they compute, what they keep in memory."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.config import ROOT
from bench.databases import Place

TICKS = os.sysconf("SC_CLK_TCK")
LONGEST_GOODBYE = 20  # seconds


class Program:
    """A running program with its worker processes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def family(self) -> list[int]:
        """Return the process ids of the program and its children."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def computed(self) -> float:
        """Return the CPU seconds used so far."""
        return sum(_cpu(pid) for pid in self.family())

    def resident(self) -> float:
        """Return the MiB in memory; what processes share is counted once (PSS)."""
        return sum(_shared_out(pid) for pid in self.family()) / 1024


@contextmanager
def program(place: Place, *arguments: str) -> Iterator[Program]:
    """A Python program on a database, stopped at the end."""
    settings = place.settings
    env = dict(os.environ) | {
        "DATABASE_URL": settings.database_url,
        "MIGRATION_DATABASE_URL": settings.migration_database_url,
        "LOG_LEVEL": "WARNING",
    }
    command = [sys.executable, *arguments]
    process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield Program(process)
    finally:
        process.terminate()
        process.wait(timeout=LONGEST_GOODBYE)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _shared_out(pid: int) -> int:
    """Return the KiB of a process."""
    for text in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, value = text.partition(":")
        if name == "Pss":
            return int(value.split()[0])
    return 0
