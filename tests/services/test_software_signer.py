"""Keys that the server derives: in demonstration, rehearsal and bench, never in production."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.errors import Forbidden
from app.evidence import reasons
from app.services.context import Context
from app.services.decide import Request, decide
from app.services.demo.market import make_market
from app.services.signing.prepare import prepare
from app.services.signing.refused import SignatureRefused
from app.services.signing.signed import Session, Signed
from app.services.signing.software import seed_of, signer_for, signer_with
from app.services.signing.software_people import equip, renew
from tests.postgres import ROOT
from tests.services.market import PE21, Market, lines
from usbkey import cms

SESSION = Session(b"p" * 32, "https://registry.example")


def with_settings(market: Market, **changes: object) -> Context:
    return replace(market.ctx, settings=replace(market.ctx.settings, **changes))


@pytest.fixture
def a_signing_market(a_market: Market) -> Market:
    """Everybody signs, with keys that the server derives."""
    a_market.ctx = with_settings(a_market, signatures=True)
    a_market.change("UPDATE identity.account SET signature_policy = 'decisions'")
    equip(a_market.ctx)
    return a_market


@pytest.fixture
def a_draft(a_signing_market: Market) -> tuple[int, int]:
    """An emitter's draft, and the key of its open task."""
    emitter, notice = a_signing_market.actor("emitter"), a_signing_market.notice()
    instance = a_signing_market.begin(emitter, notice, lines(**{PE21: 250}), submit=False)
    return instance, a_signing_market.key(instance)


PRODUCTION = {
    "REGISTRY_ENV": "production",
    "DATABASE_URL": "postgresql://registry_app@localhost/registry",
    "REDIS_URL": "redis://localhost",
    "SECRET_KEY": "0123456789abcdef" * 4,
    "PUBLIC_URL": "https://registry.example",
}
PROGRAMS = {
    "a command": "from app.cli import main; main(['verify'])",
    "the website": "from app import create_app; create_app()",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_production_does_not_start_with_the_software_signer(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAMS[name]],
        env={"PATH": os.environ["PATH"], **PRODUCTION, "SOFTWARE_SIGNER": "on"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
    assert "production refuses SOFTWARE_SIGNER=on: it signs for the people" in done.stderr


def test_in_production_the_server_has_no_key_of_anybody(a_signing_market: Market) -> None:
    ctx = with_settings(a_signing_market, environment="production", software_signer=False)
    certificate = signer_for(a_signing_market.ctx, "10000000001").certificate
    for asked in (
        lambda: signer_for(ctx, "10000000001"),
        lambda: signer_with(ctx, "10000000001", certificate),
        lambda: equip(ctx),
    ):
        with pytest.raises(SignatureRefused) as refused:
            asked()
        assert refused.value.reason is reasons.SOFTWARE_CERTIFICATE
    with pytest.raises(Forbidden):
        make_market(ctx)


def test_in_production_a_decision_without_a_signature_stays_without_one(
    a_signing_market: Market, a_draft: tuple[int, int]
) -> None:
    ctx = with_settings(a_signing_market, environment="production", software_signer=False)
    request = Request(*a_draft, lines(**{PE21: 250}), session=SESSION)
    with pytest.raises(SignatureRefused) as refused:
        decide(ctx, a_signing_market.actor("emitter"), request)
    assert refused.value.reason is reasons.SIGNATURE_MISSING


def test_in_production_nobody_believes_the_authority_of_a_demonstration(
    a_signing_market: Market, a_draft: tuple[int, int]
) -> None:
    """The very signature that the same registry takes as a demonstration."""
    market, emitter = a_signing_market, a_signing_market.actor("emitter")
    ctx = with_settings(market, environment="production", software_signer=False)
    request = Request(*a_draft, lines(**{PE21: 250}), session=SESSION)
    document = prepare(ctx, emitter, request).document
    assert document is not None
    [(member_no,)] = market.rows(
        "SELECT member_no FROM identity.person WHERE id = %(p)s", p=emitter.person_id
    )
    made = cms.signed(document, signer_for(market.ctx, member_no), market.clock.now())
    signed = replace(request, signature=Signed(document, made))
    with pytest.raises(SignatureRefused) as refused:
        decide(ctx, emitter, signed)
    assert refused.value.reason in {
        reasons.ISSUER_MISSING,
        reasons.UNTRUSTED_ROOT,
        reasons.SOFTWARE_CERTIFICATE,
    }
    assert market.rows("SELECT count(*) FROM workflow.decision") == [(0,)]
    decide(market.ctx, emitter, signed)
    assert market.rows("SELECT count(*) FROM trust.signature") == [(1,)]


def test_another_secret_gives_other_keys(a_signing_market: Market) -> None:
    other = with_settings(a_signing_market, secret_key="another secret of another registry")
    assert seed_of(other) != seed_of(a_signing_market.ctx)
    ours, theirs = (signer_for(ctx, "1") for ctx in (a_signing_market.ctx, other))
    assert ours.certificate != theirs.certificate
    assert signer_with(other, "1", ours.certificate) is None
    assert signer_with(a_signing_market.ctx, "2", ours.certificate) is None


def test_who_was_given_a_certificate_last_year_signs_with_it(
    a_signing_market: Market, a_draft: tuple[int, int]
) -> None:
    market = a_signing_market
    [(before,)] = market.rows("SELECT count(*) FROM trust.certificate")
    market.clock.set(market.clock.now().replace(year=2023))
    renew(market.ctx)
    assert equip(market.ctx) == 0
    assert market.rows("SELECT count(*) FROM trust.certificate") == [(before,)]
    emitter = market.actor("emitter")
    decide(market.ctx, emitter, Request(*a_draft, lines(**{PE21: 250})))
    [(since,)] = market.rows(
        """SELECT c.not_before FROM trust.signature s
           JOIN trust.certificate c ON c.id = s.certificate_id"""
    )
    assert since.year == 2022


def test_who_never_had_a_certificate_gets_one_and_who_lost_it_gets_none(
    a_signing_market: Market,
) -> None:
    market = a_signing_market
    people = market.rows("SELECT count(*) FROM identity.person")
    assert market.rows("SELECT count(DISTINCT person_id) FROM trust.certificate") == people
    assert equip(market.ctx) == 0
    market.change(
        """INSERT INTO identity.person (member_no, name, salt, created_at)
           VALUES ('77', 'Late', 'salt', now())"""
    )
    assert equip(market.ctx) == 1
    market.change(
        """INSERT INTO trust.certificate_end (certificate_id, reason, at)
           SELECT max(id), 'lost', now() FROM trust.certificate"""
    )
    assert equip(market.ctx) == 0


def test_lists_are_renewed_when_they_are_about_to_run_out_and_not_before(
    a_signing_market: Market,
) -> None:
    market = a_signing_market
    newest = "SELECT max(number)::int FROM trust.crl GROUP BY anchor_id"
    assert market.rows(newest) == [(1,), (1,)]
    for days, number in ((20, 1), (4, 2), (1, 2), (23, 3)):
        market.clock.advance(timedelta(days=days))
        renew(market.ctx)
        assert market.rows(newest) == [(number,), (number,)], days
