"""A decision finds its rows by key, however small the tables were when its plans were made.

A session keeps the plans it made first (``force_generic_plan``). Where a table was nearly empty
then, reading it from end to end is what the planner likes best, and it would go on doing so while
the table grows, until somebody analyses it.
"""

import psycopg2
import pytest

from app.identity.actor import Actor
from app.services.decide import Request, decide_within
from app.services.signing import trust
from tests.keys import SESSION, Keys
from tests.services.market import APPROVE, PE21, Market, lines

pytestmark = pytest.mark.database

FORM = lines(**{PE21: 100})
READ_WHOLE = "SELECT schemaname || '.' || relname FROM pg_stat_xact_user_tables WHERE seq_scan > 0"


def analyse(market: Market) -> None:
    """Let the planner know how small every table is."""
    connection = psycopg2.connect(market.database.superuser_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()


def read_whole(market: Market, actor: Actor, request: Request) -> list[str]:
    """Decide in a session that has no plans yet; return the tables that were read end to end."""
    with market.ctx.database.transaction() as tx:
        trust.current(market.ctx, tx)  # whom to believe is read once a process, and kept
    market.ctx.database.dispose()
    with market.ctx.database.transaction() as tx:
        decide_within(market.ctx, tx, actor, request)
        return sorted(row[0] for row in tx.all(READ_WHOLE))


def test_a_submission_and_its_approval_read_no_table_from_end_to_end(a_market: Market):
    emitter, officer = a_market.actor("emitter"), a_market.actor("province")
    draft = a_market.begin(emitter, a_market.notice(), FORM, submit=False)
    analyse(a_market)
    for who, form in ((emitter, FORM), (officer, APPROVE)):
        assert read_whole(a_market, who, Request(draft, a_market.key(draft), form)) == []


def test_neither_do_signed_ones(a_market: Market):
    keys = Keys(a_market.database, a_market.ctx)
    emitter, officer = a_market.actor("emitter"), a_market.actor("province")
    draft = a_market.begin(emitter, a_market.notice(), FORM, submit=False)
    analyse(a_market)
    for who, form in ((emitter, FORM), (officer, APPROVE)):
        signature = keys.signed(who, keys.document(who, draft, form))
        key = a_market.key(draft)
        request = Request(draft, key, form, signature=signature, session=SESSION)
        assert read_whole(a_market, who, request) == []
