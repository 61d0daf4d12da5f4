"""An export to a pilot's registry is signed for each application, with its number (R52, R23)."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.services.pilots.exporting import export, prepare
from app.services.signing.refused import SignatureRefused
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
    """Two cancelled surrenders that wait for export."""
    found = [submit(a_market, **{HOME: 30, AWAY: 10}), submit(a_market, by="rival", **{HOME: 7})]
    for instance in found:
        cancel(a_market, instance)
    return found


def test_each_application_is_exported_under_its_own_signature(a_market, cancelled):
    keys = Keys(a_market.database, a_market.ctx)
    pilot = a_market.actor("pilot")
    drawn = prepare(a_market.ctx, pilot, cancelled, SESSION)
    assert drawn is not None
    assert len(drawn.documents) == 2
    assert a_market.rows("SELECT count(*) FROM pilots.export") == [(0,)]
    signed = [keys.signed(pilot, document) for document in drawn.documents]
    back = replace(drawn, signed=signed, session=SESSION)
    with pytest.raises(SignatureRefused, match="8074"):
        export(a_market.ctx, pilot, cancelled, replace(back, number="SDDC-2022-0000099"))
    with pytest.raises(SignatureRefused, match="8081"):
        export(a_market.ctx, pilot, cancelled)
    done = export(a_market.ctx, pilot, cancelled, back)
    assert done.number == drawn.number
    assert a_market.rows(
        """SELECT count(*) FROM trust.signature s JOIN workflow.decision d ON d.id = s.decision_id
           WHERE d.element_id = 'export_surrender'"""
    ) == [(2,)]


def test_where_nothing_is_signed_nothing_is_drawn(a_market, cancelled):
    assert prepare(a_market.ctx, a_market.actor("pilot"), cancelled, SESSION) is None
    export(a_market.ctx, a_market.actor("pilot"), cancelled)
