"""R23: no decision is committed without its signature, whoever writes it, if one is asked for."""

import json

import psycopg2
import pytest

from app.services.decide import MovedOn, Request, decide
from app.services.signing.signed import Signed
from app.services.withdraw import trigger
from tests.keys import SESSION, Keys
from tests.services.market import APPROVE, PE21, RETURN, Market, lines

pytestmark = pytest.mark.database

FORM = lines(**{PE21: 100})
INSERT = """
    INSERT INTO workflow.decision (instance_id, version, bundle_hash, element_id, visit, kind,
        person_id, holder_id, account_id, role, verdict, opinion, document, leaf, at)
    SELECT i.id, 99, i.bundle_hash, 'fill_surrender', 1, %(kind)s, %(person)s, %(holder)s,
        %(account)s, 'emitter', '', '', convert_to(%(document)s, 'UTF8'), sha256('x'), now()
    FROM workflow.instance i RETURNING id"""


@pytest.fixture
def keys(a_market: Market) -> Keys:
    """Everybody signs, and the emitter has a draft: the application with number 1."""
    made = Keys(a_market.database, a_market.ctx)
    emitter = a_market.actor("emitter")
    a_market.begin(emitter, a_market.notice(), FORM, submit=False)
    return made


def written(database_url: str, market: Market, **other: object) -> None:
    """Write a decision past every service, as one role of the database."""
    emitter = market.actor("emitter")
    values = {
        "kind": "complete",
        "person": emitter.person_id,
        "holder": emitter.holder_id,
        "account": emitter.account_id,
        "document": json.dumps({"signed": ""}),
    }
    with psycopg2.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute(INSERT, values | other)


@pytest.mark.parametrize("role", ["app_url", "owner_url", "superuser_url"])
@pytest.mark.parametrize(
    "other",
    [{}, {"account": None}, {"person": None}, {"kind": "trigger", "account": None}],
    ids=["unsigned", "for no account", "by nobody", "a withdrawal for no account"],
)
def test_nobody_writes_a_decision_without_its_signature(a_market, keys, role, other):
    url = getattr(a_market.database, role)
    with pytest.raises(psycopg2.Error) as refused:
        written(url, a_market, **other)
    assert refused.value.pgcode == "RG449"


def test_nor_does_it_help_to_wait_until_commit(a_market, keys):
    """The trigger cannot be put off: it is no constraint that a session may defer."""
    with (
        psycopg2.connect(a_market.database.app_url) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SELECT tgdeferrable FROM pg_trigger WHERE tgname = 'guard_decision'")
        assert cursor.fetchall() == [(False,)]


def test_the_application_cannot_lower_what_an_account_asks_for(a_market, keys):
    with (
        psycopg2.connect(a_market.database.app_url) as connection,
        connection.cursor() as cursor,
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
    ):
        cursor.execute("UPDATE identity.account SET signature_policy = 'none'")


def test_a_signature_serves_no_other_decision(a_market, keys):
    """The application's role writes a second decision and gives it the first one's signature."""
    market = a_market
    emitter = market.actor("emitter")
    keys.decide(emitter, 1, FORM)
    values = {
        "person": emitter.person_id,
        "holder": emitter.holder_id,
        "account": emitter.account_id,
        "kind": "complete",
        "document": "{}",
    }
    stolen = f"""
        WITH d AS ({INSERT}) INSERT INTO trust.signature (decision_id, certificate_id, crl_ids,
            nonce, document, cms, at)
        SELECT d.id, s.certificate_id, s.crl_ids, sha256('another'), s.document, s.cms, now()
        FROM d, trust.signature s"""
    with (
        psycopg2.connect(market.database.app_url) as connection,
        connection.cursor() as cursor,
        pytest.raises(psycopg2.Error) as refused,
    ):
        cursor.execute(stolen, values)
    assert refused.value.pgcode == "RG450"


def test_a_signature_is_never_changed_or_deleted(a_market, keys):
    keys.decide(a_market.actor("emitter"), 1, FORM)
    for change in ("UPDATE trust.signature SET cms = ''", "DELETE FROM trust.signature"):
        for role in ("app_url", "owner_url"):
            with (
                psycopg2.connect(getattr(a_market.database, role)) as connection,
                connection.cursor() as cursor,
                pytest.raises(psycopg2.Error),
            ):
                cursor.execute(change)


def test_a_withdrawal_is_signed_only_where_every_act_is(a_market, keys):
    market = a_market
    emitter = market.actor("emitter")
    keys.decide(emitter, 1, FORM)
    assert keys.event(emitter, 1, "withdraw") is None
    trigger(market.ctx, emitter, 1, "withdraw")
    market.change("UPDATE identity.account SET signature_policy = 'every'")
    emitter = market.actor("emitter")
    keys.decide(emitter, 1, FORM)
    document = keys.event(emitter, 1, "withdraw")
    assert document is not None
    with pytest.raises(Exception, match="8081"):
        trigger(market.ctx, emitter, 1, "withdraw")
    trigger(market.ctx, emitter, 1, "withdraw", keys.signed(emitter, document), SESSION)
    assert market.rows(
        """SELECT d.kind, s.decision_id IS NOT NULL FROM workflow.decision d
           LEFT JOIN trust.signature s ON s.decision_id = d.id ORDER BY d.id"""
    ) == [("complete", True), ("trigger", False), ("complete", True), ("trigger", True)]


def test_of_two_who_signed_one_review_one_decides(a_market, keys):
    market = a_market
    keys.decide(market.actor("emitter"), 1, FORM)
    first, second = market.actor("province"), market.actor("province", 1)
    key = market.key(1)
    requests = [
        Request(1, key, form, None, keys.signed(who, keys.document(who, 1, form)), SESSION)
        for who, form in ((first, APPROVE), (second, RETURN))
    ]
    decide(market.ctx, first, requests[0])
    with pytest.raises(Exception) as late:  # noqa: PT011 -- any of the two conflicts
        decide(market.ctx, second, requests[1])
    assert not isinstance(late.value, MovedOn)
    assert market.rows("SELECT count(*) FROM trust.signature") == [(2,)]
    assert isinstance(requests[1].signature, Signed)


TIMER = """
    INSERT INTO workflow.decision (instance_id, version, bundle_hash, element_id, visit, kind, role,
        verdict, opinion, document, leaf, at)
    SELECT i.id, 99, i.bundle_hash, %(element)s, 1, 'timer', 'system', %(verdict)s, '', 'x',
        sha256('x'), now() FROM workflow.instance i"""


def test_what_a_timer_does_is_nobodys_decision_and_needs_no_signature(a_market, keys):
    with psycopg2.connect(a_market.database.app_url) as connection, connection.cursor() as cursor:
        cursor.execute(TIMER, {"element": "timer", "verdict": ""})
        assert cursor.rowcount == 1


@pytest.mark.parametrize(
    "given",
    [{"element": "review_surrender", "verdict": ""}, {"element": "timer", "verdict": "approve"}],
)
def test_no_timer_decides_a_task(a_market, keys, given):
    with (
        psycopg2.connect(a_market.database.app_url) as connection,
        connection.cursor() as cursor,
        pytest.raises(psycopg2.Error) as refused,
    ):
        cursor.execute(TIMER, given)
    assert refused.value.pgcode == "RG449"


@pytest.mark.parametrize("other", [{}, {"account": None}, {"person": None}])
def test_nobody_decides_as_a_timer(a_market, keys, other):
    with pytest.raises(psycopg2.Error) as refused:
        written(a_market.database.app_url, a_market, kind="timer", **other)
    assert refused.value.pgcode == "RG449"
