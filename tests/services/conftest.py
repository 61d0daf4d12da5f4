"""A market and its people, by name."""

from collections.abc import Iterator

import pytest

from app.identity.actor import Actor
from app.services.applications import begin
from tests.keys import Keys
from tests.postgres import Database
from tests.services.market import PE21, Market, lines, market


@pytest.fixture
def a_market(database: Database) -> Iterator[Market]:
    """Opened and supplied; no notice yet."""
    with market(database) as made:
        yield made


@pytest.fixture
def an_emitter(a_market: Market) -> Actor:
    return a_market.actor("emitter")


@pytest.fixture
def a_colleague(a_market: Market) -> Actor:
    """A second person of the emitter."""
    return a_market.actor("emitter", 1)


@pytest.fixture
def a_province(a_market: Market) -> Actor:
    """An officer of the emitter's province."""
    return a_market.actor("province")


@pytest.fixture
def two_officers(a_market: Market) -> tuple[Actor, Actor]:
    """Two officers of the emitter's province."""
    return a_market.actor("province"), a_market.actor("province", 1)


@pytest.fixture
def another_province(a_market: Market) -> Actor:
    return a_market.actor("other_province")


@pytest.fixture
def a_notice(a_market: Market) -> int:
    """400 t, so at most 20 t of CCER."""
    return a_market.notice(obligation=400)


@pytest.fixture
def a_submitted_application(a_market: Market, an_emitter: Actor, a_notice: int) -> int:
    """250 t, waiting for the province's review."""
    return a_market.begin(an_emitter, a_notice, lines(**{PE21: 250}))


@pytest.fixture
def two_representatives(a_market: Market) -> tuple[Actor, Actor]:
    """The initiating and the confirming representative of one account that asks for two."""
    account = a_market.account("emitter", "compliance")
    a_market.change("UPDATE identity.account SET two_person = true WHERE id = %(a)s", a=account)
    for place, rights in enumerate(("initiate", "confirm")):
        a_market.change(
            """UPDATE identity.mandate m SET rights = %(rights)s FROM identity.person p
               WHERE p.id = m.person_id AND p.member_no = %(no)s AND m.account_id = %(a)s""",
            rights=rights,
            no=a_market.holders["emitter"].members[place],
            a=account,
        )
    return a_market.actor("emitter"), a_market.actor("emitter", 1)


@pytest.fixture
def a_handed_over_draft(
    a_market: Market, two_representatives: tuple[Actor, Actor], a_notice: int
) -> int:
    """250 t, filled in by the first representative and handed over."""
    form = lines(**{PE21: 250})
    started = begin(
        a_market.ctx, two_representatives[0], "compliance", a_notice, form, submit=False, ready=True
    )
    return started.instance_id


@pytest.fixture
def keys(a_market: Market) -> Keys:
    """Every account asks for the signature of its submissions and reviews."""
    return Keys(a_market.database, a_market.ctx)
