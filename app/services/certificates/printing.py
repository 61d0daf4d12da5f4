"""A certificate for the parties of its application: which one there is, and its PDF."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from app.certificates.certificates import Certificate, of_instance
from app.certificates.content import Content
from app.domain.errors import NotFound
from app.identity.actor import Actor
from app.ledger.reversals import reversed_at
from app.services.application import visible
from app.services.certificates.lines import lines_of
from app.services.context import Context


@dataclass(frozen=True, slots=True)
class Printed:
    """A certificate as a file."""

    number: str
    pdf: bytes


def certificate_of(ctx: Context, actor: Actor, instance_id: int) -> Certificate | None:
    """Return an application's certificate to its parties and auditors, None if it has none.

    Raises NotFound for anybody else.
    """
    with ctx.database.transaction() as tx:
        visible(tx, actor, instance_id)
        return of_instance(tx, instance_id)


def printed(
    ctx: Context, actor: Actor, instance_id: int, address_of: Callable[[str], str]
) -> Printed:
    """Print the certificate of an application; ``address_of`` gives a number's public page.

    Raises NotFound for a stranger or where there is none, FontMissing without the font.
    """
    with ctx.database.transaction() as tx:
        visible(tx, actor, instance_id)
        found = of_instance(tx, instance_id)
        if found is None:
            raise NotFound
        content = Content(
            number=found.number,
            holder=found.holder,
            beneficiary=found.beneficiary,
            purpose=found.purpose,
            application=found.application,
            issued_at=found.issued_at,
            lines=tuple(lines_of(tx, found.transfer_id)),
            address=address_of(found.number),
            reversed_at=reversed_at(tx, found.transfer_id),
        )
    return Printed(found.number, _paper(content))


@lru_cache(maxsize=64)
def _paper(content: Content) -> bytes:
    """Print once: reading the font takes a second, and the same content gives the same bytes.

    What draws is imported with the first certificate: no start of a website waits for it.
    """
    from app.certificates.paper import print_certificate

    return print_certificate(content)
