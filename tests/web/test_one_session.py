"""R23: one active session per representative; a new one ends the old, and both are told."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import psycopg2
import pytest

from app.services import sign_in as service
from tests.postgres import Database
from tests.web.keys import Keys
from tests.web.site import A_PROVINCE, AN_EMITTER, PASSWORD, Site, open_site

ELSEWHERE = {"REMOTE_ADDR": "198.51.100.7"}
TOLD = "您在另一处的登录已结束"


def from_elsewhere(site: Site, member_no: str = AN_EMITTER):
    browser = site.browser()
    browser.client.environ_base.update(ELSEWHERE)
    assert browser.sign_in(member_no).status_code == 302
    return browser


def test_a_new_session_ends_the_old_one_and_both_are_told(site: Site):
    old = site.signed_in()
    site.clock.advance(timedelta(minutes=3))
    new = from_elsewhere(site)
    assert TOLD in new.get("/account").text
    assert TOLD not in new.get("/account").text
    away = old.get("/account")
    assert away.status_code == 302
    page = old.get(away.headers["Location"]).text
    assert "您的登录已在另一处登录时结束" in page
    assert "2026-11-20 09:33:00" in page
    assert "198.51.100.7" in page
    assert old.session_cookie() == ""
    assert 'id="ended"' not in old.get("/sign-in").text


def test_what_a_page_asks_in_the_background_does_not_use_the_notice_up(site: Site):
    old = site.signed_in()
    from_elsewhere(site)
    background = {"Sec-Fetch-Mode": "cors"}
    assert 'id="ended"' in old.get("/sign-in", headers=background).text
    assert 'id="ended"' in old.get("/sign-in", headers={"Sec-Fetch-Mode": "navigate"}).text
    assert 'id="ended"' not in old.get("/sign-in").text


def test_the_old_session_can_do_nothing_any_more(site: Site):
    old = site.signed_in()
    old.get("/account")
    from_elsewhere(site)
    assert old.post("/session/act-for", {"mandate": "1"}).status_code == 302
    assert old.post("/account/tokens", {"name": "x", "scopes": "read"}).status_code == 302
    assert old.get("/session/keep").status_code == 302
    part = old.get("/account", headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["HX-Redirect"]) == (401, "/sign-in")


def test_who_was_not_in_use_is_not_said_to_have_been_ended(site: Site):
    idle = site.signed_in()
    site.clock.advance(timedelta(minutes=31))
    assert TOLD not in from_elsewhere(site).get("/account").text
    assert 'id="ended"' in idle.get("/sign-in").text


def test_other_peoples_sessions_go_on(site: Site):
    province = site.signed_in(A_PROVINCE)
    site.signed_in()
    from_elsewhere(site)
    assert province.get("/account").status_code == 200


def test_a_wrong_password_ends_nobody(site: Site):
    mine = site.signed_in()
    assert site.browser().sign_in(AN_EMITTER, "not the password").status_code == 422
    assert mine.get("/account").status_code == 200


def test_a_password_without_the_certificate_ends_nobody(site: Site, module_database, redis_url):
    signing = open_site(module_database, redis_url, SIGNATURES="on")
    keys = Keys(signing, module_database, name="One").trusted()
    mine, answer = keys.sign_in(keys.bound())
    assert answer.status_code == 302
    keys.halfway()
    stranger = Keys(signing, module_database, b"a stranger of these tests", "Other")
    assert stranger.sign_in(stranger.key())[1].status_code == 422
    assert mine.get("/account").status_code == 200


@pytest.mark.parametrize(
    ("wait", "why"),
    [(timedelta(minutes=31), "30 分钟没有操作"), (timedelta(hours=12), "30 分钟没有操作")],
)
def test_who_was_idle_is_told_so(site: Site, wait, why):
    browser = site.signed_in()
    site.clock.advance(wait)
    assert why in browser.get("/sign-in").text


def test_a_session_of_twelve_hours_is_told_so(site: Site):
    browser = site.signed_in()
    for _ in range(36):
        site.clock.advance(timedelta(minutes=20))
        browser.get("/account")
    assert "登录已满 12 小时" in browser.get("/sign-in").text


def test_who_signed_out_is_told_nothing_else(site: Site):
    browser = site.signed_in()
    token = browser.session_cookie()
    browser.get("/account")
    browser.post("/sign-out")
    browser.client.set_cookie("registry_session", token)
    assert 'id="ended"' not in browser.get("/sign-in").text


def test_a_cookie_of_nobody_is_told_nothing(site: Site):
    browser = site.browser()
    browser.client.set_cookie("registry_session", "made up")
    assert 'id="ended"' not in browser.get("/sign-in").text


def test_of_many_who_sign_in_at_once_one_stays(site: Site):
    given = {"member_no": AN_EMITTER, "password": PASSWORD}

    def enter(number: int) -> str:
        return service.sign_in(site.ctx, given, f"192.0.2.{number}", "http://localhost").token

    with ThreadPoolExecutor(6) as pool:
        tokens = list(pool.map(enter, range(6)))
    signed_in = [token for token in tokens if service.signed_in(site.ctx, token)]
    assert len(signed_in) == 1
    told = [service.why_ended(site.ctx, token) for token in tokens if token not in signed_in]
    assert {why.why for why in told if why} == {"signed_in_again"}


def two_person(database: Database, rule: bool) -> None:
    """As the owner: the rule changes by an approved application alone."""
    with closing(psycopg2.connect(database.owner_url)) as owner, owner, owner.cursor() as cursor:
        cursor.execute("UPDATE identity.account SET two_person = %s", [rule])


def test_the_index_counts_certificate_and_two_person_rule_and_says_why(
    site: Site, module_database, redis_url
):
    signing = open_site(module_database, redis_url, SIGNATURES="on")
    keys = Keys(signing, module_database, name="Index").trusted()
    key = keys.bound()
    page = keys.sign_in(key)[0].get("/account").text
    assert "中（4/5）" in page
    assert "使用 USBKey 证书登录，有效期还有" in page
    assert "账户没有采用双人复核" in page
    two_person(module_database, True)
    page = keys.sign_in(key)[0].get("/account").text
    assert "高（5/5）" in page
    assert "账户采用双人复核" in page
    two_person(module_database, False)
    assert "登录时没有使用证书" in site.signed_in().get("/account").text


def test_a_person_sees_their_own_certificates_alone(site: Site, module_database, redis_url):
    signing = open_site(module_database, redis_url, SIGNATURES="on")
    keys = Keys(signing, module_database, name="Own").trusted()
    key, lost = keys.bound(), keys.bound(AN_EMITTER, "lost")
    other = keys.bound(A_PROVINCE)
    keys.end(lost)
    browser, _ = keys.sign_in(key)
    page = browser.get("/account/certificates").text
    for one, seen in ((key, True), (lost, True), (other, False)):
        [(fingerprint,)] = signing.rows("SELECT encode(sha256(%(d)s), 'hex')", d=one.certificate)
        assert (fingerprint in page) is seen
    assert "有效，还有" in page
    assert "遗失" in page
    assert "本次登录" in page
