"""API tokens: scoped, expiring, revocable, and never stronger than their owner today."""

from datetime import timedelta

import pytest

from app.bootstrap import build
from app.domain.clock import FixedClock
from app.domain.errors import Invalid, NotFound
from app.services.tokens import make_token_for_member, token_use
from tests.web.site import (
    A_PROVINCE,
    AN_AUDITOR,
    AN_EMITTER,
    AN_OPERATOR,
    STARTED,
    populate,
    settings,
)


@pytest.fixture(scope="module")
def market(module_database):
    ctx = build(settings(module_database, "redis://127.0.0.1:1/0"), FixedClock(STARTED))
    populate(ctx)
    return ctx


@pytest.fixture
def ctx(market):
    market.clock.set(STARTED)
    return market


def token_for(ctx, member_no: str, *scopes: str, days: int = 30) -> str:
    return make_token_for_member(ctx, member_no, scopes, days, "a test")


def test_a_token_acts_as_its_owner_with_its_scopes(ctx):
    use = token_use(ctx, token_for(ctx, AN_EMITTER, "read", "apply"))
    assert use.actor.role == "emitter"
    assert use.actor.province_id
    assert use.scopes == {"read", "apply"}


def test_without_scopes_a_token_has_all_that_its_owner_may_give(ctx):
    assert token_use(ctx, token_for(ctx, AN_EMITTER)).scopes == {"read", "apply", "review"}
    assert token_use(ctx, token_for(ctx, AN_OPERATOR)).scopes == {
        "read",
        "apply",
        "review",
        "operate",
    }
    assert token_use(ctx, token_for(ctx, AN_AUDITOR)).scopes == {"read"}


def test_a_token_expires_to_the_second(ctx):
    token = token_for(ctx, A_PROVINCE, "read", days=1)
    ctx.clock.advance(timedelta(days=1) - timedelta(seconds=1))
    assert token_use(ctx, token)
    ctx.clock.advance(timedelta(seconds=1))
    assert token_use(ctx, token) is None


@pytest.mark.parametrize("token", ["", "crt_", "crt_" + "x" * 43, "x" * 10000, "\ud800", "中"])
def test_a_token_that_was_never_made_is_nobody(ctx, token):
    assert token_use(ctx, token) is None


def test_a_token_ends_with_the_mandate_it_was_made_under(ctx):
    token = token_for(ctx, AN_EMITTER, "read")
    change(ctx, "UPDATE identity.mandate SET valid_from = '2020-01-01', valid_to = '2020-12-31'")
    assert token_use(ctx, token) is None
    change(ctx, "UPDATE identity.mandate SET valid_to = NULL")
    assert token_use(ctx, token)


def test_a_token_ends_with_its_person(ctx):
    token = token_for(ctx, AN_EMITTER, "read")
    change(ctx, "UPDATE identity.person SET closed_at = now()")
    assert token_use(ctx, token) is None
    change(ctx, "UPDATE identity.person SET closed_at = NULL")


def test_a_token_loses_what_its_owner_loses(ctx):
    token = token_for(ctx, A_PROVINCE, "read", "review")
    change(ctx, "UPDATE identity.mandate SET rights = 'read' WHERE rights = 'both'")
    assert token_use(ctx, token).scopes == {"read"}
    change(ctx, "UPDATE identity.mandate SET rights = 'both'")


def test_nobody_gives_a_token_more_than_they_have(ctx):
    with pytest.raises(Invalid):
        token_for(ctx, AN_EMITTER, "operate")


def test_an_unknown_member_gets_no_token(ctx):
    with pytest.raises(NotFound):
        token_for(ctx, "404")


def test_the_last_use_is_written_at_most_once_a_minute(ctx):
    token = token_for(ctx, AN_EMITTER, "read")
    number = token_use(ctx, token).token_id
    ctx.clock.advance(timedelta(seconds=30))
    token_use(ctx, token)
    assert last_use(ctx, number) == STARTED
    ctx.clock.advance(timedelta(seconds=31))
    token_use(ctx, token)
    assert last_use(ctx, number) == STARTED + timedelta(seconds=61)


def last_use(ctx, number: int):
    with ctx.database.transaction() as tx:
        return tx.one(
            "SELECT last_used_at FROM identity.api_token WHERE id = %(id)s", {"id": number}
        )[0]


def change(ctx, sql: str) -> None:
    with ctx.database.transaction() as tx:
        tx.run(sql)
