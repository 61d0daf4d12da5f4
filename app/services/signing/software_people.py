"""Give everybody of a demonstration, a rehearsal or a bench a software certificate, all at once."""

from collections.abc import Callable, Sequence
from datetime import datetime

from app.db import Transaction
from app.evidence import certificate as evidence
from app.services.context import Context
from app.services.signing.enrolment import facts_of
from app.services.signing.software import allowed_seed, signer_for
from app.services.signing.software_authority import stand_up
from usbkey.signer import Signer

BATCH = 500

Key = Callable[[Context, str], Signer]


def equip(ctx: Context, key: Key = signer_for) -> int:
    """Renew the authority's lists, and bind a certificate to everybody who never had one.

    ``key`` gives a member's key; with another than the server's own, the server does not sign for
    them. Returns how many were bound; what was bound before stays. Raises SignatureRefused where
    the settings allow no software signer; does nothing where nobody signs.
    """
    if not ctx.settings.signatures:
        return 0
    at = ctx.clock.now()
    renew(ctx)
    bound = 0
    while True:
        with ctx.database.transaction() as tx:
            people = _without(tx)
            _bind(tx, people, [key(ctx, member_no) for _, member_no in people], at)
        bound += len(people)
        if len(people) < BATCH:
            return bound


def renew(ctx: Context) -> None:
    """Publish the authority's next lists if those there are about to run out.

    Raises SignatureRefused where the settings allow no software signer.
    """
    if ctx.settings.signatures:
        allowed_seed(ctx)
        with ctx.database.transaction() as tx:
            stand_up(ctx, tx, ctx.clock.now())


def _without(tx: Transaction) -> list[tuple[int, str]]:
    """Return people who never had a certificate; who had one gets the next by codes (M2)."""
    return [
        (person, member_no)
        for person, member_no in tx.all(
            """SELECT p.id, p.member_no FROM identity.person p
               WHERE p.closed_at IS NULL
                 AND NOT EXISTS (SELECT FROM trust.certificate c WHERE c.person_id = p.id)
               ORDER BY p.id LIMIT %(most)s""",
            {"most": BATCH},
        )
    ]


def _bind(
    tx: Transaction, people: Sequence[tuple[int, str]], keys: Sequence[Signer], at: datetime
) -> None:
    found = [facts_of(evidence.read(key.certificate), software=True) for key in keys]
    tx.run(
        """INSERT INTO trust.certificate (fingerprint, person_id, software, serial, subject,
               issuer, not_before, not_after, der, at)
           SELECT sha256(der), person, true, serial, subject, issuer, since, until, der, %(at)s
           FROM unnest(%(people)s::bigint[], %(serials)s::text[], %(subjects)s::text[],
                       %(issuers)s::text[], %(since)s::timestamptz[], %(until)s::timestamptz[],
                       %(ders)s::bytea[])
                AS c (person, serial, subject, issuer, since, until, der)""",
        {
            "people": [person for person, _ in people],
            "serials": [facts.serial for facts in found],
            "subjects": [facts.subject for facts in found],
            "issuers": [facts.issuer for facts in found],
            "since": [facts.not_before for facts in found],
            "until": [facts.not_after for facts in found],
            "ders": [facts.der for facts in found],
            "at": at,
        },
    )
