"""Named places at which a test may have the process killed, as a power cut would.

``REGISTRY_FAILPOINT=name`` kills at the first passing of ``reached("name")``, ``name:7`` at the
seventh; only where REGISTRY_ENV is ``test``. Elsewhere ``reached`` does nothing at all.
"""

import os
import signal
from collections.abc import Callable, Mapping

NAMES = frozenset(
    {
        "before_commit",
        "after_commit",
        "before_step",
        "after_step",
        "order_checked",
        "order_executed",
        "holders_opened",
        "timer_fired",
        "outbox_delivered",
        "message_begun",
        "message_carried",
        "bulk_decided",
    }
)


def _nowhere(_name: str) -> None:
    """Go on: no test asked for a kill."""


def armed(environ: Mapping[str, str]) -> Callable[[str], None]:
    """Return what ``reached`` does under these settings; raises ValueError for no such place."""
    wanted = environ.get("REGISTRY_FAILPOINT", "")
    if not wanted or environ.get("REGISTRY_ENV") != "test":
        return _nowhere
    place, _, count = wanted.partition(":")
    if place not in NAMES:
        raise ValueError(f"there is no failpoint {place}; there are {', '.join(sorted(NAMES))}")
    passings_left = int(count or 1)

    def reached(name: str) -> None:
        nonlocal passings_left
        if name != place:
            return
        passings_left -= 1
        if passings_left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached


reached = armed(os.environ)
