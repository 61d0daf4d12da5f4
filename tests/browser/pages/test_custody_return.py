"""Custody through the pages: deposit, link, and a return that two recipients review (M17-M23)."""

import re

import pytest
from playwright.sync_api import expect

from app.services.demo.market import PASSWORD
from app.services.passwords import set_password
from tests.browser.pages.test_voluntary_cancel import confirm_pick, open_task, pick, quantity

pytestmark = pytest.mark.browser

DEPOSITOR, FIRST, SECOND = "21042300209", "21042300205", "21042300206"  # 松原、北泽、石桥
MANAGEMENT = "11000000001"
PE25 = "PE2025000118"


def done(page, words: str = "操作成功") -> None:
    expect(page.get_by_role("status").first).to_contain_text(words)


def number_of(page, prefix: str) -> str:
    return re.search(rf"{prefix}-\d{{4}}-\d{{7}}", page.inner_text("h1"))[0]


def submit(someone, prefix: str) -> str:
    page = someone.page
    page.get_by_role("button", name="提交", exact=True).click()
    done(page)
    someone.settle()
    return number_of(page, prefix)


def review(someone, number: str, verdict: str, opinion: str) -> None:
    page = open_task(someone, number)
    page.get_by_role("radio", name=verdict).check()
    page.get_by_role("textbox", name="审核意见").fill(opinion)
    page.get_by_role("button", name=f"确认并{verdict}").click()
    done(page)
    someone.settle()


def test_custody_goes_from_the_deposit_over_the_links_to_the_recipients(market, person):
    for member in (DEPOSITOR, FIRST, SECOND):
        set_password(market.ctx, member, PASSWORD)
    codes = dict(market.rows("SELECT name, code FROM identity.holder"))
    first, second = codes["北泽水泥有限公司"], codes["石桥热力有限公司"]
    depositor, officer = person(DEPOSITOR), person(MANAGEMENT)
    one, two = person(FIRST), person(SECOND)

    page = depositor.open("/home")
    page.get_by_text("存管返还管理", exact=True).click()
    page.get_by_role("link", name="存管申请").click()
    page.get_by_role("link", name="新增").first.click()
    pick(page, PE25)
    depositor.shoot("custody-pick", whole=False)
    depositor.picture("custody_return-pick")
    confirm_pick(page)
    quantity(page, PE25).fill("5000")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("[data-errors]")).to_contain_text("请选择存管类型")
    page.get_by_role("radio", name="合并").check()
    page.get_by_label("存管原因").fill("与北泽、石桥合并。")
    depositor.shoot("custody-form")
    depositor.picture("custody_return-deposit")
    assert depositor.faults_of_access() == []
    number = submit(depositor, "CG")
    review(officer, number, "退回", "请减少 1,000 吨。")
    page = open_task(depositor, number)
    expect(page.get_by_text("请减少 1,000 吨。").first).to_be_visible()
    expect(page.get_by_role("radio", name="合并")).to_be_checked()
    quantity(page, PE25).fill("4000")
    submit(depositor, "CG")
    page = open_task(officer, number)
    officer.shoot("custody-review")
    assert officer.faults_of_access() == []
    review(officer, number, "通过", "已核对合并公告。")

    page = depositor.open("/holdings")
    expect(page.get_by_role("heading", name="存管中")).to_be_visible()
    depositor.shoot("custody-holdings")
    depositor.picture("custody_return-holdings")
    assert depositor.faults_of_access() == []

    page = depositor.open("/applications/new/custody_link")
    page.get_by_role("textbox", name="拟关联的重点排放单位").fill(f"{first}\n{second}")
    page.get_by_role("textbox", name="关联原因").fill("与北泽、石桥合并。")
    depositor.shoot("custody-link")
    assert depositor.faults_of_access() == []
    number = submit(depositor, "GL")
    page = open_task(officer, number)
    expect(page.get_by_role("textbox", name="设置关联")).to_have_value(f"{first}\n{second}")
    officer.shoot("custody-link-review")
    officer.picture("custody_return-link")
    assert officer.faults_of_access() == []
    review(officer, number, "通过", "准予关联。")

    page = depositor.open("/records/custody-return")
    depositor.shoot("custody-returns")
    page.get_by_role("link", name="新增").first.click()
    page.get_by_role("button", name="选择存管").first.click()
    page.get_by_role("dialog").get_by_role("checkbox").first.check()
    depositor.shoot("custody-return-pick", whole=False)
    page.get_by_role("dialog").get_by_role("button", name="确定").click()
    page.get_by_label(re.compile("返还至北泽")).fill("2,500")
    page.get_by_label(re.compile("返还至石桥")).fill("1,600")
    expect(page.locator("[data-lots-total]")).to_have_text("4,100")
    expect(page.locator("#lines")).to_contain_text("合计超过剩余存管量 4,000 吨")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("[data-errors]")).to_contain_text("超出 100 吨")
    depositor.shoot("custody-return-refused")
    assert depositor.faults_of_access() == []
    page.get_by_label(re.compile("返还至石桥")).fill("1,500")
    page.get_by_role("button", name="保存", exact=True).click()
    done(page, "已保存")
    depositor.picture("custody_return-return")
    assert depositor.wider_than_the_window() <= 0
    number = submit(depositor, "FH")
    here = page.locator(".djs-element.here")
    expect(here).to_have_attribute("data-element-id", "review_return")
    depositor.shoot("custody-return-submitted")

    page = open_task(one, number)
    expect(page.locator("main")).to_contain_text("2,500")
    expect(page.locator("main")).not_to_contain_text("1,500")
    expect(page.locator("main")).not_to_contain_text("石桥")
    page.get_by_role("radio", name="通过").check()
    page.get_by_role("button", name="确认并通过").click()
    expect(page.locator("[data-errors]")).to_contain_text("请填写审核意见")
    one.shoot("custody-recipient")
    one.picture("custody_return-recipient")
    assert one.faults_of_access() == []
    review(one, number, "通过", "北泽同意接收。")
    review(two, number, "退回", "石桥：数量应为 1,400 吨。")
    expect(two.page.locator("main")).not_to_contain_text("北泽")

    page = one.open("/messages")
    expect(page.locator("main")).to_contain_text("石桥：数量应为 1,400 吨")
    page = open_task(depositor, number)
    expect(page.get_by_text("北泽同意接收。").first).to_be_visible()
    expect(page.get_by_text("石桥：数量应为 1,400 吨。").first).to_be_visible()
    depositor.shoot("custody-return-returned")
    depositor.picture("custody_return-returned")
    assert depositor.faults_of_access() == []
    page.get_by_label(re.compile("返还至石桥")).fill("1,400")
    submit(depositor, "FH")

    for someone in (two, one):
        review(someone, number, "通过", "同意接收。")
    page = open_task(officer, number)
    expect(page.locator("main")).to_contain_text("接收方均已关联")
    officer.shoot("custody-return-confirm")
    officer.picture("custody_return-confirm")
    assert officer.faults_of_access() == []
    review(officer, number, "通过", "同意返还。")
    expect(page.locator(".page-head .tag").first).to_contain_text("返还完成")

    page = depositor.open("/custody")
    expect(page.locator("main")).to_contain_text("3,900")
    depositor.shoot("custody-lots")
    depositor.picture("custody_return-lots")
    assert depositor.faults_of_access() == []
    officer.open("/custody/links")
    officer.shoot("custody-links")
    assert officer.faults_of_access() == []
    one.open(f"/applications/{market.one(INSTANCE, number=number)}")
    one.shoot("custody-recipient-done")
    broken = [words for someone in (depositor, officer, one, two) for words in someone.broken]
    assert [words for words in broken if "422" not in words] == []


INSTANCE = "SELECT id FROM workflow.instance WHERE number = %(number)s"
