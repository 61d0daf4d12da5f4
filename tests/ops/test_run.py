"""`make run` as a person meets it, on data and a port of its own."""

import os
import socket
import subprocess
import sys

from ops.servers import ROOT

OUTSIDE = {"DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "REGISTRY_ENV", "SECRET_KEY"}


SHOWN = (
    "it is ready",
    "an auditor is among the people",
    "all are printed",
    "a second run of the same data is refused",
    "a busy port is named",
    "PostgreSQL comes back after kill -9",
    "Redis comes back after kill -9",
    "Web comes back after kill -9",
    "Worker comes back after kill -9",
    "Ctrl-C ends everything",
    "the data are kept after a second run",
    "SIGTERM ends everything",
    "make reset forgets the data",
)


def test_one_command_runs_the_system_and_revives_what_dies(tmp_path):
    """One test, because its two starts are shared by everything that it shows."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    env = {name: value for name, value in os.environ.items() if name not in OUTSIDE}
    done = subprocess.run(
        [sys.executable, "ops/prove_run.py"],
        cwd=ROOT,
        env=env | {"REGISTRY_VAR": str(tmp_path / "a run" / "var"), "PORT": port},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert [what for what in SHOWN if f"shown: {what}\n" not in said] == []
