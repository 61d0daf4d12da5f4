"""A person's own certificates: to look at, and the first codes from the command line (M2)."""

from app.db import Database, Transaction
from app.domain.errors import NotFound
from app.services.actor import Actor
from app.services.context import Context
from app.services.history import note
from app.services.signing import enrolment
from app.trust import certificates, enrolments
from app.trust.certificates import Certificate


def my_certificates(ctx: Context, actor: Actor) -> tuple[list[Certificate], bool]:
    """Return one's own certificates, and whether codes for a next one lie ready."""
    with ctx.database.transaction() as tx:
        return (
            certificates.of_person(tx, actor.person_id),
            enrolments.open_of(tx, actor.person_id, ctx.clock.now()),
        )


def of_member(ctx: Context, member_no: str) -> list[Certificate]:
    """Return the certificates of a member number; raises NotFound."""
    with ctx.database.transaction() as tx:
        return certificates.of_person(tx, _person(tx, member_no))


def issue_codes(ctx: Context, owner: Database, member_no: str) -> tuple[str, str]:
    """Return new codes (reference number, authorization code) by the installation itself.

    As the owner of the schema: the database takes them from nobody else. A registry's first
    officers get theirs so; everybody else's come from a decision of two officers. Raises NotFound.
    """
    at = ctx.clock.now()
    with owner.transaction() as tx:
        person = _person(tx, member_no, open_only=True)
        codes = enrolment.issue(tx, person, None, at)
        note(tx, at, None, "trust:codes:issued", f"person:{person}")
    return codes


def _person(tx: Transaction, member_no: str, *, open_only: bool = False) -> int:
    row = tx.one(
        """SELECT id FROM identity.person WHERE member_no = %(no)s
           AND (closed_at IS NULL OR NOT %(open)s)""",
        {"no": member_no, "open": open_only},
    )
    if row is None:
        raise NotFound(f"没有会员编号 {member_no}。", f"There is no member {member_no}.")
    return int(row[0])
