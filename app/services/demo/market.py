"""Make the demo market once; a second start finds it and leaves it as it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time

from app.domain.clock import BEIJING, local_day
from app.domain.errors import Conflict, Forbidden
from app.domain.offset_rule import OffsetRule
from app.domain.scope import Scope
from app.identity.actor import Actor
from app.identity.mandates import actor_by_member_no
from app.services.context import Context
from app.services.demo.cast import (
    EMITTERS,
    INSTITUTIONS,
    PILOT_SIGN_INS,
    SECOND_SIGN_INS,
    SIGN_INS,
    emitter_opening,
)
from app.services.demo.custody import DEPOSITOR, RECIPIENTS, Merger
from app.services.demo.external import CLAIMANT, tell_claims
from app.services.demo.pilots import tell_pilots
from app.services.demo.stories import Story, take_decision, tell_cancellations, tell_changes
from app.services.demo.supply import Supply
from app.services.notices import NoticeRequest, Year, issue_all, set_year
from app.services.opening import Opened, holders_by_code, open_holders
from app.services.passwords import set_password
from app.services.signing.software_people import equip

PASSWORD = "demo-Registry-1"  # noqa: S105 - shown to everybody; production refuses the demo
MARK = "demo:market"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A sign-in that `make run` prints."""

    role: str
    member_no: str
    name: str


def make_market(ctx: Context) -> None:
    """Open everybody, bring the units, issue notices, play the stories; once.

    Everybody gets a software certificate, with which the server signs for them.
    """
    if ctx.settings.production:
        raise Forbidden("生产环境不能建立演示市场。", "Production refuses the demo market.")
    if _made(ctx):
        equip(ctx)  # who came since, and lists that would run out
        return
    if holders_by_code(ctx, ["NATIONAL"]):
        raise Conflict(
            "演示市场上次未建立完成，请先执行 make reset。",
            "The demo market was left half made; run `make reset` and start again.",
        )
    opened = _open(ctx)
    equip(ctx)
    for member in (*(s.member_no for s in SIGN_INS), *SECOND_SIGN_INS, *PILOT_SIGN_INS):
        set_password(ctx, member, PASSWORD)
    actors = {m: _actor(ctx, m) for o in opened.values() for m in o.members}
    year = local_day(ctx.clock.now()).year - 1
    supply = Supply(ctx, opened, actors, year)
    supply.run()
    _notices(ctx, opened, actors, year)
    _stories(ctx, opened, actors, supply)
    with ctx.database.transaction() as tx:
        tx.run(
            "INSERT INTO audit.event (at, tag, subject) VALUES (%(at)s, 'demo:market:made', %(s)s)",
            {"at": ctx.clock.now(), "s": MARK},
        )


def _made(ctx: Context) -> bool:
    with ctx.database.transaction() as tx:
        row = tx.one("SELECT 1 FROM audit.event WHERE subject = %(s)s LIMIT 1", {"s": MARK})
    return row is not None


def people(ctx: Context) -> list[DemoPerson]:
    """Return one person of each role, as `make run` names them."""
    return [DemoPerson(s.role, s.member_no, _actor(ctx, s.member_no).person_name) for s in SIGN_INS]


def _open(ctx: Context) -> dict[str, Opened]:
    codes = [o.code for o in INSTITUTIONS]
    opened = dict(zip(codes, open_holders(ctx, None, INSTITUTIONS), strict=True))
    openings = [
        emitter_opening(place, e, opened[e.province].holder_id) for place, e in enumerate(EMITTERS)
    ]
    emitters = open_holders(ctx, None, openings)
    return opened | {f"EMITTER-{e.code}": one for e, one in zip(EMITTERS, emitters, strict=True)}


def _actor(ctx: Context, member_no: str) -> Actor:
    with ctx.database.transaction() as tx:
        found = actor_by_member_no(tx, member_no, local_day(ctx.clock.now()))
    if found is None:
        raise LookupError(f"nobody signs in as {member_no}")
    return found


def _notices(
    ctx: Context, opened: Mapping[str, Opened], actors: Mapping[str, Actor], year: int
) -> None:
    """G19: due on the last day of the year after, 17:00 in Beijing."""
    due = datetime.combine(datetime(year + 1, 12, 31), time(17), BEIJING)  # noqa: DTZ001
    parameters = Year(year, due.astimezone(UTC), 15, Scope(year_to=year), OffsetRule())
    with ctx.database.transaction() as tx:
        set_year(tx, parameters)
    for province in ("PROVINCE-33", "PROVINCE-53"):
        requests = [
            NoticeRequest(
                opened[f"EMITTER-{e.code}"].holder_id,
                year,
                e.obligation,
                f"示范环函〔{year + 1}〕7号",
            )
            for e in EMITTERS
            if e.province == province and e.story != "unnoticed"
        ]
        issue_all(ctx, actors[opened[province].members[0]], requests)


def _stories(
    ctx: Context, opened: Mapping[str, Opened], actors: Mapping[str, Actor], supply: Supply
) -> None:
    with ctx.database.transaction() as tx:
        notices = dict(tx.all("SELECT emitter_id, id FROM compliance.notice"))
    for emitter in EMITTERS:
        holder = opened[f"EMITTER-{emitter.code}"]
        if holder.holder_id not in notices:
            continue
        story = Story(
            ctx,
            actors[holder.members[0]],
            actors[opened[emitter.province].members[1]],
            notices[holder.holder_id],
        )
        story.tell(emitter, supply.allowances, supply.ccer)
    greenco, registry = (actors[opened[code].members[0]] for code in ("GREENCO", "REGISTRY"))
    tell_cancellations(ctx, greenco, registry, supply.ccer)
    claimant = actors[opened[f"EMITTER-{CLAIMANT}"].members[0]]
    tell_claims(ctx, claimant, registry, supply.year, take_decision)
    codes = ("EMITTER-CL", "PROVINCE-53", "WIND")
    tell_changes(ctx, *(actors[opened[code].members[0]] for code in codes))
    _merger(ctx, opened, actors, registry).tell(supply.allowances)
    enterprise, officer, nation = (
        actors[opened[code].members[0]] for code in ("PILOTCO", "PILOT-31", "NATIONAL")
    )
    tell_pilots(ctx, enterprise, officer, nation, supply.ccer, supply.year)


def _merger(
    ctx: Context, opened: Mapping[str, Opened], actors: Mapping[str, Actor], registry: Actor
) -> Merger:
    """The recipients by the codes of their holders, as a link application names them."""
    members = {code: opened[f"EMITTER-{code}"].members[0] for code in (DEPOSITOR, *RECIPIENTS)}
    with ctx.database.transaction() as tx:
        codes = dict(tx.all("SELECT id, code FROM identity.holder"))
    recipients = [actors[members[code]] for code in RECIPIENTS]
    named = {codes[actor.holder_id]: actor for actor in recipients}
    return Merger(ctx, actors[members[DEPOSITOR]], named, registry)
