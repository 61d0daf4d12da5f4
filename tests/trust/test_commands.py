"""`registry trust | crl | certificate`, run as an operator runs them."""

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from app.bootstrap import build
from app.cli import main
from app.domain.clock import SystemClock
from app.services.tokens import make_token_for_member, token_use
from tests.web.keys import Keys
from tests.web.site import AN_EMITTER, Site, open_site, populate, settings
from usbkey.authority import Authority
from usbkey.profile import Revoked
from usbkey.software import SoftwareKey

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def environment(database):
    return {
        "DATABASE_URL": database.app_url,
        "MIGRATION_DATABASE_URL": database.owner_url,
        "REDIS_URL": NOWHERE,
        "SECRET_KEY": "for the tests of the command line",
        "REGISTRY_ENV": "test",
    }


@pytest.fixture
def run(environment):
    def run(*words: object, **more: str):
        given = {k: v for k, v in (environment | more).items() if v}
        return CliRunner(env=dict.fromkeys(environment)).invoke(
            main, [str(word) for word in words], env=given
        )

    return run


@pytest.fixture
def authority() -> Authority:
    return Authority.derive(b"an authority for the command line", "Line")


@pytest.fixture
def files(authority: Authority, tmp_path):
    """Root (PEM), issuing authority (DER) and their lists, as an operator is given them."""
    now = datetime.now(UTC)
    made = {
        "root.pem": authority.root.public_bytes(Encoding.PEM),
        "issuing.cer": authority.issuing.public_bytes(Encoding.DER),
        "root.crl": authority.root_crl((), 7, now).public_bytes(Encoding.DER),
        "issuing.crl": authority.crl((), 7, now).public_bytes(Encoding.PEM),
        "older.crl": authority.crl((), 6, now).public_bytes(Encoding.DER),
        "forged.crl": Authority.derive(b"somebody who uses the name", "Line")
        .crl((), 8, now)
        .public_bytes(Encoding.DER),
        "foreign.crl": Authority.derive(b"somebody else altogether", "Else")
        .crl((), 8, now)
        .public_bytes(Encoding.DER),
        "stale.crl": authority.crl((), 9, now - timedelta(days=30)).public_bytes(Encoding.DER),
        "nothing.crl": b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
    }
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def test_an_authority_is_added_its_list_loaded_and_both_are_shown(run, files):
    assert (
        "no list"
        in (run("trust", "add", files / "root.pem", "--kind", "root"), run("trust", "list"))[
            1
        ].output
    )
    assert run("trust", "add", files / "issuing.cer", "--kind", "intermediate").exit_code == 0
    for name in ("root.crl", "issuing.crl"):
        loaded = run("crl", "load", files / name)
        assert loaded.exit_code == 0, loaded.output
        assert "List 7 of" in loaded.output
    listed = run("trust", "list").output.splitlines()
    assert len(listed) == 2
    assert all("in force" in line and "list 7 until" in line for line in listed)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("older.crl", "not newer"),
        ("issuing.crl", "not newer"),
        ("forged.crl", "8063"),
        ("foreign.crl", "8065"),
        ("stale.crl", "8062"),
        ("nothing.crl", "8064"),
        ("root.pem", "8064"),
        ("missing.crl", "No such file"),
    ],
)
def test_a_list_that_does_not_count_is_refused(run, files, name, why):
    run("trust", "add", files / "root.pem", "--kind", "root")
    run("trust", "add", files / "issuing.cer", "--kind", "intermediate")
    run("crl", "load", files / "issuing.crl")
    refused = run("crl", "load", files / name)
    assert refused.exit_code == 1
    assert why in refused.output
    assert "list 7 until" in run("trust", "list").output


def test_only_authorities_are_believed_and_each_as_what_it_is(run, files, authority, tmp_path):
    assert run("trust", "add", files / "issuing.cer", "--kind", "root").exit_code == 1
    assert run("trust", "add", files / "root.pem", "--kind", "intermediate").exit_code == 1
    assert run("trust", "add", files / "issuing.crl", "--kind", "root").exit_code == 1
    leaf = SoftwareKey.derive(b"a seed of one person", "1", authority, datetime.now(UTC))
    (tmp_path / "leaf.cer").write_bytes(leaf.certificate)
    refused = run("trust", "add", tmp_path / "leaf.cer", "--kind", "intermediate")
    assert "not an authority's" in refused.output
    assert run("trust", "list").output == ""


def test_only_the_owner_of_the_schema_says_whom_it_believes(run, files, environment):
    refused = run("trust", "add", files / "root.pem", "--kind", "root", MIGRATION_DATABASE_URL="")
    assert refused.exit_code == 1
    assert "MIGRATION_DATABASE_URL" in refused.output
    as_application = run(
        "trust", "add", files / "root.pem", "--kind", "root",
        MIGRATION_DATABASE_URL=environment["DATABASE_URL"],
    )  # fmt: skip
    assert as_application.exit_code == 1
    assert run("trust", "list").output == ""


def test_an_authority_that_was_ended_stays_listed_and_is_believed_no_more(run, files):
    added = run("trust", "add", files / "root.pem", "--kind", "root").output
    fingerprint = added.split()[0]
    assert run("trust", "end", fingerprint).exit_code == 0
    assert "ended" in run("trust", "list").output
    assert run("trust", "end", fingerprint).exit_code == 1
    assert run("trust", "end", "beef").exit_code == 1
    assert run("crl", "load", files / "root.crl").exit_code == 1


def test_a_persons_certificates_and_codes_by_the_command_line(run, database):
    site = Site(build(settings(database, NOWHERE), SystemClock()), SystemClock())
    populate(site.ctx)
    keys = Keys(site, database).trusted()
    assert run("certificate", "list", AN_EMITTER).output == "none\n"
    printed = run("certificate", "codes", AN_EMITTER).output
    assert "参考号" in printed
    assert "授权码" in printed
    key = keys.bound(AN_EMITTER)
    [line] = run("certificate", "list", AN_EMITTER).output.splitlines()
    assert "token  works  until" in line
    keys.end(key)
    assert "lost since" in run("certificate", "list", AN_EMITTER).output
    assert run("certificate", "list", "404").exit_code == 1
    assert run("certificate", "codes", "404").exit_code == 1
    site.ctx.database.dispose()


def test_a_list_that_names_a_certificate_ends_its_sessions_at_once(site, module_database):
    signing = open_site(module_database, site.ctx.settings.redis_url, SIGNATURES="on")
    keys = Keys(signing, module_database, name="Ends").trusted()
    key, other = keys.bound(AN_EMITTER), keys.bound("33000000012")
    browser, answer = keys.sign_in(key)
    assert answer.status_code == 302
    neighbour, _ = keys.sign_in(other, "33000000012")
    lost_with_it, kept = (
        make_token_for_member(signing.ctx, member_no, ["read"], 30, "nightly")
        for member_no in (AN_EMITTER, "33000000012")
    )
    assert browser.get("/account").status_code == 200
    serial = x509.load_der_x509_certificate(key.certificate).serial_number
    keys.publish(Revoked(serial, keys.now), number=2)
    assert browser.get("/account").status_code == 302
    assert "证书已停用或到期" in browser.get("/sign-in").text
    assert neighbour.get("/account").status_code == 200
    assert [token_use(signing.ctx, token) is None for token in (lost_with_it, kept)] == [
        True,
        False,
    ]
    assert "<h2>8066 " in keys.sign_in(key)[1].text


@pytest.mark.database
def test_in_production_every_account_asks_for_signatures_after_a_migration(run, database):
    site = Site(build(settings(database, NOWHERE), SystemClock()), SystemClock())
    populate(site.ctx)
    policies = "SELECT DISTINCT signature_policy FROM identity.account"
    assert run("migrate").exit_code == 0
    assert site.rows(policies) == [("none",)]
    production = {
        "REGISTRY_ENV": "production",
        "SECRET_KEY": "f3b1" * 16,
        "PUBLIC_URL": "https://registry.example.org",
    }
    assert "they do now" in run("migrate", **production).output
    assert site.rows(policies) == [("decisions",)]
    assert "they do now" not in run("migrate", **production).output
    site.ctx.database.dispose()
