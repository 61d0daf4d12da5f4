from collections.abc import Iterator

import pytest

from tests.ledger.market import Market, market
from tests.postgres import Database


@pytest.fixture
def a_market(database: Database) -> Iterator[Market]:
    with market(database.app_url, database.owner_url) as made:
        yield made


@pytest.fixture
def a_supplied_market(a_market: Market) -> Market:
    a_market.supply(1000)
    a_market.supply_ccer(100)
    return a_market
