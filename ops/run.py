"""`make run`: the whole system on one machine, until Ctrl-C."""

import fcntl
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ops import process, servers
from ops.binaries import MissingProgramError
from ops.postgres import Postgres
from ops.redis import Redis
from ops.supervisor import Supervisor, postgres_part, program_part, redis_part, say

HOST = "127.0.0.1"
READY_SECONDS = 180
WORKERS, THREADS = "2", "4"


class RunningError(RuntimeError):
    """This run cannot start or go on; the message says what to do."""


class Stopped(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal."""


def main() -> int:
    """Run until told to stop; 0 after an orderly end."""
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _stop_once)
    try:
        _run(servers.var_folder(), _wanted_port())
    except Stopped:
        return 0
    except (
        RunningError,
        MissingProgramError,
        process.StartError,
        servers.HalfNamedError,
    ) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _stop_once(_signal: int, _frame: object) -> None:
    """The first request ends the run; later ones must not disturb the ending."""
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.SIG_IGN)
    raise Stopped


def _wanted_port() -> int:
    wanted = os.environ.get("PORT") or "8000"
    if not wanted.isdecimal() or not 0 < int(wanted) < 65536:
        raise RunningError(f"PORT={wanted} is not a port: use a number from 1 to 65535.")
    return int(wanted)


def _refuse_busy(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise RunningError(f"Port {port} is reserved for root: make run PORT=8000") from None
        except OSError:
            raise RunningError(
                f"Port {port} is in use. Choose another: make run PORT={port % 65535 + 1}"
            ) from None


@contextmanager
def only_one(var: Path) -> Iterator[None]:
    """Of one checkout, one run at a time."""
    var.mkdir(parents=True, exist_ok=True)
    with (var / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise RunningError(
                f"This registry is running already (process {lock.read().strip()}): stop it first."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _run(var: Path, port: int) -> None:
    supervisor = Supervisor()
    with only_one(var), ExitStack() as stack:
        _refuse_busy(port)
        env = dict(os.environ) | servers.settings(var)
        if not servers.outside_postgres():
            env |= _start_postgres(supervisor, stack, var)
        if not servers.outside_redis():
            env |= _start_redis(supervisor, stack, var)
        url = f"http://{HOST}:{port}"
        _prepare(var, env, url)
        stack.callback(say, "Stopped. `make run` goes on with the same data.")
        stack.callback(supervisor.stop)
        counted = env | {"PROMETHEUS_MULTIPROC_DIR": str(_counters(var))}
        for name, command, its in (
            ("web", _web(port), counted),
            ("worker", [_registry(), "worker"], env),
        ):
            log = var / "log" / f"{name}.log"
            supervisor.add(program_part(name.title(), command, its, log, servers.ROOT))
        stack.callback(say, "Stopping ...")
        _wait_until_ready(supervisor, url, var)
        _announce(url, var, env)
        while True:
            supervisor.watch()


def _counters(var: Path) -> Path:
    """Return the empty folder in which the web's processes add up what /metrics tells."""
    folder = var / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _start_postgres(supervisor: Supervisor, stack: ExitStack, var: Path) -> dict[str, str]:
    """Start PostgreSQL, or take over the one that a rehearsal has up."""
    postgres = Postgres(var)
    stack.enter_context(process.sharing(var / "postgres.users", the_last=postgres.stop))
    stack.callback(supervisor.stop)
    part = postgres_part(postgres)
    supervisor.add(part)
    postgres.wait_ready(part.child)
    postgres.ensure_roles()
    urls = postgres.urls()
    return {"DATABASE_URL": urls.app, "MIGRATION_DATABASE_URL": urls.owner}


def _start_redis(supervisor: Supervisor, stack: ExitStack, var: Path) -> dict[str, str]:
    """Start Redis, or take over the one that a rehearsal has up."""
    redis = Redis(var)
    stack.enter_context(process.sharing(var / "redis.users", the_last=redis.stop))
    stack.callback(supervisor.stop)
    if not redis.running():
        redis.prepare()
    part = redis_part(redis)
    supervisor.add(part)
    redis.wait_ready(part.child)
    return {"REDIS_URL": redis.url()}


def _registry() -> str:
    return str(Path(sys.executable).with_name("registry"))


def _web(port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "gunicorn", "app:create_app()", "--bind", f"{HOST}:{port}"),
        *("--workers", os.environ.get("WEB_CONCURRENCY", WORKERS), "--threads", THREADS),
        *("--graceful-timeout", "10", "--no-control-socket"),
    ]


def _prepare(var: Path, env: dict[str, str], url: str) -> None:
    """Bring the database up to date: schema, diagrams, and the demo market in a demo."""
    demo = var / "demo.json"
    steps = [["migrate"], ["deploy"]]
    if env["REGISTRY_ENV"] == "demo":
        steps.append(["demo", "--write", str(demo)])
    for step in steps:
        say(f"registry {step[0]} ...")
        done = subprocess.run(
            [_registry(), *step],
            cwd=servers.ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RunningError(f"`registry {' '.join(step)}` failed:\n{done.stdout}")
    if len(steps) == 3:
        told = json.loads(demo.read_text())
        if told.get("url") != url:
            demo.write_text(json.dumps(told | {"url": url}, ensure_ascii=False, indent=2) + "\n")


def _wait_until_ready(supervisor: Supervisor, url: str, var: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        supervisor.watch()
        if _healthy(url):
            return
        if supervisor.parts[-2].failures > 3:
            break
    raise RunningError(f"The web server does not start:\n{process.tail(var / 'log' / 'web.log')}")


def _healthy(url: str) -> bool:
    # Never through the proxy that the environment names for the outside.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{url}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _announce(url: str, var: Path, env: dict[str, str]) -> None:
    print(f"\nThe registry is ready: {url}\n")
    if env["REGISTRY_ENV"] == "demo":
        told = json.loads((var / "demo.json").read_text())
        people = told["people"]
        print("Sign in as one of these (also in var/demo.json, with API tokens):")
        rows = [
            [str(person[key]) for key in ("role", "member_no", "password")] for person in people
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        for row, person in zip(rows, people, strict=True):
            cells = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            print(f"  {cells}  {person['name']}")
        if "usbkey" in told:
            print(
                "The demo signs in your place. To sign yourself choose USBKey and start the agent:"
            )
            print(f"  {_agent(url, told['usbkey']['folder'])}")
            print(f"  (PIN {told['usbkey']['pin']})")
    print(f"\nLogs: {var / 'log'}. Ctrl-C stops everything.\n", flush=True)


def _agent(url: str, folder: str) -> str:
    """Return the command that starts the agent on the demo's USBKey in a folder."""
    command = [sys.executable, "-m", "usbkey", "agent", "--origin", url, "--software", folder]
    return shlex.join(command)


if __name__ == "__main__":
    sys.exit(main())
