"""Processes that outlive the function that started them."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

PR_SET_PDEATHSIG = 1
Child: TypeAlias = "subprocess.Popen[bytes]"


class StartError(RuntimeError):
    """A server did not come up; the message carries the end of its log."""


def dies_with_us(signal_number: int) -> Callable[[], None]:
    """What a child does first so that it gets the signal when we are killed outright."""
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal_number)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def spawn(
    command: Sequence[str | Path],
    log: Path,
    *,
    cwd: Path = Path("/"),
    dies_by: int | None = None,
    **options: Any,
) -> Child:
    """Start a server in a session of its own, so that Ctrl-C reaches it only through us."""
    with log.open("ab") as file:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
            # The supervisor, the only one who asks for this, has one thread.
            preexec_fn=dies_with_us(dies_by) if dies_by else None,  # noqa: PLW1509
            cwd=cwd,
            **options,
        )


def let_go(child: Child) -> None:
    """Let a child live on without a warning that nobody waits for it."""
    child.returncode = 0


def lives_in(pid: int, folder: Path) -> bool:
    """Whether that process works in that folder, as a PostgreSQL does in its cluster.

    A recycled process id does not, and neither does a zombie.
    """
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder.resolve()
    except PermissionError:
        return True
    except OSError:
        return False


def wait_until_gone(pid: int, seconds: float) -> bool:
    """Wait for a process that need not be our child; False if it is still there."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.02)
    return False


def stop(pid: int, politely: int, seconds: float = 30) -> None:
    """Ask a process to end, insist after a while, and wait until it has ended."""
    for ask in (politely, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, ask)
        if wait_until_gone(pid, seconds):
            return


def tail(log: Path, lines: int = 15) -> str:
    """The end of a log."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file: of several starts at once, one starts and the others find it started."""
    import fcntl

    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
