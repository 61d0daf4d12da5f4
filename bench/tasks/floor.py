"""The floor: one PL/pgSQL call that makes the same writes, with no engine and no checks."""

import json
from pathlib import Path

import psycopg2

from app.db import SESSION
from app.identity.actor import Actor
from bench.databases import Place
from bench.market import FORM
from bench.tasks.flow import Flow, Open

SCRIPT = Path(__file__).with_name("floor.sql")


def install(place: Place) -> None:
    """Make the floor's functions, for the application's role."""
    place.run(SCRIPT.read_text(encoding="utf-8"))
    place.run(f'GRANT USAGE ON SCHEMA bench TO "{place.settings.app_role}"')


class Floor(Flow):
    """A client with one connection that commits by itself."""

    def __init__(self, place: Place, number: int, clients: int) -> None:
        super().__init__(place, number, clients)
        self._connection = psycopg2.connect(place.app_url, options=SESSION)
        self._connection.autocommit = True
        self._cursor = self._connection.cursor()

    def close(self) -> None:
        """Leave the database."""
        self._connection.close()
        self.ctx.database.dispose()

    def submit(self, task: Open) -> None:
        """Submit in one call."""
        who = task.applicant.emitter
        self._cursor.execute(
            "SELECT bench.submit(%s, %s, %s, %s, %s, %s, %s)",
            (task.instance_id, *_whose(who), json.dumps(FORM), self.ctx.clock.now()),
        )

    def review(self, task: Open, verdict: str, opinion: str) -> None:
        """Review in one call."""
        who = task.applicant.officer
        self._cursor.execute(
            "SELECT bench.review(%s, %s, %s, %s, %s, %s, %s, %s)",
            (task.instance_id, *_whose(who), verdict, opinion, self.ctx.clock.now()),
        )


def _whose(actor: Actor) -> tuple[int, int, int, str]:
    return actor.person_id, actor.holder_id, actor.account_id, actor.person_hash
