"""The inbox page over HTTP: requests a second through gunicorn, and what the server computes."""

import http.client
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.cookies import SimpleCookie
from time import perf_counter

from app.domain.clock import SystemClock, local_day
from app.identity.mandates import first_mandate
from app.identity.sessions import open_session
from bench.crew import Crew, Measure, crew, rate
from bench.databases import Place
from bench.market import applicants
from bench.programs import Program, program
from bench.report import Row, in_turns, row

CLIENTS = 2
REQUESTS = 150
PATH = "/inbox"
COOKIE = "registry_session"
START_SECONDS = 30


@contextmanager
def server(place: Place) -> Iterator[tuple[Program, int]]:
    """Gunicorn with the registry on a database, as `make run` starts it, and its port."""
    port = _free_port()
    arguments = [
        *("-m", "gunicorn", "app:create_app()", "--bind", f"127.0.0.1:{port}"),
        *("--workers", "2", "--threads", "4", "--log-level", "warning", "--no-control-socket"),
    ]
    with program(place, *arguments) as running:
        _wait(running, port)
        yield running, port


def token_of_an_officer(place: Place) -> str:
    """Sign an officer in, now, and return the session's token."""
    now = SystemClock().now()
    with place.context() as ctx:
        officer = applicants(ctx)[0].officer
        with ctx.database.transaction() as tx:
            mandate = first_mandate(tx, officer.person_id, local_day(now))
            assert mandate is not None  # noqa: S101 - the market's officers have one
            return open_session(tx, officer.person_id, mandate, "127.0.0.1", now)[0]


class Browser:
    """A client that reads the inbox over one kept connection, and keeps its cookies."""

    def __init__(self, port: int, token: str, _number: int, _clients: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._cookies = SimpleCookie({COOKIE: token})
        self._pieces = 0

    def prepare(self, pieces: int) -> None:
        """Nothing but the number."""
        self._pieces = pieces

    def work(self) -> Measure:
        """Read the page so many times."""
        times = []
        for _ in range(self._pieces):
            began = perf_counter()
            self._read()
            times.append(perf_counter() - began)
        return Measure(times, sum(times))

    def _read(self) -> None:
        sent = "; ".join(f"{name}={each.value}" for name, each in self._cookies.items())
        self._connection.request("GET", PATH, headers={"Cookie": sent})
        answer = self._connection.getresponse()
        body = answer.read()
        for line in answer.headers.get_all("Set-Cookie", ()):
            self._cookies.load(line)
        if answer.status != 200 or b"</html>" not in body:
            raise RuntimeError(f"{PATH} answered {answer.status}")


def requests(place: Place, running: Program, port: int, rounds: int) -> Iterator[Row]:
    """Yield requests a second and the server's CPU of one request."""
    token = token_of_an_officer(place)
    with crew(partial(Browser, port, token), CLIENTS) as browsers:
        computed: list[float] = []
        speed = "inbox page over HTTP"
        samples = in_turns({speed: lambda: _rate(browsers, running, computed)}, rounds)
    yield row(samples, speed, "req/s")
    cost = "inbox page over HTTP, server CPU"
    yield row({cost: computed[1:]}, cost, "ms", goal="4 ms, then 2 ms")


def _rate(browsers: Crew, running: Program, computed: list[float]) -> float:
    before = running.computed()
    measures: Sequence[Measure] = browsers.round(REQUESTS)
    computed.append(1000 * (running.computed() - before) / (REQUESTS * CLIENTS))
    return rate(measures)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _wait(running: Program, port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and running.process.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the web server did not start")
