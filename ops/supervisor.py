"""Keeps the parts of a registry running: what dies is started again, a little later each time."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ops import process
from ops.postgres import Postgres
from ops.redis import Redis

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
WELL_AFTER = 30.0  # seconds of life after which a part counts as well again
TICK = 0.2


def say(text: str) -> None:
    """One line for the person at the terminal."""
    print(f"{datetime.now(UTC):%H:%M:%S}Z  {text}", flush=True)


@dataclass
class Part:
    """One supervised program."""

    name: str
    spawn: Callable[[], process.Child]
    stop_signal: int = signal.SIGTERM
    # A server that runs already (a rehearsal has it up) is taken over by its process id.
    found: Callable[[], int | None] = lambda: None
    child: process.Child | None = None
    adopted: int | None = None
    born: float = 0.0
    due: float | None = None
    failures: int = 0

    def start(self) -> None:
        """Start the program, or take over the one that runs."""
        self.due = None
        self.born = time.monotonic()
        self.adopted = self.found()
        self.child = None if self.adopted else self.spawn()

    def exit_code(self) -> int | None:
        """How the program ended; None while it runs."""
        if self.child is not None:
            return self.child.poll()
        return None if self.adopted and self.found() == self.adopted else -1

    def watch(self) -> None:
        """Notice that the program ended, and start it again when its pause is over."""
        now = time.monotonic()
        if self.due is None:
            code = self.exit_code()
            if code is None:
                return
            self.failures = 0 if now - self.born > WELL_AFTER else self.failures
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**self.failures)
            self.failures += 1
            self.due = now + pause
            say(f"{self.name} ended ({_ending(code)}); starting it again in {pause:g} s")
        elif now >= self.due:
            self.start()
            say(f"{self.name} started again")

    def stop(self) -> None:
        """End the program and what it started; one that was taken over is left to its users."""
        if self.child is None:
            return
        if self.child.poll() is None:
            process.stop_child(self.child, self.stop_signal)
        process.kill_group(self.child.pid)


def _ending(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"


@dataclass
class Supervisor:
    """The parts, in the order in which they start."""

    parts: list[Part] = field(default_factory=list)

    def add(self, part: Part) -> None:
        """Start a part and watch it from now on."""
        part.start()
        self.parts.append(part)

    def watch(self) -> None:
        """One round over all parts."""
        for part in self.parts:
            part.watch()
        time.sleep(TICK)

    def stop(self) -> None:
        """End all parts, the last one first."""
        while self.parts:
            self.parts.pop().stop()


def postgres_part(postgres: Postgres) -> Part:
    """The embedded PostgreSQL."""

    def spawn() -> process.Child:
        postgres.prepare()
        return postgres.spawn(with_us=True)

    return Part("PostgreSQL", spawn, signal.SIGINT, postgres.running)


def redis_part(redis: Redis) -> Part:
    """The embedded Redis."""

    def spawn() -> process.Child:
        # The configuration stays: those who use Redis know its port.
        return redis.spawn(with_us=True)

    return Part("Redis", spawn, signal.SIGTERM, redis.running)


def program_part(name: str, command: list[str], env: dict[str, str], log: Path, cwd: Path) -> Part:
    """The web server or the worker."""

    def spawn() -> process.Child:
        log.parent.mkdir(parents=True, exist_ok=True)
        return process.spawn(command, log, cwd=cwd, env=env, dies_by=signal.SIGTERM)

    return Part(name, spawn)
