"""Ledger posts (reserve, then post, each committed): into accounts of their own, and into one."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count
from os import getpid
from time import perf_counter

from app.db import Database, Transaction
from app.identity.actor import Actor
from app.ledger.effects import By, Line, Post, Reserve
from app.ledger.posting import execute
from app.services.rehearsal.market import OPENING_DAY
from app.services.rehearsal.supply import INSTRUMENT
from bench.crew import Crew, Measure, crew, rate
from bench.databases import Place
from bench.market import REGULATORS, Applicant, applicants
from bench.report import Row, in_turns, row

CLIENTS = (1, 4, 16)
PIECES = 120  # of all clients together
TONNES = 100
DECISION = 1  # the ledger asks for one; whose it is does not matter to the time


class Poster(ABC):
    """A client that moves units between accounts, by the ledger's own functions."""

    type: str

    def __init__(self, place: Place, number: int, clients: int) -> None:
        with place.context() as ctx:
            everybody = applicants(ctx)
        self._database = Database.connect(place.app_url)
        self._applicants = self.choose(everybody, number, clients)
        self._keys = count()
        self._pieces = 0
        with self._database.transaction() as tx:
            found = tx.one("SELECT id FROM ledger.instrument WHERE code = %(c)s", {"c": INSTRUMENT})
            self._instrument = found[0] if found else 0
            self._target = self.target(tx)

    @abstractmethod
    def choose(self, everybody: Sequence[Applicant], number: int, clients: int) -> list[Applicant]:
        """Return the emitters whose units this client moves."""

    @abstractmethod
    def target(self, tx: Transaction) -> int:
        """Return the account that this client moves them to."""

    @abstractmethod
    def proposer(self, who: Applicant) -> Actor:
        """Return who starts the transfer."""

    def prepare(self, pieces: int) -> None:
        """Nothing but the number."""
        self._pieces = pieces

    def work(self) -> Measure:
        """Reserve and post, two commits each."""
        times = []
        for _ in range(self._pieces):
            began = perf_counter()
            self._one()
            times.append(perf_counter() - began)
        return Measure(times, sum(times))

    def _one(self) -> None:
        n = next(self._keys)
        who = self._applicants[n % len(self._applicants)]
        key = f"{self.type}:{getpid()}:{n}"
        line = Line(self._instrument, TONNES, self._target)
        reserve = Reserve(key, self.type, who.emitter.account_id, (line,), _by(self.proposer(who)))
        with self._database.transaction() as tx:
            transfer = execute(tx, reserve).transfer_id
        with self._database.transaction() as tx:
            execute(tx, Post(transfer, _by(who.officer)))


class IntoOne(Poster):
    """Surrenders of all emitters, into the one account that surrenders go to."""

    type = "surrender"

    def choose(self, everybody: Sequence[Applicant], number: int, clients: int) -> list[Applicant]:
        """Return every so-manieth emitter: senders never meet."""
        return list(everybody[number::clients])

    def target(self, tx: Transaction) -> int:
        """Return the surrender account."""
        found = tx.one("SELECT id FROM identity.account WHERE type = 'surrender'")
        return int(found[0]) if found else 0

    def proposer(self, who: Applicant) -> Actor:
        """Return the emitter."""
        return who.emitter


class SpreadOut(Poster):
    """Recalls by the provinces, each client into the account of another province."""

    type = "allowance_recall"

    def choose(self, everybody: Sequence[Applicant], number: int, clients: int) -> list[Applicant]:
        """Return the emitters of one province."""
        assert clients <= len(REGULATORS)  # noqa: S101 - else two clients would share an account
        provinces = sorted({who.officer.holder_id for who in everybody})
        return [who for who in everybody if who.officer.holder_id == provinces[number]]

    def target(self, tx: Transaction) -> int:
        """Return the province's account."""
        found = tx.one(
            """SELECT id FROM identity.account
               WHERE type = 'provincial_total' AND holder_id = %(province)s""",
            {"province": self._applicants[0].officer.holder_id},
        )
        return int(found[0]) if found else 0

    def proposer(self, who: Applicant) -> Actor:
        """Return an officer; the ledger wants another person to approve than the one here."""
        officer = who.officer
        return Actor(
            who.emitter.person_id,
            who.emitter.person_name,
            officer.holder_id,
            officer.holder_name,
            officer.account_id,
            officer.role,
            officer.rights,
            officer.province_id,
        )


def _by(actor: Actor) -> By:
    return By(actor.person_id, actor.account_id, actor.role, OPENING_DAY, DECISION)


def posts(place: Place, rounds: int) -> Iterator[Row]:
    """Yield posts a second at 1, 4 and 16 clients, spread out and into one account."""
    most = max(CLIENTS)
    with (
        crew(partial(SpreadOut, place), most) as spread,
        crew(partial(IntoOne, place), most) as one,
    ):
        for clients in CLIENTS:
            name = f"{clients} client{'s' * (clients > 1)}"
            apart, together = f"posts, spread out, {name}", f"posts, into one account, {name}"
            samples = in_turns(
                {
                    apart: partial(_rate, spread, clients),
                    together: partial(_rate, one, clients),
                },
                rounds,
            )
            yield row(samples, apart, "posts/s")
            goal = "0.7, then 0.9" if clients == most else ""
            yield row(samples, together, "posts/s", apart, goal)


def _rate(clients: Crew, number: int) -> float:
    return rate(clients.round(max(PIECES // number, 20), number))
