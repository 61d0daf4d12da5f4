"""The market of the bench: emitters with units and a notice each, far more than they will use."""

from dataclasses import dataclass, replace

from app.domain.clock import local_day
from app.identity.actor import Actor
from app.identity.mandates import ACTOR
from app.services.context import Context
from app.services.deployments import deploy_files
from app.services.rehearsal.market import actor, open_market
from app.services.rehearsal.play import issue_notices
from app.services.rehearsal.supply import INSTRUMENT, supply
from app.services.rehearsal.year_file import Operator
from app.services.signing.software import authority_of, seed_of
from app.services.signing.software_people import equip
from bench.databases import Place
from usbkey.signer import Signer
from usbkey.software import SoftwareKey

PROCESS = "compliance"
QUANTITY = "100"  # tonnes of one application
HELD = 10**9  # tonnes of each emitter, and its obligation
SEED = b"the keys of the people of the bench"
REGULATORS = tuple(f"R{n:02d}" for n in range(1, 32))


@dataclass(frozen=True, slots=True)
class Applicant:
    """An emitter's person, the officer who reviews, and the notice it answers."""

    emitter: Actor
    officer: Actor
    notice_id: int

    @property
    def signs(self) -> bool:
        """Whether both sign what they decide."""
        return self.officer.signs("complete")


def open_up(ctx: Context, emitters: int) -> None:
    """Deploy the diagrams; open the emitters, give each its units and its notice."""
    deploy_files(ctx)
    operators = [
        Operator(n, REGULATORS[n % len(REGULATORS)], str(n), f"Works {n}", HELD, 0, HELD, "A")
        for n in range(emitters)
    ]
    market = open_market(ctx, operators, lambda _: None)
    supply(ctx, market, operators)
    issue_notices(ctx, market, operators)


def let_half_sign(place: Place) -> None:
    """Let every second province and its emitters sign, with keys that lie not with the server."""
    place.run(
        """UPDATE identity.account a SET signature_policy = 'decisions' FROM identity.holder h
           WHERE h.id = a.holder_id AND coalesce(h.province_id, h.id) IN (
               SELECT p.id FROM identity.holder p
               WHERE p.code = ANY (%(codes)s))""",
        {"codes": [f"P-{code}" for code in REGULATORS[::2]]},
    )
    with place.context() as ctx:
        signing = replace(ctx.settings, signatures=True, software_signer=True)
        equip(replace(ctx, settings=signing), key_of)


def key_of(ctx: Context, member_no: str) -> Signer:
    """Return a person's own key, with a certificate of the demonstration's authority."""
    return SoftwareKey.derive(SEED, member_no, authority_of(seed_of(ctx)), ctx.clock.now())


def applicants(ctx: Context) -> list[Applicant]:
    """Return every emitter with the second officer of its province."""
    officers = {
        found.holder_id: found
        for found in (actor(ctx, f"8000000{place:03d}2") for place in range(len(REGULATORS)))
    }
    with ctx.database.transaction() as tx:
        rows = tx.all(
            f"""SELECT n.id, {ACTOR} FROM compliance.notice n
                JOIN identity.account a ON a.id = n.account_id
                JOIN identity.holder h ON h.id = a.holder_id
                JOIN identity.mandate m ON m.account_id = a.id
                    AND m.valid_from <= %(today)s
                JOIN identity.person p ON p.id = m.person_id
                ORDER BY n.id""",  # noqa: S608 - the columns are a constant
            {"today": local_day(ctx.clock.now())},
        )
    emitters = [(notice, Actor(*who)) for notice, *who in rows]
    return [Applicant(e, officers[e.province_id or 0], notice) for notice, e in emitters]


FORM = {"lines": [{"instrument": INSTRUMENT, "quantity": QUANTITY}]}
