"""A bulk review is signed at once, and each task decided under its own signature (W2, R23)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from app.identity.actor import Actor
from app.services.bulk.job import items, start
from app.services.bulk.signing import Handed, documents_of
from app.services.signing.refused import SignatureRefused
from app.services.signing.signed import Signed
from app.services.signing.software_people import equip
from app.services.sweep import sweep
from app.services.withdraw import trigger
from tests.keys import SESSION, Keys
from tests.services.market import APPROVE, PE21, RETURN, Market, lines

ONCE = "a" * 32


@pytest.fixture
def keys(a_market: Market) -> Keys:
    """Everybody signs; three applications of one tonne wait for the province."""
    made = Keys(a_market.database, a_market.ctx)
    emitter, notice = a_market.actor("emitter"), a_market.notice()
    for _ in range(3):
        draft = a_market.begin(emitter, notice, lines(**{PE21: 1}), submit=False)
        made.decide(emitter, draft, lines(**{PE21: 1}))
    return made


def waiting(market: Market) -> list[int]:
    return [
        number
        for (number,) in market.rows(
            "SELECT id FROM workflow.task WHERE element_id = 'review_surrender' ORDER BY id"
        )
    ]


def handed(keys: Keys, market: Market, officer: Actor, form=APPROVE) -> Handed:
    """One PIN: every document signed for itself."""
    documents = documents_of(market.ctx, officer, waiting(market), form, SESSION)
    return Handed([keys.signed(officer, document) for document in documents], SESSION)


def outcomes(market: Market, officer: Actor, job: int) -> Sequence[str]:
    return [item.outcome for item in items(market.ctx, officer, job)]


def test_each_task_is_decided_under_its_own_signature(a_market, keys):
    officer = a_market.actor("province")
    signatures = handed(keys, a_market, officer)
    assert len(signatures.signed) == 3
    job = start(a_market.ctx, officer, waiting(a_market), APPROVE, ONCE, signatures)
    sweep(a_market.ctx)
    assert outcomes(a_market, officer, job) == ["decided"] * 3
    rows = a_market.rows(
        """SELECT convert_from(s.document, 'UTF8')::jsonb->>'instance' = i.number
           FROM workflow.decision d JOIN trust.signature s ON s.decision_id = d.id
           JOIN workflow.instance i ON i.id = d.instance_id
           WHERE d.element_id = 'review_surrender'"""
    )
    assert rows == [(True,)] * 3


def test_whether_they_had_expired_is_judged_by_when_they_were_handed_in(a_market, keys):
    officer = a_market.actor("province")
    signatures = handed(keys, a_market, officer)
    job = start(a_market.ctx, officer, waiting(a_market), APPROVE, ONCE, signatures)
    a_market.clock.advance(timedelta(hours=3))
    sweep(a_market.ctx)
    assert outcomes(a_market, officer, job) == ["decided"] * 3


def test_those_that_came_too_late_begin_nothing(a_market, keys):
    officer = a_market.actor("province")
    signatures = handed(keys, a_market, officer)
    a_market.clock.advance(timedelta(minutes=11))
    with pytest.raises(SignatureRefused, match="8075"):
        start(a_market.ctx, officer, waiting(a_market), APPROVE, ONCE, signatures)
    assert a_market.rows("SELECT count(*) FROM workflow.bulk_job") == [(0,)]


def test_what_changed_in_between_fails_alone_with_its_reason(a_market, keys):
    officer, emitter = a_market.actor("province"), a_market.actor("emitter")
    signatures = handed(keys, a_market, officer)
    job = start(a_market.ctx, officer, waiting(a_market), APPROVE, ONCE, signatures)
    [(first,)] = a_market.rows("SELECT min(instance_id) FROM workflow.task")
    trigger(a_market.ctx, emitter, first, "withdraw")
    a_market.change(
        "UPDATE workflow.instance SET content = replace(content, '1\"', '2\"') WHERE id = %(i)s",
        i=first + 1,
    )
    sweep(a_market.ctx)
    found = items(a_market.ctx, officer, job)
    assert [item.outcome for item in found] == ["failed", "failed", "decided"]
    assert "8074" in found[1].reason.zh


def test_what_came_unsigned_among_signed_ones_is_signed_by_nobody_else(a_market, keys):
    """The server has keys of its own for everybody here, and uses none for who brought theirs."""
    settings = replace(a_market.ctx.settings, signatures=True, software_signer=True)
    ctx = replace(a_market.ctx, settings=settings)
    equip(ctx)
    officer = a_market.actor("province")
    token = keys.of(officer)
    a_market.change(
        """INSERT INTO identity.session (token_hash, person_id, mandate_id, ip, created_at,
               last_seen_at, expires_at, certificate_id)
           SELECT %(hash)s, c.person_id, m.id, '', %(at)s, %(at)s, 'infinity', c.id
           FROM trust.certificate c JOIN identity.mandate m ON m.person_id = c.person_id
           WHERE c.der = %(der)s LIMIT 1""",
        hash=SESSION.hash,
        at=keys.now,
        der=token.certificate,
    )
    documents = documents_of(ctx, officer, waiting(a_market), APPROVE, SESSION)
    one = Handed([keys.signed(officer, documents[0])], SESSION)
    job = start(ctx, officer, waiting(a_market), APPROVE, ONCE, one)
    sweep(ctx)
    found = items(ctx, officer, job)
    assert [item.outcome for item in found] == ["decided", "failed", "failed"]
    assert {item.reason.en[:4] for item in found[1:]} == {"8081"}


def test_a_conclusion_that_was_not_signed_decides_nothing(a_market, keys):
    """Signed to approve, handed in to return."""
    officer = a_market.actor("province")
    signatures = handed(keys, a_market, officer)
    job = start(a_market.ctx, officer, waiting(a_market), RETURN, ONCE, signatures)
    sweep(a_market.ctx)
    found = items(a_market.ctx, officer, job)
    assert {(item.outcome, item.reason.en[:4]) for item in found} == {("failed", "8074")}


def test_what_is_missing_foreign_or_used_is_refused_when_it_is_handed_in(a_market, keys):
    officer, colleague = a_market.actor("province"), a_market.actor("province", 1)
    good = handed(keys, a_market, officer)
    bad = replace(good.signed[0], cms=good.signed[0].cms[:-1] + b"\0")
    elsewhere = replace(SESSION, hash=b"t" * 32)
    cases = {
        "8081": (officer, Handed()),
        "8032": (officer, Handed([bad], SESSION)),
        "8072": (colleague, good),
        "8078": (officer, Handed(good.signed, elsewhere)),
        "8071": (officer, Handed(good.signed, replace(SESSION, origin="https://evil.test"))),
    }
    for number, (who, signatures) in cases.items():
        with pytest.raises(SignatureRefused, match=number):
            start(a_market.ctx, who, waiting(a_market), APPROVE, ONCE, signatures)
    job = start(a_market.ctx, officer, waiting(a_market), APPROVE, ONCE, good)
    sweep(a_market.ctx)
    assert outcomes(a_market, officer, job) == ["decided"] * 3
    with pytest.raises(SignatureRefused, match="8077"):
        _again(a_market, keys, officer, good.signed)


def _again(market: Market, keys: Keys, officer: Actor, used: Sequence[Signed]) -> None:
    emitter = market.actor("emitter")
    [(notice,)] = market.rows("SELECT max(id) FROM compliance.notice")
    draft = market.begin(emitter, notice, lines(**{PE21: 1}), submit=False)
    keys.decide(emitter, draft, lines(**{PE21: 1}))
    start(market.ctx, officer, waiting(market), APPROVE, "b" * 32, Handed(used, SESSION))
