"""What stops a sign-in or a signature, as the person at the browser meets it (R23, G29, N9)."""

import pytest
from playwright.sync_api import expect

from tests.browser.usbkey.conftest import faults_of_access
from tests.browser.usbkey.registry.people import Member, Registry
from tests.pages.conftest import BUYER, EMITTER, OTHER_EMITTER, PROVINCE

pytestmark = pytest.mark.browser
PRIMARY = "main form button.btn-primary"


def halfway(someone: Member) -> Member:
    """Password and captcha are shown; the page asks for the certificate."""
    someone.site.bind(someone.member_no)
    someone.show_password()
    return someone


def not_signed_in(someone: Member) -> None:
    assert "registry_session" not in {one["name"] for one in someone.page.context.cookies()}


def test_without_an_agent_for_this_website_the_page_says_what_to_start_and_goes_on_with_one(
    site: Registry, member
):
    site.agent.stop()
    someone = halfway(member(EMITTER))
    page, absent = someone.page, someone.page.locator("[data-usbkey-state=absent]")
    someone.at("absent")
    command = f"python -m usbkey agent --origin {site.origin} --module"
    expect(page.locator("#usbkey-start")).to_contain_text(command)
    someone.look("absent")
    someone.picture("usbkey-absent")
    assert faults_of_access(page) == []
    page.click(PRIMARY)
    someone.at("absent")
    site.agent.start(origin="https://registry.example")
    someone.broken.clear()
    page.reload()
    someone.at("absent")
    expect(absent).to_contain_text("没有允许本网站")
    assert any("CORS" in said for said in someone.broken)
    not_signed_in(someone)
    site.agent.stop()
    site.agent.start()
    absent.get_by_role("button", name="重新检测").click()
    someone.at("unpaired")


def test_a_refused_website_a_wrong_pin_and_a_refused_signature_open_no_session(
    site: Registry, member
):
    someone = halfway(member(EMITTER))
    someone.at("unpaired")
    page = someone.page
    page.click(PRIMARY)
    someone.at("unpaired")
    window = someone.press("[data-do=pair]")
    someone.look("window-pair", window)
    someone.picture("usbkey-pair", window)
    window.click("button[value=refuse]")
    someone.at("refused")
    page.reload()
    not_signed_in(someone)
    someone.pair()
    window = someone.press(PRIMARY)
    someone.enter(window, "wrong-pin")
    expect(window.get_by_role("alert")).to_contain_text("PIN 码错误")
    expect(window.get_by_role("alert")).to_contain_text("下一步")
    someone.look("window-wrong-pin", window)
    someone.at("waiting")
    window.click("button[value=refuse]")
    someone.at("refused")
    someone.look("refused")
    not_signed_in(someone)
    someone.sign(PRIMARY)
    page.wait_for_selector(".who b")
    assert someone.broken == []


def test_a_certificate_on_a_new_list_of_revoked_ones_ends_its_session_and_opens_none(
    site: Registry, member
):
    someone = member(OTHER_EMITTER).sign_in()
    site.revoke(OTHER_EMITTER)
    page = someone.go("/account")
    expect(page.locator("#ended")).to_contain_text("证书已停用或到期")
    someone.look("ended-revoked")
    someone.show_password()
    someone.at("ready")
    someone.sign(PRIMARY)
    expect(page.get_by_role("alert")).to_contain_text("8066")
    someone.look("revoked")
    not_signed_in(someone)


def test_a_certificate_reported_lost_ends_its_session_at_once(site: Registry, member):
    someone = member(BUYER).sign_in()
    page = someone.go("/account/certificates")
    someone.look("own-certificates")
    mine = page.locator("tr", has_text="本次登录")
    mine.get_by_role("link", name="报失").click()
    someone.look("lost")
    page.get_by_role("button", name="报失并立即终止").click()
    expect(page.locator("[name=member_no]")).to_be_visible()
    someone.go("/account")
    expect(page.locator("[name=member_no]")).to_be_visible()
    someone.show_password()
    someone.at("ready")
    someone.sign(PRIMARY)
    expect(page.get_by_role("alert")).to_contain_text("8080")
    someone.look("lost-refused")
    not_signed_in(someone)


def test_a_second_sign_in_elsewhere_ends_the_first_and_both_are_told(site: Registry, member):
    first, second = member(PROVINCE).sign_in(), member(PROVINCE)
    second.sign_in()
    expect(second.page.locator("main")).to_contain_text("您在另一处的登录已结束")
    second.look("elsewhere-second")
    page = first.go("/inbox")
    expect(page.locator("#ended")).to_contain_text("您的登录已在另一处登录时结束")
    expect(page.locator("#ended")).to_contain_text("127.0.0.1")
    first.look("elsewhere-first")
    not_signed_in(first)
    second.go("/account")
    expect(second.page.locator(".who b").first).to_be_visible()


def test_who_asked_too_often_for_what_to_sign_sends_nothing(
    site: Registry, member, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(site.market.app.config, "DOCUMENTS", "0 per minute")
    someone = member(PROVINCE).sign_in()
    instance, key = site.market.task_of("QL")
    page = someone.go(f"/applications/{instance}/tasks/{key}")
    page.check("[name=verdict][value=approve]")
    someone.at("ready")
    page.click("main form:has([name=verdict]) button.btn-primary")
    someone.at("often")
    someone.look("often")
    expect(page.locator("[data-usbkey-state=often]")).to_contain_text("没有提交任何内容")
    assert faults_of_access(page) == []
    assert site.market.task_of("QL") == (instance, key)
