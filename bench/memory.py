"""What web and worker keep in memory after they have worked."""

from collections.abc import Iterable
from pathlib import Path

MIB = 1024 * 1024


def resident(pids: Iterable[int]) -> float:
    """Return the MiB of the processes; what they share is counted once (PSS)."""
    return sum(_shared_out(pid) for pid in pids) / MIB


def _shared_out(pid: int) -> int:
    for text in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, value = text.partition(":")
        if name == "Pss":
            return int(value.split()[0]) * 1024
    return 0
