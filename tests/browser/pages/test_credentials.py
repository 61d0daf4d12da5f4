"""A lost key from the list of certificates to its end, by two officers, as people meet it (M2)."""

import re

import pytest
from playwright.sync_api import expect

from tests.pages.conftest import AUDITOR, EMITTER, OTHER_EMITTER
from tests.pages.test_credentials import OPERATOR, bind

pytestmark = pytest.mark.browser
COLLEAGUE = "11000000002"  # the registry's other officer


def own(market, fingerprint: str) -> int:
    return market.one(
        "SELECT id FROM trust.certificate WHERE encode(fingerprint, 'hex') = %(f)s", f=fingerprint
    )


def test_two_officers_end_a_lost_certificate_and_its_person_is_signed_out(
    person, market, module_database
):
    fingerprint = bind(market, module_database, EMITTER, 300)
    holder, officer, colleague = person(EMITTER), person(OPERATOR), person(COLLEAGUE)

    page = officer.open("/home")
    page.locator(".menu").get_by_role("link", name="数字证书管理", exact=True).click()
    page.get_by_label("搜索会员编号").fill(EMITTER)
    page.get_by_role("button", name="查询").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text(fingerprint[:16])
    officer.shoot("credentials")
    officer.picture("credential_change-list")
    assert officer.faults_of_access() == []

    page.get_by_role("link", name=f"终止证书：{EMITTER}").click()
    expect(page.get_by_label("办理事项")).to_have_value("lost")
    expect(page.get_by_label("会员编号")).to_have_value(EMITTER)
    expect(page.get_by_label("证书指纹或序列号")).to_have_value(fingerprint)
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("[data-errors]")).to_contain_text("请填写办理原因")
    page.get_by_label("办理原因").fill("代表来函称 USBKey 遗失。")
    officer.shoot("credential-change-form")
    officer.picture("credential_change-form")
    assert officer.faults_of_access() == []
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("操作成功")
    officer.settle()
    number = re.search(r"PZ-\d{4}-\d{7}", page.inner_text("h1"))[0]

    page = officer.open("/inbox")
    page.locator("#tasks").get_by_role("link", name=number).click()
    officer.settle()
    expect(page.locator("main")).to_contain_text("须由另一人办理")
    expect(page.get_by_role("radio", name="通过")).to_have_count(0)

    page = colleague.open("/inbox")
    page.locator("#tasks").get_by_role("link", name=number).click()
    colleague.settle()
    expect(page.locator("main")).to_contain_text("代表来函称 USBKey 遗失。")
    expect(page.locator("main")).to_contain_text("8 项通过")
    page.get_by_role("radio", name="通过").check()
    colleague.shoot("credential-change-review")
    colleague.picture("credential_change-review")
    assert colleague.faults_of_access() == []
    page.get_by_role("button", name="确认并通过").click()
    expect(page.get_by_role("status").first).to_contain_text("操作成功")
    colleague.settle()
    expect(page.locator(".page-head .tag").first).to_contain_text("变更完成")

    page = holder.open("/account")
    expect(page.locator("[name=member_no]")).to_be_visible()

    page = person(AUDITOR, "en").open(f"/credentials?q={EMITTER}")
    expect(page.locator("tbody")).to_contain_text("Ended")
    expect(page.locator("tbody")).to_contain_text("Lost")
    expect(page.get_by_role("link", name="Issue codes")).to_have_count(0)
    page.get_by_role("link", name=number, exact=True).click()
    expect(page.locator("main")).to_contain_text("Confirm the change")
    broken = [*holder.broken, *officer.broken, *colleague.broken]
    assert [words for words in broken if "422" not in words] == []


def test_a_person_reports_their_own_key_and_the_registry_hears_of_it(
    person, market, module_database
):
    fingerprint = bind(market, module_database, OTHER_EMITTER, 300)
    holder = person(OTHER_EMITTER)
    page = holder.open(f"/account/certificates/{own(market, fingerprint)}/lost")
    expect(page.locator("main")).to_contain_text(fingerprint)
    holder.shoot("credential-lost")
    holder.picture("credential_change-lost")
    assert holder.faults_of_access() == []
    page.get_by_role("button", name="报失并立即终止").click()
    expect(page.locator("[name=member_no]")).to_be_visible()
    expect(page.locator("main")).to_contain_text("证书")

    page = person(OPERATOR).open("/messages")
    expect(page.locator("main")).to_contain_text(f"会员 {OTHER_EMITTER} 报失数字证书")
    assert holder.broken == []
