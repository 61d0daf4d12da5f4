"""M4, F1, R23: member number, password, captcha; and what a refusal tells nobody."""

import re
from datetime import timedelta

import pytest

from app.identity import factors
from app.identity.captchas import LIFETIME
from tests.web.site import (
    A_PROVINCE,
    AN_EMITTER,
    NOT_ENROLLED,
    PASSWORD,
    Site,
    open_site,
)

WRONG = "会员编号或密码不正确。"


@pytest.fixture
def captcha_site(site: Site, module_database, redis_server) -> Site:
    return open_site(module_database, redis_server.url(), CAPTCHA="on")


def captcha_of(site: Site, page: str) -> dict[str, str]:
    """Read the captcha as the server keeps it: the page does not say it outside a demonstration."""
    token = re.search(r'name="captcha_id" value="([^"]+)"', page)[1]
    answer = site.rows("SELECT answer FROM identity.captcha ORDER BY expires_at DESC LIMIT 1")
    [(by_token,)] = site.rows(
        "SELECT answer FROM identity.captcha WHERE token_hash = sha256(convert_to(%(t)s, 'UTF8'))",
        t=token,
    )
    assert answer
    return {"captcha_id": token, "captcha": by_token}


def test_the_right_number_and_password_open_a_session(site: Site):
    browser = site.browser()
    answer = browser.sign_in(AN_EMITTER)
    assert answer.status_code == 302
    assert "市场通测试030207" in browser.get("/account").text


@pytest.mark.parametrize(
    ("member_no", "password"),
    [
        (AN_EMITTER, "not the password"),
        ("99999999999", PASSWORD),
        (NOT_ENROLLED, ""),
        (NOT_ENROLLED, PASSWORD),
        ("", ""),
        (AN_EMITTER, "x" * 5000),
        ("' OR 1=1 --", PASSWORD),
        (AN_EMITTER, PASSWORD.upper()),
    ],
)
def test_every_wrong_sign_in_gets_the_same_answer(site: Site, member_no, password):
    browser = site.browser()
    answer = browser.sign_in(member_no, password)
    assert answer.status_code == 422
    assert WRONG in answer.text
    assert browser.session_cookie() == ""


def test_an_unknown_member_number_costs_the_same_work(site: Site, monkeypatch):
    asked = []
    matches = factors.matches
    monkeypatch.setattr(factors, "matches", lambda *a: asked.append(a[0]) or matches(*a))
    site.browser().sign_in("99999999999")
    site.browser().sign_in(NOT_ENROLLED)
    site.browser().sign_in(AN_EMITTER, "wrong password")
    assert len(asked) == 3


def test_a_closed_person_cannot_sign_in(site: Site):
    site.change(
        "UPDATE identity.person SET closed_at = %(at)s WHERE member_no = %(no)s",
        at=site.clock.now(),
        no=A_PROVINCE,
    )
    assert WRONG in site.browser().sign_in(A_PROVINCE).text
    site.change("UPDATE identity.person SET closed_at = NULL")
    assert site.browser().sign_in(A_PROVINCE).status_code == 302


def test_a_person_without_a_mandate_in_force_is_told_so(site: Site):
    site.change(
        """UPDATE identity.mandate SET valid_from = '2020-01-01', valid_to = '2020-12-31'
           WHERE person_id = (SELECT id FROM identity.person WHERE member_no = %(no)s)""",
        no=A_PROVINCE,
    )
    answer = site.browser().sign_in(A_PROVINCE)
    site.change("UPDATE identity.mandate SET valid_to = NULL")
    assert answer.status_code == 403
    assert "没有有效的账户授权" in answer.text


def test_the_right_captcha_is_needed_and_works(captcha_site: Site):
    browser = captcha_site.browser()
    page = browser.get("/sign-in").text
    given = {"member_no": AN_EMITTER, "password": PASSWORD} | captcha_of(captcha_site, page)
    assert browser.post("/sign-in", given).status_code == 302


def test_the_page_does_not_say_the_captcha(captcha_site: Site):
    page = captcha_site.browser().get("/sign-in").text
    assert captcha_of(captcha_site, page)["captcha"] not in re.sub(r'"[^"]*"', "", page)


@pytest.mark.parametrize("wrong", ["00000x", "", "٣٣٣٣٣", "1" * 500])
def test_a_wrong_captcha_is_refused_before_the_password_is_looked_at(captcha_site: Site, wrong):
    browser = captcha_site.browser()
    page = browser.get("/sign-in").text
    given = {"member_no": AN_EMITTER, "password": PASSWORD}
    answer = browser.post("/sign-in", given | captcha_of(captcha_site, page) | {"captcha": wrong})
    assert answer.status_code == 422
    assert "验证码不正确或已过期" in answer.text
    assert f'value="{AN_EMITTER}"' in answer.text


def test_a_captcha_works_once(captcha_site: Site):
    browser = captcha_site.browser()
    given = captcha_of(captcha_site, browser.get("/sign-in").text)
    wrong = {"member_no": AN_EMITTER, "password": "wrong password"}
    assert WRONG in browser.post("/sign-in", wrong | given).text
    again = {"member_no": AN_EMITTER, "password": PASSWORD} | given
    assert "验证码不正确或已过期" in browser.post("/sign-in", again).text


def test_a_captcha_expires(captcha_site: Site):
    browser = captcha_site.browser()
    given = captcha_of(captcha_site, browser.get("/sign-in").text)
    captcha_site.clock.advance(LIFETIME + timedelta(seconds=1))
    answer = browser.post("/sign-in", {"member_no": AN_EMITTER, "password": PASSWORD} | given)
    assert "验证码不正确或已过期" in answer.text
    assert browser.get(f"/sign-in/captcha/{given['captcha_id']}.png").status_code == 404


def test_a_captcha_is_drawn_and_spoken(captcha_site: Site):
    browser = captcha_site.browser()
    token = captcha_of(captcha_site, browser.get("/sign-in").text)["captcha_id"]
    picture = browser.get(f"/sign-in/captcha/{token}.png")
    assert picture.data.startswith(b"\x89PNG")
    sound = browser.get(f"/sign-in/captcha/{token}.wav")
    assert sound.data.startswith(b"RIFF")
    assert browser.get("/sign-in/captcha/never-made.png").status_code == 404


def test_another_captcha_keeps_the_member_number_without_script(captcha_site: Site):
    browser = captcha_site.browser()
    browser.get("/sign-in")
    answer = browser.post("/sign-in/captcha", {"member_no": AN_EMITTER})
    assert f'value="{AN_EMITTER}"' in answer.text
    part = browser.post("/sign-in/captcha", headers={"HX-Request": "true"})
    assert "<html" not in part.text


def test_the_demonstration_shows_the_captcha(site: Site, module_database, redis_server):
    demo = open_site(module_database, redis_server.url(), CAPTCHA="on", REGISTRY_ENV="demo")
    page = demo.browser().get("/sign-in").text
    shown = re.search(r'id="captcha-answer">(\d+)<', page)[1]
    assert shown == captcha_of(demo, page)["captcha"]


def test_the_header_says_when_and_from_where_the_last_sign_in_was(site: Site):
    site.browser().get("/sign-in")
    site.signed_in(AN_EMITTER)
    site.clock.advance(timedelta(hours=2))
    page = site.signed_in(AN_EMITTER).get("/account").text
    assert "您好, <b>市场通测试030207</b>" in page
    assert f"会员编号: {AN_EMITTER}" in page
    assert "上次登录: 2026-11-20 09:30:00" in page
    assert "IP:127.0.0.1" in page


def test_failures_since_the_last_sign_in_lower_the_security_index(site: Site):
    site.clock.advance(timedelta(days=1))
    site.signed_in(A_PROVINCE)
    site.clock.advance(timedelta(minutes=1))
    site.browser().sign_in(A_PROVINCE, "wrong password")
    site.clock.advance(timedelta(minutes=1))
    assert "低（2/5）" in site.signed_in(A_PROVINCE).get("/account").text
    site.clock.advance(timedelta(minutes=1))
    assert "低（3/5）" in site.signed_in(A_PROVINCE).get("/account").text


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "x",
        "/a\nb",
    ],
)
def test_signing_in_never_leads_to_another_site(site: Site, elsewhere):
    answer = site.browser().sign_in(AN_EMITTER, next=elsewhere)
    assert answer.headers["Location"] == "/"


def test_signing_in_leads_back_to_the_page_that_was_asked_for(site: Site):
    browser = site.browser()
    asked = browser.get("/account/tokens?x=1")
    assert asked.status_code == 302
    assert "next=/account/tokens?x%3D1" in asked.headers["Location"]
    answer = browser.sign_in(AN_EMITTER, next="/account/tokens?x=1")
    assert answer.headers["Location"] == "/account/tokens?x=1"


def test_every_sign_in_is_an_event_of_the_history(site: Site):
    before = site.rows("SELECT count(*) FROM audit.event WHERE tag = 'identity:session:opened'")
    site.signed_in(AN_EMITTER)
    after = site.rows("SELECT count(*) FROM audit.event WHERE tag = 'identity:session:opened'")
    assert after[0][0] == before[0][0] + 1
