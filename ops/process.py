"""Processes that outlive the function that started them."""

import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

PR_SET_PDEATHSIG = 1
Child: TypeAlias = subprocess.Popen[bytes]


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


def runs_with(pid: int, argument: Path) -> bool:
    """Whether that process was started with that argument, as a PostgreSQL with its cluster.

    A recycled process id was not, and a zombie has no arguments any more.
    """
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(argument) in arguments


def reap(pid: int) -> None:
    """Let a dead child go that `let_go` left unwatched; until then it would seem alive."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def wait_until_gone(pid: int, seconds: float) -> bool:
    """Wait for a process that need not be our child; False if it is still there.

    A zombie is gone: it only waits for a parent that may never look, such as a container's first
    process.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        reap(pid)
        if _has_ended(pid):
            return True
        time.sleep(0.02)
    return False


def _has_ended(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return True
    return state in {"Z", "X"}


def stop(pid: int, politely: int, seconds: float = 30) -> None:
    """Ask a process to end, insist after a while, and wait until it has ended."""
    for ask in (politely, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, ask)
        if wait_until_gone(pid, seconds):
            return


def stop_child(child: Child, politely: int, seconds: float = 30) -> None:
    """The same for a child of ours."""
    child.send_signal(politely)
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def kill_group(leader: int) -> None:
    """End what a process that led its own session has left behind."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def tail(log: Path, lines: int = 15) -> str:
    """The end of a log."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file: of several starts at once, one starts and the others find it started."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def sharing(path: Path, *, the_last: Callable[[], None]) -> Iterator[None]:
    """Share a lock file with others; whoever leaves last cleans up."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        try:
            yield
        finally:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                the_last()
