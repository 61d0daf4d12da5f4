"""Machine clients of the demo market."""

from collections.abc import Callable

import pytest

from app.services.tokens import make_token_for_member
from tests.pages.conftest import Market, open_market
from tests.postgres import Database


class Client:
    """A machine client with a token."""

    def __init__(self, market: Market, token: str) -> None:
        self.client, self.token = market.app.test_client(), token

    def call(self, method: str, path: str, **more):
        headers = {"Authorization": f"Bearer {self.token}"} | more.pop("headers", {})
        return self.client.open("/api/v1" + path, method=method, headers=headers, **more)

    def get(self, path: str, **more):
        return self.call("GET", path, **more)

    def post(self, path: str, json=None, key: str | None = None):
        headers = {"Idempotency-Key": key} if key is not None else {}
        return self.call("POST", path, json=json, headers=headers)


@pytest.fixture(scope="module")
def market(module_database: Database, redis_server) -> Market:
    """A market that the tests of a module share."""
    return open_market(module_database, redis_server.url())


@pytest.fixture(scope="module")
def client(market) -> Callable[..., Client]:
    """Return a client of a member, with some scopes or all that are open to them."""
    made: dict[tuple, Client] = {}

    def of(member_no: str, *scopes: str) -> Client:
        if (member_no, scopes) not in made:
            token = make_token_for_member(market.ctx, member_no, scopes, 30, "test")
            made[member_no, scopes] = Client(market, token)
        return made[member_no, scopes]

    return of
