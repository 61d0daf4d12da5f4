"""A key reported as lost ends at once; one that runs out is told of in time (M2, R23, G29)."""

from datetime import timedelta

import pytest

from app.domain.errors import NotFound
from app.identity.actor import Actor
from app.services.credentials.loss import report_lost
from app.services.messages import unread
from app.services.sweep import sweep
from tests.services.credentials import (
    agree,
    certificate_of,
    form,
    member_of,
    reach,
    sign_in_as,
)
from tests.services.market import Market

pytestmark = pytest.mark.database


def certificate_id(market: Market, fingerprint: str) -> int:
    [(found,)] = market.rows(
        "SELECT id FROM trust.certificate WHERE encode(fingerprint, 'hex') = %(f)s", f=fingerprint
    )
    return int(found)


def ends(market: Market) -> list[tuple[str, bool]]:
    return market.rows("SELECT reason, decision_id IS NULL FROM trust.certificate_end")


def test_who_loses_a_key_ends_it_alone_with_sessions_and_tokens(
    a_market: Market, an_emitter: Actor
):
    found = certificate_id(a_market, certificate_of(a_market, "emitter"))
    sign_in_as(a_market, "emitter")
    report_lost(a_market.ctx, an_emitter, found)
    assert ends(a_market) == [("lost", True)]
    assert a_market.rows("SELECT ended_why FROM identity.session") == [("certificate",)]
    assert a_market.rows("SELECT revoked_at FROM identity.api_token") == [(a_market.clock.now(),)]
    tags = a_market.rows("SELECT tag, subject, person_id FROM audit.event ORDER BY id DESC LIMIT 1")
    assert tags == [
        ("trust:certificate:reported_lost", f"certificate:{found}", an_emitter.person_id)
    ]


def test_nobody_ends_the_certificate_of_another_and_none_ends_twice(
    a_market: Market, an_emitter: Actor, a_colleague: Actor
):
    found = certificate_id(a_market, certificate_of(a_market, "emitter"))
    with pytest.raises(NotFound):
        report_lost(a_market.ctx, a_colleague, found)
    assert ends(a_market) == []
    report_lost(a_market.ctx, an_emitter, found)
    with pytest.raises(NotFound):
        report_lost(a_market.ctx, an_emitter, found)
    assert ends(a_market) == [("lost", True)]


def test_a_report_takes_away_and_gives_nothing(a_market: Market, an_emitter: Actor):
    found = certificate_id(a_market, certificate_of(a_market, "emitter"))
    report_lost(a_market.ctx, an_emitter, found)
    assert a_market.rows("SELECT 1 FROM trust.enrolment") == []


def test_the_registry_operator_is_told_of_a_loss(a_market: Market, an_emitter: Actor):
    for place in (0, 1):
        reach(a_market, "registry", place)
    reach(a_market, "emitter")
    found = certificate_id(a_market, certificate_of(a_market, "emitter"))
    report_lost(a_market.ctx, an_emitter, found)
    [message] = unread(a_market.ctx, a_market.actor("registry"))
    assert member_of(a_market, "emitter") in message.text.zh
    assert (message.instance_id, message.number) == (None, "")
    assert unread(a_market.ctx, an_emitter) == []
    told = a_market.rows("SELECT person_id FROM messages.message WHERE kind = 'credential'")
    officers = {a_market.actor("registry", place).person_id for place in (0, 1)}
    assert {person for (person,) in told} == officers | {an_emitter.person_id}


# Running out


def reminded(market: Market) -> list[int]:
    """Within how many days a person was told, each time."""
    rows = market.rows("SELECT days FROM trust.expiry_reminder ORDER BY at, days")
    return [days for (days,) in rows]


def told(market: Market) -> list[str]:
    rows = market.rows("SELECT subject FROM messages.message WHERE kind = 'credential' ORDER BY id")
    return [subject for (subject,) in rows]


def test_a_certificate_that_runs_out_is_told_of_at_thirty_and_at_seven_days_once_each(
    a_market: Market,
):
    reach(a_market, "emitter")
    certificate_of(a_market, "emitter", days=31)
    assert sweep(a_market.ctx).reminded == 0
    for days, expected in ((1, [30]), (1, [30]), (22, [30, 7]), (1, [30, 7]), (20, [30, 7])):
        a_market.clock.advance(timedelta(days=days))
        sweep(a_market.ctx)
        sweep(a_market.ctx)
        assert reminded(a_market) == expected
    assert [subject.rpartition("】")[2] for subject in told(a_market)] == [
        "您的数字证书将在 30 天内到期",
        "您的数字证书将在 7 天内到期",
    ]


def test_who_is_late_for_the_first_reminder_gets_the_nearer_one_alone(a_market: Market):
    certificate_of(a_market, "emitter", days=5)
    assert sweep(a_market.ctx).reminded == 1
    assert reminded(a_market) == [7]


def test_neither_who_has_the_next_one_nor_whose_has_ended_is_reminded(a_market: Market):
    certificate_of(a_market, "emitter", days=20)
    certificate_of(a_market, "emitter", days=400)
    other = certificate_of(a_market, "neighbour", days=20)
    agree(a_market, form(a_market, "lost", "neighbour", fingerprint=other))
    assert sweep(a_market.ctx).reminded == 0
