"""`make check`: everything that a machine can say about the code without running it."""

import subprocess
import sys
from pathlib import Path

from ops import servers
from ops.process import StartError

BIN = Path(sys.executable).parent
STATIC = (
    ["ruff", "check", "."],
    ["ruff", "format", "--check", "."],
    ["mypy"],
    ["lint-imports", "--no-cache"],
)
WITH_SERVERS = (["registry", "check-models"], ["registry", "check-translations"])


def main() -> int:
    """Run every check, also after one failed, and say which did."""
    failed = [command for command in STATIC if not _passes(command, None)]
    try:
        with servers.running(servers.ROOT / "var" / "test" / "check") as env:
            failed += [command for command in WITH_SERVERS if not _passes(command, env)]
    except (StartError, servers.HalfNamedError) as error:
        print(error, file=sys.stderr)
        return 1
    for command in failed:
        print(f"check: failed: {' '.join(command)}", file=sys.stderr)
    if not failed:
        print("check: all passed")
    return 1 if failed else 0


def _passes(command: list[str], env: dict[str, str] | None) -> bool:
    print(f"check: {' '.join(command)}", file=sys.stderr, flush=True)
    program, *arguments = command
    done = subprocess.run([BIN / program, *arguments], cwd=servers.ROOT, env=env, check=False)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
