"""Chinese first, English complete."""

import re

import pytest

from app.web.catalogue import shortcomings
from tests.web.site import Site

CHINESE = re.compile("[\u4e00-\u9fff]")


def test_every_text_of_the_pages_has_its_english():
    assert shortcomings() == []


def test_a_page_is_chinese_unless_asked_otherwise(site: Site):
    page = site.browser().get("/sign-in").text
    assert '<html lang="zh-CN">' in page
    assert "登录" in page


def test_the_switch_changes_the_language_and_stays_on_the_page(site: Site):
    browser = site.signed_in()
    browser.get("/account/tokens")
    answer = browser.post("/language", {"language": "en", "next": "/account/tokens"})
    assert answer.headers["Location"] == "/account/tokens"
    page = browser.get("/account/tokens").text
    assert '<html lang="en">' in page
    assert "My API tokens" in page


def test_the_language_outlives_signing_in_and_out(site: Site):
    browser = site.browser()
    browser.get("/sign-in")
    browser.post("/language", {"language": "en"})
    browser.sign_in("21042300007")
    assert "Account details" in browser.get("/account").text
    browser.post("/sign-out")
    assert "Sign in" in browser.get("/sign-in").text


@pytest.mark.parametrize(
    "path",
    ["/sign-in", "/account", "/account/certificates", "/password", "/account/tokens", "/no"],
)
def test_an_english_page_has_no_chinese_but_names(site: Site, path):
    browser = site.signed_in() if path != "/sign-in" else site.browser()
    browser.get("/sign-in")  # what was said on signing in, in the language of then
    browser.get("/account")
    page = browser.get(path, headers={"Accept-Language": "en-GB,en;q=0.9"}).text
    for name in ("市场通测试030207", "青岚热电有限公司", "中文"):
        page = page.replace(name, "")
    assert not CHINESE.search(page), CHINESE.findall(page)


@pytest.mark.parametrize("language", ["", "fr", "zh_CN'", "en; drop"])
def test_an_unknown_language_changes_nothing(site: Site, language):
    browser = site.browser()
    browser.get("/sign-in")
    browser.post("/language", {"language": language})
    assert '<html lang="zh-CN">' in browser.get("/sign-in").text
