"""Sessions: idle and absolute limits, no fixation, real ends, acting for others."""

from datetime import timedelta

import pytest

from app.identity.sessions import ABSOLUTE, IDLE
from tests.web.site import A_PROVINCE, AN_AUDITOR, AN_EMITTER, Site


def is_signed_in(browser) -> bool:
    return browser.get("/account").status_code == 200


def test_a_session_ends_after_thirty_idle_minutes(site: Site):
    browser = site.signed_in()
    site.clock.advance(IDLE - timedelta(seconds=1))
    assert is_signed_in(browser)
    site.clock.advance(IDLE - timedelta(seconds=1))
    assert is_signed_in(browser)
    site.clock.advance(IDLE)
    assert not is_signed_in(browser)


def test_a_session_ends_after_twelve_hours_of_use(site: Site):
    browser = site.signed_in()
    for _ in range(int(ABSOLUTE / timedelta(minutes=20)) - 1):
        site.clock.advance(timedelta(minutes=20))
        assert is_signed_in(browser)
    site.clock.advance(timedelta(minutes=20))
    assert not is_signed_in(browser)


def test_asking_to_keep_the_session_keeps_it(site: Site):
    browser = site.signed_in()
    site.clock.advance(timedelta(minutes=29))
    assert browser.get("/session/keep").status_code == 204
    site.clock.advance(timedelta(minutes=29))
    assert is_signed_in(browser)


def test_a_session_cookie_fixed_before_signing_in_is_worth_nothing(site: Site):
    browser = site.browser()
    browser.client.set_cookie("registry_session", "fixed-by-an-attacker")
    browser.sign_in(AN_EMITTER)
    assert browser.session_cookie() != "fixed-by-an-attacker"
    attacker = site.browser()
    attacker.client.set_cookie("registry_session", "fixed-by-an-attacker")
    assert not is_signed_in(attacker)


def test_the_anti_forgery_token_changes_with_signing_in(site: Site):
    browser = site.browser()
    browser.get("/sign-in")
    with browser.client.session_transaction() as before:
        old = before["csrf_token"]
    browser.sign_in(AN_EMITTER)
    browser.get("/account")
    with browser.client.session_transaction() as after:
        assert after["csrf_token"] != old


def test_every_sign_in_gets_another_session(site: Site):
    assert site.signed_in().session_cookie() != site.signed_in().session_cookie()


def test_the_database_keeps_only_the_hash_of_a_session(site: Site):
    browser = site.signed_in()
    assert not site.rows(
        "SELECT 1 FROM identity.session WHERE token_hash = convert_to(%(t)s, 'UTF8')",
        t=browser.session_cookie(),
    )


def test_signing_out_ends_the_session_on_the_server(site: Site):
    browser = site.signed_in()
    browser.get("/account")
    stolen = browser.session_cookie()
    answer = browser.post("/sign-out")
    assert answer.headers["Location"].startswith("/sign-in")
    assert browser.session_cookie() == ""
    thief = site.browser()
    thief.client.set_cookie("registry_session", stolen)
    assert not is_signed_in(thief)


@pytest.mark.parametrize("cookie", ["", "x", "x" * 3000, "\u4e2d", "a b", "%00"])
def test_a_senseless_session_cookie_is_no_session(site: Site, cookie):
    browser = site.browser()
    browser.client.set_cookie("registry_session", cookie)
    assert browser.get("/account").status_code == 302


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site):
    cookie = site.browser().sign_in(AN_EMITTER).headers.getlist("Set-Cookie")
    [session] = [line for line in cookie if line.startswith("registry_session=")]
    assert "HttpOnly" in session
    assert "SameSite=Lax" in session
    assert "Path=/" in session


def test_a_part_of_a_page_sends_the_whole_page_to_sign_in(site: Site):
    answer = site.browser().get("/account", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in"


def mandate_of(site: Site, member_no: str, account_type: str) -> int:
    site.change(
        """INSERT INTO identity.mandate (person_id, account_id, rights, valid_from)
           SELECT p.id, a.id, 'both', '2020-01-01' FROM identity.person p, identity.account a
           WHERE p.member_no = %(no)s AND a.type = %(type)s
           ON CONFLICT DO NOTHING""",
        no=member_no,
        type=account_type,
    )
    [(mandate,)] = site.rows(
        """SELECT m.id FROM identity.mandate m JOIN identity.person p ON p.id = m.person_id
           JOIN identity.account a ON a.id = m.account_id
           WHERE p.member_no = %(no)s AND a.type = %(type)s ORDER BY m.id LIMIT 1""",
        no=member_no,
        type=account_type,
    )
    return mandate


def test_one_login_switches_between_its_own_accounts(site: Site):
    other = mandate_of(site, AN_EMITTER, "trading")
    browser = site.signed_in()
    assert "切换账户" in browser.get("/account").text
    assert browser.post("/session/act-for", {"mandate": str(other)}).status_code == 302
    acting = site.rows("SELECT mandate_id FROM identity.session WHERE ended_at IS NULL")
    assert (other,) in acting


def test_nobody_acts_under_the_mandate_of_another(site: Site):
    foreign = mandate_of(site, A_PROVINCE, "office")
    browser = site.signed_in(AN_EMITTER)
    browser.get("/account")
    assert browser.post("/session/act-for", {"mandate": str(foreign)}).status_code == 404


@pytest.mark.parametrize("mandate", ["", "x", "-1", "9" * 30, "1.5", "²"])
def test_a_senseless_mandate_is_not_found(site: Site, mandate):
    browser = site.signed_in()
    browser.get("/account")
    assert browser.post("/session/act-for", {"mandate": mandate}).status_code == 404


def test_a_session_ends_with_its_mandate(site: Site):
    browser = site.signed_in(AN_AUDITOR)
    assert is_signed_in(browser)
    site.change(
        """UPDATE identity.mandate SET valid_from = '2020-01-01', valid_to = '2020-12-31'
           WHERE person_id = (SELECT id FROM identity.person WHERE member_no = %(no)s)""",
        no=AN_AUDITOR,
    )
    assert not is_signed_in(browser)
    site.change("UPDATE identity.mandate SET valid_to = NULL")


def test_a_person_with_one_account_is_offered_no_switch(site: Site):
    assert "切换账户" not in site.signed_in(AN_AUDITOR).get("/account").text
