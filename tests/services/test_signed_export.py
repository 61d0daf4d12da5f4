"""An export to a pilot's registry is signed for each application in it, by the person's own key."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.identity.actor import Actor
from app.services.pilots.exporting import Drawn, export, prepare
from app.services.signing.refused import SignatureRefused
from app.services.signing.software_people import equip
from tests.keys import SESSION, Keys
from tests.postgres import Database
from tests.services.market import Market, market
from tests.services.pilot_market import AWAY, HOME, cancel, open_pilots, submit


@pytest.fixture
def a_market(database: Database) -> Iterator[Market]:
    with market(database, open_pilots) as opened:
        yield opened


@pytest.fixture
def cancelled(a_market: Market) -> list[int]:
    """Two cancelled surrenders wait for export."""
    found = [submit(a_market, **{HOME: 30, AWAY: 10}), submit(a_market, by="rival", **{HOME: 7})]
    for instance in found:
        cancel(a_market, instance)
    return found


@pytest.fixture
def keys(a_market: Market, cancelled: list[int]) -> Keys:
    """From now on everybody signs, the pilot's authority with a token it signed in with."""
    return Keys(a_market.database, a_market.ctx)


@pytest.fixture
def pilot(a_market: Market, keys: Keys) -> Actor:
    found = a_market.actor("pilot")
    a_market.change(
        """INSERT INTO identity.session (token_hash, person_id, mandate_id, ip, created_at,
               last_seen_at, expires_at, certificate_id)
           SELECT %(hash)s, c.person_id, m.id, '', %(at)s, %(at)s, 'infinity', c.id
           FROM trust.certificate c JOIN identity.mandate m ON m.person_id = c.person_id
           WHERE c.der = %(der)s LIMIT 1""",
        hash=SESSION.hash,
        at=keys.now,
        der=keys.of(found).certificate,
    )
    return found


def drawn(market: Market, keys: Keys, pilot: Actor, chosen: list[int]) -> Drawn:
    """Prepared and signed."""
    found = prepare(market.ctx, pilot, chosen, SESSION)
    assert found is not None
    signed = [keys.signed(pilot, document) for document in found.documents]
    return replace(found, signed=signed, session=SESSION)


def test_each_application_is_exported_under_its_own_signature(a_market, keys, pilot, cancelled):
    signed = drawn(a_market, keys, pilot, cancelled)
    done = export(a_market.ctx, pilot, cancelled, signed, SESSION)
    assert done.number == signed.number
    assert a_market.rows(
        """SELECT convert_from(s.document, 'UTF8')::jsonb->>'instance' = i.number
           FROM workflow.decision d JOIN workflow.instance i ON i.id = d.instance_id
           LEFT JOIN trust.signature s ON s.decision_id = d.id
           WHERE d.element_id = 'export_surrender'"""
    ) == [(True,), (True,)]


def test_an_export_of_another_number_than_the_signed_one_is_refused(
    a_market, keys, pilot, cancelled
):
    signed = replace(drawn(a_market, keys, pilot, cancelled), number="SDDC-2022-9999999")
    with pytest.raises(SignatureRefused, match="8074"):
        export(a_market.ctx, pilot, cancelled, signed, SESSION)


@pytest.mark.parametrize("how_many", [0, 1])
def test_what_is_not_signed_is_signed_by_nobody_else(a_market, keys, pilot, cancelled, how_many):
    """In a demonstration the server has keys of its own; not for who came with a token."""
    settings = replace(a_market.ctx.settings, signatures=True, software_signer=True)
    a_market.ctx = replace(a_market.ctx, settings=settings)
    equip(a_market.ctx)
    signed = drawn(a_market, keys, pilot, cancelled)
    some = replace(signed, signed=signed.signed[:how_many]) if how_many else None
    with pytest.raises(SignatureRefused, match="8081"):
        export(a_market.ctx, pilot, cancelled, some, SESSION)
    assert a_market.rows("SELECT count(*) FROM trust.signature") == [(0,)]
