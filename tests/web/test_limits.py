"""Guessing is slow: per member number, known or not, and per address."""

import pytest

from app.web.limits import PER_ADDRESS, PER_MEMBER, limiter
from tests.web.site import A_PROVINCE, AN_EMITTER, Site, open_site

FAILURES = int(PER_MEMBER.split()[0])
ATTEMPTS = int(PER_ADDRESS.split()[0])


def fail(browser, member_no: str):
    return browser.post("/sign-in", {"member_no": member_no, "password": "wrong password"})


@pytest.mark.parametrize("member_no", [AN_EMITTER, "99999999999"])
def test_a_member_number_waits_after_ten_failures_known_or_not(site: Site, member_no):
    browser = site.browser()
    browser.get("/sign-in")
    for _ in range(FAILURES):
        assert fail(browser, member_no).status_code == 422
    refused = browser.sign_in(member_no)
    assert refused.status_code == 429
    assert "分钟后再试" in refused.text
    assert 0 < int(refused.headers["Retry-After"]) <= 15 * 60 + 1
    assert browser.sign_in(A_PROVINCE).status_code == 302


def test_signing_in_well_is_never_counted_against_a_member(site: Site):
    for _ in range(FAILURES + 2):
        site.signed_in(AN_EMITTER)


def test_one_address_may_not_try_without_end(site: Site):
    browser = site.browser()
    browser.get("/sign-in")
    for n in range(ATTEMPTS):
        assert fail(browser, f"9{n:010}").status_code == 422
    assert fail(browser, "99999999998").status_code == 429


@pytest.fixture
def redis_away(site: Site, module_database):
    yield open_site(module_database, "redis://127.0.0.1:1/0")
    # The limiter is one per process and would ask Redis again only after a while.
    limiter._storage_dead = False
    limiter._fallback_storage.reset()
    open_site(module_database, site.ctx.settings.redis_url)


def test_without_redis_signing_in_goes_on_and_guessing_stays_slow(redis_away: Site):
    assert redis_away.signed_in(AN_EMITTER)
    browser = redis_away.browser()
    browser.get("/sign-in")
    for _ in range(FAILURES):
        assert fail(browser, "88888888888").status_code == 422
    assert fail(browser, "88888888888").status_code == 429


def test_a_machine_client_is_told_to_wait_and_another_token_is_not(site: Site):
    site.app.config["PER_MACHINE"] = "3 per minute"
    client = site.app.test_client()

    def ask(token: str):
        return client.get("/api/v1/inbox", headers={"Authorization": f"Bearer {token}"})

    assert [ask("one").status_code for _ in range(3)] == [401, 401, 401]
    refused = ask("one")
    assert refused.status_code == 429
    assert refused.json["code"] == "TooMany"
    assert 0 < int(refused.headers["Retry-After"]) <= 61
    assert ask("two").status_code == 401
