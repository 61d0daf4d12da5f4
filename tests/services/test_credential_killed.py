"""kill -9 while two officers issue codes: either all of it happened, or nothing did (M2)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.domain.errors import AlreadyDecided
from tests.services.credentials import ask, form, member_of, reach
from tests.services.market import APPROVE, Market

ROOT = Path(__file__).resolve().parents[2]
KILLED = -9
APPROVING = """
import sys
from datetime import datetime
from app.bootstrap import build
from app.config import settings_from
from app.domain.clock import FixedClock, local_day
from app.identity.mandates import actor_by_member_no
from app.services.decide import Request, decide

at, member, instance, key = sys.argv[1:]
ctx = build(settings_from(), FixedClock(datetime.fromisoformat(at)))
with ctx.database.transaction() as tx:
    officer = actor_by_member_no(tx, member, local_day(ctx.clock.now()))
decide(ctx, officer, Request(int(instance), int(key), {"verdict": "approve"}))
"""


def approve_elsewhere(market: Market, instance: int, failpoint: str) -> int:
    """Let another process approve, and be killed at a place; return how it ended."""
    settings = market.ctx.settings
    arguments = [
        market.clock.now().isoformat(),
        member_of(market, "registry", 1),
        str(instance),
        str(market.key(instance)),
    ]
    environ = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
        "REGISTRY_ENV": "test",
        "REGISTRY_FAILPOINT": failpoint,
    }
    command = [sys.executable, "-c", APPROVING, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environ, timeout=60, check=False).returncode


def issued(market: Market) -> tuple[int, int, int]:
    """How many approvals, codes and messages with codes there are."""
    [row] = market.rows(
        """SELECT (SELECT count(*) FROM workflow.decision WHERE verdict = 'approve'
                   AND element_id = 'review_credential'),
               (SELECT count(*) FROM trust.enrolment),
               (SELECT count(*) FROM messages.message WHERE kind = 'credential')"""
    )
    return row


@pytest.mark.parametrize("failpoint", ["before_step", "after_step", "before_commit:2"])
def test_killed_before_the_commit_nothing_was_issued_and_it_can_be_decided_again(
    a_market: Market, failpoint: str
):
    reach(a_market, "emitter")
    instance = ask(a_market, a_market.actor("registry"), form(a_market, "issue_codes"))
    assert approve_elsewhere(a_market, instance, failpoint) == KILLED
    assert issued(a_market) == (0, 0, 0)
    a_market.decide(a_market.actor("registry", 1), instance, APPROVE)
    assert issued(a_market) == (1, 1, 2)


def test_killed_after_the_commit_the_codes_are_on_their_way_and_no_others_are_drawn(
    a_market: Market,
):
    reach(a_market, "emitter")
    instance = ask(a_market, a_market.actor("registry"), form(a_market, "issue_codes"))
    key = a_market.key(instance)
    assert approve_elsewhere(a_market, instance, "after_commit:2") == KILLED
    assert issued(a_market) == (1, 1, 2)
    with pytest.raises(AlreadyDecided):
        a_market.decide(a_market.actor("registry", 1), instance, APPROVE, key=key)
    assert issued(a_market) == (1, 1, 2)
