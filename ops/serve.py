"""`python -m ops.serve COMMAND ...`: run a command with the servers up.

Uses those of a `make run` that is going on, else starts them and stops them afterwards. stdout is
the command's alone, so that its last line stays the last line.
"""

import signal
import subprocess
import sys
from pathlib import Path

from ops import servers
from ops.process import StartError


def main() -> int:
    """Run the command given on the command line and return its exit code."""
    program, *arguments = sys.argv[1:]
    beside = Path(sys.executable).parent / program
    command = [str(beside) if beside.exists() else program, *arguments]
    try:
        with servers.running(servers.var_folder()) as env:
            return _run(command, env)
    except (StartError, servers.HalfNamedError) as error:
        print(error, file=sys.stderr)
        return 1


def _run(command: list[str], env: dict[str, str]) -> int:
    # Ctrl-C reaches the command by itself; we stay to stop the servers after it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = subprocess.Popen(
        command,
        env=env,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    ended = child.wait()
    return ended if ended >= 0 else 128 - ended


if __name__ == "__main__":
    sys.exit(main())
