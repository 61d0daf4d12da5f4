"""What web and worker keep in memory after they have worked."""

import time
from collections.abc import Iterator

from bench.databases import Place
from bench.programs import Program, program
from bench.report import Row

WORKER = "from app.cli import main; main()"
FIRST_SWEEPS = 12  # seconds: two sweeps


def memory(place: Place, web: Program) -> Iterator[Row]:
    """Yield the MiB of the web server, which has answered requests, and of a worker."""
    with program(place, "-c", WORKER, "worker") as worker:
        time.sleep(FIRST_SWEEPS)
        of_web, of_worker = round(web.resident()), round(worker.resident())
    yield Row("memory, web server", of_web, "MiB")
    yield Row("memory, worker", of_worker, "MiB")
    yield Row("memory, web and worker", of_web + of_worker, "MiB", goal="400 MiB, then 250 MiB")
