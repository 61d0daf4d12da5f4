"""``registry verify`` finds what a process that was taken over writes with its own rights (R23).

Its checks are switched off here; the database's guards and rights are not.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import psycopg2
import pytest
from cryptography import x509

from app.identity.actor import Actor
from app.services import decide as deciding
from app.services.decide import Request, decide
from app.services.signing import check, trust
from app.services.verify import verify
from tests.keys import SEED, SESSION, Keys
from tests.services.market import APPROVE, PE21, Market, lines
from usbkey.profile import Revoked
from usbkey.software import SoftwareKey

pytestmark = pytest.mark.database

FORM = lines(**{PE21: 100})


class MemberKeys(Keys):
    """Keys whose certificates name the member number, as those of a registry do."""

    def of(self, actor: Actor) -> SoftwareKey:
        if actor.person_id not in self.keys:
            with self.ctx.database.transaction() as tx:
                row = tx.one(
                    "SELECT member_no FROM identity.person WHERE id = %(p)s",
                    {"p": actor.person_id},
                )
            assert row is not None
            key = SoftwareKey.derive(SEED, row[0], self.authority, self.now)
            self.bind(actor, key)
            self.keys[actor.person_id] = key
        return self.keys[actor.person_id]


@pytest.fixture
def keys(a_market: Market) -> Keys:
    """An emitter's draft waits to be submitted, under signatures."""
    made = MemberKeys(a_market.database, a_market.ctx)
    a_market.begin(a_market.actor("emitter"), a_market.notice(), FORM, submit=False)
    return made


def as_app(market: Market, sql: str, **params: object) -> None:
    with psycopg2.connect(market.database.app_url) as connection, connection.cursor() as cursor:
        cursor.execute(sql, params)


def faults(market: Market) -> Mapping[str, list[str]]:
    return verify(market.ctx).faults


def test_honest_work_verifies(a_market: Market, keys: Keys) -> None:
    keys.decide(a_market.actor("emitter"), 1, FORM)
    keys.publish()
    keys.decide(a_market.actor("province"), 1, APPROVE)
    assert not faults(a_market)


def test_an_approval_that_calls_itself_a_withdrawal_is_found(
    a_market: Market, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A withdrawal asks for no signature; what moves units by one is found twice."""
    keys.decide(a_market.actor("emitter"), 1, FORM)
    honest: Callable[..., Any] = deciding.asked_step

    def lying(*given: Any) -> Any:
        step, move = honest(*given)
        step.decided.kind = "trigger"
        return step, move

    monkeypatch.setattr(deciding, "asked_step", lying)
    monkeypatch.setattr(deciding, "accepted", lambda *_: None)
    decide(a_market.ctx, a_market.actor("province"), Request(1, a_market.key(1), APPROVE))
    found = faults(a_market)
    [posted] = found["what stands on no decision of a person"]
    assert posted.endswith("stands on decision 2, which is of kind trigger")
    assert found["decisions rewritten"] == [
        "decision 2: review_surrender is no event that a party sends"
    ]


@pytest.mark.parametrize("verdict", ["return", "approve"])
def test_units_posted_on_another_decision_than_an_approval_are_found(
    a_market: Market, keys: Keys, verdict: str
) -> None:
    """The journal names a signed decision of the right person, in the right application."""
    market, officer = a_market, a_market.actor("province")
    keys.decide(market.actor("emitter"), 1, FORM)
    keys.decide(officer, 1, {"verdict": "return", "opinion": "数量不符。"})
    keys.decide(market.actor("emitter"), 1, FORM)
    if verdict == "approve":
        keys.decide(officer, 1, APPROVE)
        market.change(POSTED_BY_THE_RETURN)
    else:
        as_app(market, POST_ON_THE_RETURN)
    assert "what stands on another decision" in faults(market)


def test_a_key_revoked_before_is_found_though_an_older_list_cleared_it(
    a_market: Market, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    market, emitter = a_market, a_market.actor("emitter")
    key = keys.of(emitter)
    old = [number for (number,) in market.rows("SELECT id FROM trust.crl ORDER BY id")]
    serial = x509.load_der_x509_certificate(key.certificate).serial_number
    keys.publish(Revoked(serial, keys.now))
    market.clock.advance(timedelta(minutes=6))
    signature = keys.signed(emitter, keys.document(emitter, 1, FORM))

    def accepted(ctx: Any, step: Any, signed: Any, session: Any) -> check.Accepted:
        with ctx.database.transaction() as tx:
            state = trust.current(ctx, tx).state
        given = check.documents.read(signed.document).fields
        terms = check.Terms(given["origin"], given["nonce"], given["issued"], given["expires"])
        fingerprint = sha256(key.certificate).digest()
        return check.Accepted(signed, terms, session.hash, fingerprint, tuple(old), state)

    monkeypatch.setattr(deciding, "accepted", accepted)
    decide(
        market.ctx, emitter, Request(1, market.key(1), FORM, signature=signature, session=SESSION)
    )
    assert faults(market) == {
        "lists of revoked certificates": [
            "decision 1 was checked against list 1, which had been replaced"
        ]
        * 2
    }


def test_a_certificate_that_no_codes_bound_is_found(a_market: Market, keys: Keys) -> None:
    """What the database refuses is found as well, if somebody with more rights wrote it."""
    a_market.change("ALTER TABLE trust.certificate DISABLE TRIGGER guard_certificate")
    as_app(a_market, BOUND, person=a_market.actor("emitter").person_id, software=False)
    a_market.change("ALTER TABLE trust.certificate ENABLE ALWAYS TRIGGER guard_certificate")
    assert list(faults(a_market)) == ["certificates bound without codes"]


def test_production_finds_a_software_certificate(a_market: Market, keys: Keys) -> None:
    as_app(a_market, BOUND, person=a_market.actor("emitter").person_id, software=True)
    assert not faults(a_market)
    production = replace(a_market.ctx.settings, environment="production", software_signer=False)
    a_market.ctx = replace(a_market.ctx, settings=production)
    assert list(faults(a_market)) == ["software certificates in use"]


POST_ON_THE_RETURN = """
    SELECT ledger.post(jsonb_build_object('transfer_id', i.reserved_transfer_id,
        'person_id', d.person_id, 'account_id', d.account_id, 'role', d.role,
        'decision_id', d.id, 'instance_id', i.id, 'at', d.at))
    FROM workflow.instance i JOIN workflow.decision d ON d.instance_id = i.id
    WHERE d.verdict = 'return'"""
POSTED_BY_THE_RETURN = """
    ALTER TABLE ledger.transfer_event DISABLE TRIGGER ALL;
    UPDATE ledger.transfer_event SET decision_id =
        (SELECT id FROM workflow.decision WHERE verdict = 'return')
    WHERE kind = 'posted' AND decision_id = (SELECT max(id) FROM workflow.decision);
    ALTER TABLE ledger.transfer_event ENABLE TRIGGER ALL"""
BOUND = """
    INSERT INTO trust.certificate (fingerprint, person_id, software, serial, subject, issuer,
        not_before, not_after, der, at)
    VALUES (sha256('x'), %(person)s, %(software)s, '1', 's', 'i', '2020-01-01', '2040-01-01', 'x',
        now())"""
