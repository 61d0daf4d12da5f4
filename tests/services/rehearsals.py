"""Runs ``registry rehearse`` as people do: as a program, in a database of its own."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from ops.postgres import DATABASE, Postgres
from tests import forked
from tests.postgres import ROOT, Database, TestDatabases
from tests.services.market import superuser

REGISTRY = (sys.executable, "-c", "from app.cli import main; main()")
_numbers = count(1)
COLUMNS = (
    "regulator",
    "operator_id",
    "account_holder",
    "allocation_standard_2021",
    "allocation_new_entrant_2021",
    "verified_emissions_2021",
    "surrender_status_2021",
)


@dataclass(frozen=True)
class Rehearsal:
    """A rehearsal's database and the environment of the program that plays in it."""

    database: Database
    env: Mapping[str, str]

    def arguments(self, file: Path, *options: str) -> list[str]:
        return ["rehearse", str(file), "--json", "--database", self.database.name, *options]

    def run(
        self, file: Path, *options: str, failpoint: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        env = {**self.env, "REGISTRY_FAILPOINT": failpoint}
        return forked.run(self.arguments(file, *options), env)

    def start(self, file: Path, *options: str) -> forked.Program:
        return forked.Program(self.arguments(file, *options), self.env)

    def registry(self, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
        """Another command of the registry, on the rehearsal's database."""
        return forked.run(arguments, {**self.env, **self.urls(), **env}, 120)

    def as_people_do(self, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
        """A command of the registry, with all that a start of the program does."""
        return subprocess.run(
            [*REGISTRY, *arguments],
            env={**self.env, **env},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def urls(self) -> dict[str, str]:
        """What makes the rehearsal's database the registry's own."""
        return {
            "DATABASE_URL": self.database.app_url,
            "MIGRATION_DATABASE_URL": self.database.owner_url,
        }

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with superuser(self.database) as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def exists(self) -> bool:
        with superuser(server_database(self.database)) as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.database.name])
            return cursor.fetchone() is not None


def server_database(database: Database) -> Database:
    """The server's maintenance database, reached as the same superuser."""
    url = database.superuser_url.replace(f"/{database.name}?", "/postgres?")
    return Database("postgres", "", "", url)


@contextmanager
def rehearsal(databases: TestDatabases) -> Iterator[Rehearsal]:
    name = f"{databases._owner}r{next(_numbers)}"
    yield on_server(databases.server, name)
    databases._drop(name)


def on_server(server: Postgres, name: str) -> Rehearsal:
    own, playing = server.urls(DATABASE), server.urls(name)
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DATABASE_URL": own.app,
        "MIGRATION_DATABASE_URL": own.owner,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": "for the tests of the rehearsal only, not secret",
        "REGISTRY_ENV": "test",
    }
    database = Database(name, playing.owner, playing.app, server.superuser_url(name))
    return Rehearsal(database, env)


def figures(ended: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The closing line of a rehearsal that ended well, without what differs from run to run."""
    assert ended.returncode == 0, ended.stderr[-3000:]
    found = json.loads(ended.stdout.splitlines()[-1])
    assert found["verify"] == "ok"
    return {k: v for k, v in found.items() if k not in {"seconds", "tasks_per_second"}}


def demanded(file: Path) -> dict[str, Any]:
    """What the issue says must come out, computed from the file and nothing of the registry's."""
    with file.open(encoding="utf-8-sig", newline="") as source:
        rows = list(csv.DictReader(source))
    tonnes = {
        name: [int(row[name] or 0) for row in rows]
        for name in COLUMNS
        if name.startswith(("allocation", "verified"))
    }
    total = {"allocated": 0, "auctioned": 0, "surrendered": 0}
    applications = met = 0
    per_operator = zip(
        rows,
        tonnes["allocation_standard_2021"],
        tonnes["allocation_new_entrant_2021"],
        tonnes["verified_emissions_2021"],
        strict=True,
    )
    for row, standard, entrant, emitted in per_operator:
        total["allocated"] += standard + entrant
        status = row["surrender_status_2021"]
        if status == "A" and emitted > 0:
            met += 1
            applications += 1
            total["auctioned"] += max(0, emitted - standard - entrant)
            total["surrendered"] += emitted
        if status == "B" and min(standard + entrant, emitted - 1) > 0:
            applications += 1
            total["surrendered"] += min(standard + entrant, emitted - 1)
    return total | {
        "operators": len(rows),
        "notices": sum(n > 0 for n in tonnes["verified_emissions_2021"]),
        "issued": total["allocated"] + total["auctioned"],
        "applications": applications,
        "returned_once": met // 10,
        "human_tasks": 2 * (applications + met // 10),
        "verify": "ok",
    }


def write_year(file: Path, operators: int) -> Path:
    """A year of that many operators of three regulators, every status among them."""
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(COLUMNS)
        for n in range(operators):
            emitted = 0 if n % 13 == 12 else 500 + 37 * n
            status = "B" if n % 7 == 3 else "C" if n % 11 == 10 else "A"
            row = (f"R{n % 3}", f"O{n:05d}", f"单位 {n}", 400 + 30 * n, n % 5, emitted, status)
            writer.writerow(row)
    return file
