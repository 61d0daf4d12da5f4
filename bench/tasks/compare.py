"""Complete one human task: the service, the floor and the typical build, in turns."""

from collections.abc import Iterator
from functools import partial

from bench.crew import Crew, crew, rate
from bench.databases import Place
from bench.report import Row, Samples, in_turns, row
from bench.tasks.floor import Floor
from bench.tasks.service import Service
from bench.tasks.signed import PreparedService, SignedService
from bench.tasks.stock import Stock

SERVICE, FLOOR, STOCK = "task, service", "task, PL/pgSQL floor", "task, stock + ORM"
SIGNED, PREPARED = "task, signed", "task, signed with preparation"
# Turns are short and many: a machine whose speed swings from one second to the next hits all alike.
PIECES = {SERVICE: 64, FLOOR: 96, STOCK: 32, SIGNED: 64, PREPARED: 64}
TURNS = 5  # in a round
CLIENTS = (1, 2)
GOAL = "1/1.5 = 0.667, then 1/1.2 = 0.833"


def compare(place: Place, rounds: int) -> Iterator[Row]:
    """Yield tasks a second of each, at one and at two clients."""
    with (
        crew(partial(Service, place), max(CLIENTS)) as service,
        crew(partial(Floor, place), max(CLIENTS)) as floor,
        crew(partial(Stock, place), max(CLIENTS)) as stock,
    ):
        crews = {SERVICE: service, FLOOR: floor, STOCK: stock}
        for clients in CLIENTS:
            samples = _measured(crews, clients, rounds)
            at_two = clients == max(CLIENTS)
            own, other, build = (named(name, clients) for name in (SERVICE, FLOOR, STOCK))
            yield row(samples, other, "tasks/s")
            yield row(samples, build, "tasks/s")
            yield row(samples, own, "tasks/s", other, "0.5, then 0.8" if at_two else "")
            yield row(samples, own, "tasks/s", build, "8, then 16" if at_two else "")


def compare_signed(place: Place, rounds: int) -> Iterator[Row]:
    """Yield tasks a second with and without signatures, in turns of their own."""
    with (
        crew(partial(Service, place), max(CLIENTS)) as service,
        crew(partial(SignedService, place), max(CLIENTS)) as signed,
        crew(partial(PreparedService, place), max(CLIENTS)) as prepared,
    ):
        crews = {SERVICE: service, SIGNED: signed, PREPARED: prepared}
        for clients in CLIENTS:
            samples = _measured(crews, clients, rounds)
            own = named(SERVICE, clients)
            yield row(samples, named(SIGNED, clients), "tasks/s", own, GOAL)
            yield row(samples, named(PREPARED, clients), "tasks/s", own)


def named(name: str, clients: int) -> str:
    """Return the name of a contender at so many clients."""
    return f"{name}, {clients} client{'s' * (clients > 1)}"


def _measured(crews: dict[str, Crew], clients: int, rounds: int) -> Samples:
    def measured(name: str) -> float:
        return rate(crews[name].round(PIECES[name], clients))

    turns = {named(name, clients): partial(measured, name) for name in crews}
    return in_turns(turns, rounds * TURNS)
