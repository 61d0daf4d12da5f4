"""`make test`: every test on the embedded PostgreSQL, then those of the database on PostgreSQL 15.

Arguments are pytest's; with any, only that one run is made.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ops import servers, softhsm
from ops.binaries import system_postgres_bin
from ops.bootstrap import SetupError, apt_install

CHROMIUM = Path("/usr/bin/chromium")
NOTO = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
ALSO_ON = 15
# Each process takes whole files, so that it makes a module's site once, and helps out at the end.
SHARED_OUT = ("--dist", "worksteal", "-n")
# With their servers and browsers they fill two cores; four processes took 6 % longer than two.
PROCESSES = os.environ.get("TEST_PROCESSES") or str(os.cpu_count() or 2)


def main() -> int:
    """Run the tests; the first failing run's exit code."""
    _browser()
    softhsm.get()
    _openssl()
    arguments = sys.argv[1:]
    code = _pytest(arguments or [*SHARED_OUT, PROCESSES], {})
    if arguments:
        return code
    programs = system_postgres_bin(ALSO_ON)
    if programs is None:
        print(f"PostgreSQL {ALSO_ON} is not installed: nothing was repeated on it.", flush=True)
        return code
    print(f"\nRepeating the database tests on PostgreSQL {ALSO_ON} ({programs})", flush=True)
    repeated = _pytest(
        [*SHARED_OUT, PROCESSES, "-m", "database"], {"TEST_POSTGRES_BIN": str(programs)}
    )
    return code or repeated


def _browser() -> None:
    """Debian's Chromium and a Chinese font; where we may not install them, pytest names it."""
    if CHROMIUM.exists() and NOTO.exists():
        return
    try:
        apt_install(["chromium", "fonts-noto-cjk"], "for the browser tests")
    except SetupError as error:
        print(error, file=sys.stderr)


def _openssl() -> None:
    """The program that gives a second opinion on signatures."""
    if shutil.which("openssl"):
        return
    try:
        apt_install(["openssl"], "for the tests of signatures")
    except SetupError as error:
        print(error, file=sys.stderr)


def _pytest(arguments: list[str], extra: dict[str, str]) -> int:
    # The tests have servers of their own, whatever the person's environment names.
    ours = {"DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "REGISTRY_VAR", "PORT"}
    env = {name: value for name, value in os.environ.items() if name not in ours}
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=servers.ROOT, env=env | extra, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
