"""Proves `make run` as a person meets it: ready, what dies comes back, Ctrl-C, data kept, reset.

Standard library only, so that it also runs where nothing is installed yet. State goes to
REGISTRY_VAR, the pages to PORT.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Callable, ClassVar  # noqa: UP035  (stdlib only, old Pythons too)

ROOT = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("REGISTRY_VAR", ROOT / "var")).resolve()
PORT = os.environ.get("PORT", "8000")
URL = f"http://127.0.0.1:{PORT}"
PARTS = {"PostgreSQL": "/postgres", "Redis": "redis-server", "Web": "gunicorn", "Worker": "worker"}
MARK = "COMMENT ON DATABASE registry IS 'marked by a person'"
READ = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'registry'"


def main() -> None:
    """Prove one thing after the other; each is said when it was shown."""
    first = Run()
    first.wait_until_ready()
    told = json.loads((VAR / "demo.json").read_text())
    check(told["url"] == URL, "demo.json names the address")
    roles = {person["role"] for person in told["people"]}
    check(bool({role for role in roles if "audit" in role}), "an auditor is among the people")
    check(all(person["member_no"] in first.said() for person in told["people"]), "all are printed")
    check("running already" in refused({}), "a second run of the same data is refused")
    other = {"REGISTRY_VAR": f"{VAR}-other"}
    check(f"Port {PORT} is in use" in refused(other), "a busy port is named")
    for name in PARTS:
        first.kill(name)
        check(first.recovers(name), f"{name} comes back after kill -9")
    sql(MARK)
    check(first.ends_by(signal.SIGINT), "Ctrl-C ends everything")
    second = Run()
    second.wait_until_ready()
    check(sql(READ) == "marked by a person", "the data are kept after a second run")
    check(second.ends_by(signal.SIGTERM), "SIGTERM ends everything")
    subprocess.run(["make", "-s", "reset"], cwd=ROOT, check=True)
    check(not (VAR / "postgres").exists(), "make reset forgets the data")


class Run:
    """One `make run`, in a session of its own as in a terminal."""

    all: ClassVar[list[Run]] = []

    def __init__(self) -> None:
        VAR.mkdir(parents=True, exist_ok=True)
        self.log = VAR.with_name(VAR.name + ".said")
        with self.log.open("wb") as log:
            self.make = subprocess.Popen(
                ["make", "run"],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        Run.all.append(self)

    def said(self) -> str:
        """What it printed so far."""
        return self.log.read_text(errors="replace")

    def wait_until_ready(self) -> None:
        """Wait for the line with the address, and for the page behind it."""
        ready = until(lambda: "The registry is ready" in self.said() or self.ended(), 900)
        check(bool(ready) and self.make.poll() is None and healthy(), "it is ready", self.said())

    def ended(self) -> bool:
        """Whether it is over, with whatever code: who asked it to end makes it 0."""
        return self.make.poll() is not None

    def parts(self, name: str) -> set[int]:
        """The supervisor's children of that kind."""
        supervisor = int((VAR / "run.lock").read_text())
        return {pid for pid in children(supervisor) if PARTS[name] in command_of(pid)}

    def kill(self, name: str) -> None:
        """Kill one part outright."""
        self.killed = self.parts(name)
        for pid in self.killed:
            os.kill(pid, signal.SIGKILL)

    def recovers(self, name: str) -> bool:
        """Whether the part comes back and the pages answer."""
        back = until(lambda: self.killed and self.parts(name) - self.killed and healthy(), 60)
        return bool(back)

    def ends_by(self, request: int) -> bool:
        """Whether the run ends on a request, with nothing left behind."""
        supervisor = int((VAR / "run.lock").read_text())
        left = children(supervisor)
        os.killpg(self.make.pid, request)
        self.make.wait(90)
        return bool(until(lambda: not healthy() and not any(map(command_of, left)), 20))


def refused(extra: dict[str, str]) -> str:
    """What a `make run` says that must not start."""
    done = subprocess.run(
        ["make", "run"],
        cwd=ROOT,
        env={**os.environ, **extra},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout + done.stderr if done.returncode else "it started"


def sql(statement: str) -> str:
    """Run a statement as the owner of the database of the run that is up."""
    program = (
        "import os, sys, psycopg2\n"
        "connection = psycopg2.connect(os.environ['MIGRATION_DATABASE_URL'])\n"
        "connection.autocommit = True\n"
        "cursor = connection.cursor(); cursor.execute(sys.argv[1])\n"
        "print(cursor.fetchone()[0] if cursor.description else '')\n"
    )
    command = [".venv/bin/python", "-m", "ops.serve", "python", "-c", program, statement]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def healthy() -> bool:
    """Whether /healthz answers 200."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{URL}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def children(pid: int) -> set[int]:
    """The ids of a process's children."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.add(int(stat.parent.name))
    return found


def command_of(pid: int) -> str:
    """A process's command line; nothing when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
    except OSError:
        return ""


def until(condition: Callable[[], object], seconds: float) -> object:
    """Wait for a condition to give something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if got := condition():
            return got
        time.sleep(0.2)
    return None


def check(shown: bool, what: str, detail: str = "") -> None:  # noqa: FBT001
    """Say what was shown, or end."""
    if not shown:
        for run in Run.all:
            if run.make.poll() is None:
                os.killpg(run.make.pid, signal.SIGTERM)
                run.make.wait(90)
        sys.exit(f"NOT SHOWN: {what}\n{detail}")
    print(f"shown: {what}", flush=True)


if __name__ == "__main__":
    main()
