"""Executes an effect: one call of one SQL function inside the caller's transaction."""

import json
from dataclasses import dataclass
from typing import Any

import psycopg2

from app.db import Transaction
from app.ledger.effects import Effect
from app.ledger.refusals import refusal_of


@dataclass(frozen=True, slots=True)
class Outcome:
    """The transfer that an effect made or ended; ``replayed``: the key had been used before."""

    transfer_id: int
    replayed: bool = False


def execute(tx: Transaction, effect: Effect) -> Outcome:
    """Apply an effect; raises the domain error that says why the ledger refuses (RLnnn)."""
    answer = call(tx, effect.function, effect.request())
    return Outcome(int(answer["transfer_id"]), bool(answer.get("replayed", False)))


def call(tx: Transaction, function: str, request: dict[str, Any]) -> dict[str, Any]:
    """Call a function of the ledger that takes and gives one JSON document."""
    try:
        row = tx.one(f"SELECT ledger.{function}(%(request)s::jsonb)", {"request": _text(request)})
    except psycopg2.Error as error:
        meaning = refusal_of(error)
        if meaning is error:
            raise
        raise meaning from error
    return dict(row[0]) if row else {}


def _text(request: dict[str, Any]) -> str:
    return json.dumps(request, ensure_ascii=False)
