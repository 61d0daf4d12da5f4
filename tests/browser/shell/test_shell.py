"""Signing in and the pages about oneself, as a person meets them: mouse, keyboard, two widths."""

import re

import pytest
from playwright.sync_api import expect

from app.services.entering import enter
from app.services.passwords import issue_enrolment
from tests.browser.shell.conftest import person_of
from tests.web.site import A_PROVINCE, AN_EMITTER, AN_OPERATOR, NOT_ENROLLED

pytestmark = pytest.mark.browser


def test_a_person_signs_in_and_out(window, served):
    page = window.sign_in(AN_EMITTER)
    expect(page.locator(".who")).to_contain_text("市场通测试030207")
    expect(page.locator(".who")).to_contain_text(f"会员编号: {AN_EMITTER}")
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_role("status").first).to_contain_text("您已安全退出")
    page.goto(served[1] + "/account")
    expect(page).to_have_url(re.compile("/sign-in"))


def test_a_wrong_password_keeps_the_number_and_puts_the_reader_at_the_refusal(window):
    page = window.sign_in(AN_EMITTER, "wrong password")
    expect(page.locator("#refusal")).to_be_focused()
    expect(page.locator("#member_no")).to_have_value(AN_EMITTER)
    expect(page.locator("#password")).to_have_value("")


def test_another_captcha_comes_without_losing_what_was_typed(window):
    page = window.go("/sign-in")
    page.fill("#password", "typed already")
    before = page.inner_text("#captcha-answer")
    page.get_by_role("button", name="换一张").click()
    expect(page.locator("#captcha-answer")).not_to_have_text(before)
    expect(page.locator("#password")).to_have_value("typed already")
    assert window.barriers() == []


def test_the_captcha_is_heard(window):
    page = window.go("/sign-in")
    with page.expect_response(re.compile(r"\.wav$")) as heard:
        page.get_by_role("link", name="语音验证码").click()
    assert heard.value.ok
    expect(page.locator("#captcha-sound")).to_be_visible()


@pytest.mark.parametrize(
    "path",
    ["/account", "/account/certificates", "/password", "/account/tokens", "/no-such-page"],
)
def test_a_page_has_no_barrier(window, path):
    window.enter_as(A_PROVINCE, path)
    assert window.barriers() == []


@pytest.mark.parametrize("path", ["/account", "/password", "/account/tokens"])
def test_a_page_has_no_barrier_in_english(window, path):
    page = window.enter_as(A_PROVINCE, path)
    page.get_by_role("button", name="English").click()
    expect(page).to_have_url(re.compile(f"{path}$"))
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert window.barriers() == []


def test_signing_in_has_no_barrier(window):
    window.go("/sign-in")
    assert window.barriers() == []
    window.sign_in(AN_EMITTER, "wrong password")
    assert window.barriers() == []


def test_the_page_that_asks_for_the_certificate_has_no_barrier(window, served):
    """Without an agent it says what to start; codes are asked for where they are needed."""
    page = window.sign_in(AN_EMITTER, medium="usbkey")
    expect(page).to_have_url(re.compile("/sign-in/certificate"))
    expect(page.get_by_role("heading", name="没有找到签名助手")).to_be_visible()
    page.get_by_text("首次使用此证书").click()
    expect(page.locator("#reference")).to_be_visible()
    assert window.barriers() == []
    page.get_by_role("button", name="English").click()
    page.goto(served[1] + "/sign-in/certificate?medium=usbkey")
    expect(page.get_by_role("heading", name="Sign in with the certificate")).to_be_visible()
    assert window.barriers() == []


def test_who_was_signed_in_elsewhere_reads_so_without_barrier(window, served):
    page = window.enter_as(A_PROVINCE, "/account")
    at = served[0].ctx.clock.now()
    with served[0].ctx.database.transaction() as tx:
        enter(tx, person_of(tx, A_PROVINCE), "198.51.100.7", at)
    page.goto(served[1] + "/account")
    expect(page.locator("#ended")).to_contain_text("198.51.100.7")
    assert window.barriers() == []


def test_setting_the_first_password_has_no_barrier(window, served):
    link = f"/enrol/{issue_enrolment(served[0].ctx, None, NOT_ENROLLED)}"
    page = window.go(link)
    assert window.barriers() == []
    page.fill("#new_password", "short")
    page.fill("#again", "other")
    page.get_by_role("button", name="设置密码").click()
    expect(page.locator("[data-errors]")).to_be_focused()
    assert window.barriers() == []


def test_one_login_switches_to_another_of_its_accounts(window, served):
    site = served[0]
    site.change(
        """INSERT INTO identity.mandate (person_id, account_id, rights, valid_from)
           SELECT p.id, a.id, 'read', '2020-01-01' FROM identity.person p, identity.account a
           WHERE p.member_no = %(no)s AND a.type = 'office' ON CONFLICT DO NOTHING""",
        no=AN_OPERATOR,
    )
    page = window.enter_as(AN_OPERATOR, "/home")
    page.get_by_text("切换账户").click()
    assert window.barriers() == []
    page.get_by_role("button", name=re.compile("审计办公室")).click()
    expect(page.get_by_role("status").first).to_contain_text("已切换账户")
    expect(page.locator(".name")).to_contain_text("审计 · 审计办公室")
    site.change("DELETE FROM identity.session")


def test_a_refused_form_has_no_barrier(window):
    page = window.enter_as(A_PROVINCE, "/password")
    for name in ("old_password", "new_password", "again"):
        page.fill(f"#{name}", "short" if name != "again" else "other")
    page.get_by_role("button", name="修改", exact=True).click()
    expect(page.locator("[data-errors]")).to_be_focused()
    assert window.barriers() == []


def test_signing_in_works_with_the_keyboard_alone(window):
    page = window.go("/sign-in")
    answer = page.inner_text("#captcha-answer")
    expect(page.locator("#member_no")).to_be_focused()
    page.keyboard.type(AN_EMITTER)
    page.keyboard.press("Tab")
    page.keyboard.type("a calm autumn morning")
    page.keyboard.press("Tab")
    page.keyboard.type(answer)
    page.keyboard.press("Enter")
    expect(page.locator(".who")).to_contain_text("市场通测试030207")


def test_the_menu_and_the_explained_number_close_with_escape(window):
    page = window.enter_as(AN_EMITTER, "/home")
    button = page.locator(".menu-button")
    if button.is_visible():
        button.click()
    page.locator(".menu summary").filter(has_text="账户管理").click()
    expect(page.get_by_role("link", name="密码修改")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="密码修改")).to_be_hidden()
    page.locator("#security-why").locator("..").get_by_role("button").focus()
    expect(page.locator("#security-why")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#security-why")).to_be_hidden()


def test_the_skip_link_comes_first_and_leads_to_the_content(window):
    page = window.enter_as(AN_EMITTER, "/home")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_everything_works_without_script(chromium, served):
    context = chromium.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(served[1] + "/sign-in")
    page.fill("#member_no", AN_EMITTER)
    page.get_by_role("button", name="换一张").click()
    expect(page.locator("#member_no")).to_have_value(AN_EMITTER)
    page.fill("#password", "a calm autumn morning")
    page.fill("#captcha", page.inner_text("#captcha-answer"))
    page.locator("form .btn-primary").click()
    expect(page.locator(".who")).to_contain_text("市场通测试030207")
    context.close()
