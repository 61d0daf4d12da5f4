"""Complete one human task: the service, the floor and the typical build, in turns."""

from collections.abc import Iterator
from functools import partial

from bench.crew import Crew, crew, rate
from bench.databases import Place
from bench.report import Row, in_turns, row
from bench.tasks.floor import Floor
from bench.tasks.service import Service
from bench.tasks.stock import Stock

SERVICE, FLOOR, STOCK = "task, service", "task, PL/pgSQL floor", "task, stock + ORM"
PIECES = {SERVICE: 300, FLOOR: 500, STOCK: 60}
CLIENTS = (1, 2)


def compare(place: Place, rounds: int) -> Iterator[Row]:
    """Yield tasks a second of each, at one and at two clients."""
    with (
        crew(partial(Service, place), max(CLIENTS)) as service,
        crew(partial(Floor, place), max(CLIENTS)) as floor,
        crew(partial(Stock, place), max(CLIENTS)) as stock,
    ):
        crews = {SERVICE: service, FLOOR: floor, STOCK: stock}
        for clients in CLIENTS:
            yield from _at(crews, clients, rounds)


def _at(crews: dict[str, Crew], clients: int, rounds: int) -> Iterator[Row]:
    def named(name: str) -> str:
        return f"{name}, {clients} client{'s' * (clients > 1)}"

    def measured(name: str) -> float:
        return rate(crews[name].round(PIECES[name], clients))

    samples = in_turns({named(name): partial(measured, name) for name in crews}, rounds)
    at_two = clients == max(CLIENTS)
    floor, stock = named(FLOOR), named(STOCK)
    yield row(samples, floor, "tasks/s")
    yield row(samples, stock, "tasks/s")
    yield row(samples, named(SERVICE), "tasks/s", floor, "0.5, then 0.8" if at_two else "")
    yield row(samples, named(SERVICE), "tasks/s", stock, "8, then 16" if at_two else "")
