"""Pilot regions as a page lists them, and who is named to run one (A17-A19, W21.0)."""

import json
from dataclasses import dataclass

from app.db import Transaction
from app.domain.clock import local_day
from app.domain.errors import Forbidden, Invalid, NotFound
from app.domain.label import Label
from app.identity.actor import Actor
from app.pilots.pilots import Pilot, Version, pilot_of, pilots, run_by, versions
from app.services.context import Context

NAMER = "national_authority"
RUNNER = "provincial_authority"


@dataclass(frozen=True, slots=True)
class Region:
    """A pilot region with the versions of its rule; ``current`` governs the present year."""

    pilot: Pilot
    versions: tuple[Version, ...]
    current: Version | None

    @property
    def open(self) -> bool:
        """Whether it takes applications: somebody runs it, and a rule governs the year."""
        return self.pilot.authority_id is not None and self.current is not None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A holder that may run a pilot."""

    id: int
    code: str
    name: Label


def regions(ctx: Context) -> list[Region]:
    """Return all pilot regions, those that are open first; everybody signed in may read them."""
    year = local_day(ctx.clock.now()).year
    with ctx.database.transaction() as tx:
        found = [_region(tx, pilot, year) for pilot in pilots(tx)]
    return sorted(found, key=lambda one: not one.open)


def _region(tx: Transaction, pilot: Pilot, year: int) -> Region:
    found = tuple(versions(tx, pilot))
    return Region(pilot, found, next((v for v in found if v.rule.covers(year)), None))


def served(ctx: Context, actor: Actor) -> list[Pilot]:
    """Return the pilots that the actor's holder runs or ran, or none."""
    if actor.role != RUNNER:
        return []
    with ctx.database.transaction() as tx:
        return run_by(tx, actor.holder_id)


def own_within(tx: Transaction, actor: Actor) -> list[Pilot]:
    """Return the pilots that the actor's holder runs or ran; raises Forbidden where none."""
    found = run_by(tx, actor.holder_id) if actor.role == RUNNER else []
    if not found:
        raise Forbidden(
            "本页仅供试点地区主管部门使用。", "This page is for the authority of a pilot region."
        )
    return found


def candidates(ctx: Context) -> list[Candidate]:
    """Return the holders that may run a pilot."""
    with ctx.database.transaction() as tx:
        rows = tx.all(
            """SELECT id, code, name, coalesce(nullif(name_en, ''), name) FROM identity.holder
               WHERE role = %(role)s ORDER BY code""",
            {"role": RUNNER},
        )
    return [Candidate(row[0], row[1], Label(row[2], row[3])) for row in rows]


def designate(ctx: Context, actor: Actor, pilot_id: int, holder_code: str) -> None:
    """Name who reviews and administers a pilot; applications under way keep whom they have.

    Raises Forbidden for anybody but the national authority, NotFound for an unknown pilot, Invalid
    for a holder that is no authority.
    """
    if actor.role != NAMER or not actor.may_confirm:
        raise Forbidden(
            "试点地区主管部门由国家主管部门指定。",
            "The national authority names who runs a pilot region.",
        )
    with ctx.database.transaction() as tx:
        if pilot_of(tx, pilot_id) is None:
            raise NotFound
        row = tx.one(
            "SELECT id FROM identity.holder WHERE code = %(code)s AND role = %(role)s",
            {"code": holder_code, "role": RUNNER},
        )
        if row is None:
            zh, en = "请选择一个主管部门。", "Choose an authority."
            raise Invalid(zh, en, fields={"holder": Label(zh, en)})
        at = ctx.clock.now()
        request = {
            "pilot_id": pilot_id,
            "holder_id": row[0],
            "person_id": actor.person_id,
            "account_id": actor.account_id,
            "at": at.isoformat(),
        }
        tx.one("SELECT pilots.designate(%(request)s::jsonb)", {"request": json.dumps(request)})
        tx.run(
            """INSERT INTO audit.event (at, tag, person_id, account_id, role, subject, data)
               VALUES (%(at)s, 'pilots:authority:designate', %(person)s, %(account)s, %(role)s,
                   %(subject)s, %(data)s)""",
            {
                "at": at,
                "person": actor.person_id,
                "account": actor.account_id,
                "role": actor.role,
                "subject": f"pilot:{pilot_id}",
                "data": json.dumps({"holder": holder_code}),
            },
        )
