"""Open the session of somebody who has proved who they are; whatever they proved it with."""

from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction
from app.domain.clock import local_day
from app.domain.errors import Forbidden
from app.identity import sessions
from app.identity.mandates import actor_for, first_mandate
from app.services.actor import Actor
from app.services.history import note


@dataclass(frozen=True, slots=True)
class Entered:
    """A session was opened; ``ended_other``: it ended another of theirs that was in use."""

    token: str
    ended_other: bool


def require_mandate(tx: Transaction, person_id: int, at: datetime) -> tuple[int, Actor]:
    """Return the mandate to begin with and who acts by it; raises Forbidden for none in force."""
    today = local_day(at)
    mandate = first_mandate(tx, person_id, today)
    actor = actor_for(tx, person_id, mandate, today) if mandate else None
    if mandate is None or actor is None:
        raise Forbidden(
            "您目前没有有效的账户授权，不能登录。",
            "You hold no mandate in force; you cannot sign in.",
        )
    return mandate, actor


def enter(
    tx: Transaction, person_id: int, ip: str, at: datetime, certificate_id: int | None = None
) -> Entered:
    """Open the session, write down the sign-in (M43) and the event; raises Forbidden."""
    mandate, actor = require_mandate(tx, person_id, at)
    token, ended_other = sessions.open_session(tx, person_id, mandate, ip, at, certificate_id)
    sessions.record_sign_in(tx, person_id, at, ip, succeeded=True)
    data = {"certificate": certificate_id, "ended_other": ended_other}
    note(tx, at, actor, "identity:session:opened", f"person:{person_id}", data)
    return Entered(token, ended_other)
