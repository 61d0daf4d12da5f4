"""Reductions of another registry, from the claim to the surrender, as people meet them (G17)."""

import re

import pytest
from playwright.sync_api import expect

from tests.pages.conftest import EMITTER, PROVINCE

pytestmark = pytest.mark.browser

MANAGEMENT = "11000000001"
PE25 = "PE2025000118"
FROZEN = {"name": "冻结证明.txt", "mimeType": "text/plain", "buffer": "冻结证明".encode()}
CANCELLED = {"name": "注销证明.txt", "mimeType": "text/plain", "buffer": "注销证明".encode()}
WORDS = {
    "冻结数量": "500",
    "对方登记编号": "CCER-2023-100001~CCER-2023-100500",
    "项目编号": "CCER-2023-018",
    "项目名称": "柴达木光伏发电项目",
    "项目类型": "光伏发电",
    "项目所在地区": "青海",
    "减排量产生年份": "2023",
}


def succeeded(page) -> None:
    expect(page.get_by_role("status").first).to_contain_text("操作成功")


def open_task(someone, number: str):
    page = someone.open("/inbox")
    page.locator("#tasks").get_by_role("link", name=number).click()
    someone.settle()
    return page


def claimed(emitter, officer) -> str:
    """A claim: drafted, refused by its numbers, submitted and confirmed; return its number."""
    page = emitter.open("/records/external")
    emitter.shoot("external-list")
    page.get_by_role("link", name="新增").click()
    page.get_by_role("radio", name="全国温室气体自愿减排注册登记系统").check()
    for field, words in {**WORDS, "冻结数量": "499"}.items():
        page.get_by_label(field).first.fill(words)
    page.get_by_role("radio", name="否", exact=True).check()
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("[data-errors]")).to_contain_text("请上传冻结证明")
    page.locator("input[type=file]").set_input_files(FROZEN)
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("[data-errors]")).to_contain_text("3202")
    page.get_by_label("冻结数量").first.fill("500")
    emitter.shoot("external-form")
    emitter.picture("external_ccer-form")
    assert emitter.faults_of_access() == []
    page.get_by_role("button", name="提交", exact=True).click()
    succeeded(page)
    number = re.search(r"WB-\d{4}-\d{7}", page.inner_text("h1"))[0]

    page = open_task(officer, number)
    expect(page.locator("main")).to_contain_text("柴达木光伏发电项目")
    expect(page.locator("main")).to_contain_text("冻结证明.txt")
    expect(page.locator("ol.checks")).to_contain_text("500 = 500")
    page.get_by_role("radio", name="标记待抵销").check()
    page.get_by_role("textbox", name="审核意见").fill("已向对方登记机构核实。")
    officer.shoot("external-review")
    officer.picture("external_ccer-review")
    assert officer.faults_of_access() == []
    page.get_by_role("button", name="确认并标记待抵销").click()
    succeeded(page)
    return number


def test_reductions_of_another_registry_are_marked_surrendered_and_booked(market, person):
    emitter, officer, province = person(EMITTER), person(MANAGEMENT), person(PROVINCE)
    number = claimed(emitter, officer)

    page = emitter.open("/holdings?type=external_ccer")
    expect(page.locator("tbody tr").first).to_contain_text("待抵销")
    expect(page.locator("tbody tr").first).to_contain_text(number)
    emitter.shoot("external-holdings")
    emitter.picture("external_ccer-holdings")

    page = emitter.open(f"/applications/new/compliance/{market.notice_of('QL')}")
    page.get_by_role("button", name="添加履约标的").click()
    expect(page.locator("[data-pick-row]", has_text=number)).to_contain_text("待抵销")
    for code in (PE25, number):
        page.get_by_label(f"选择 {code}").check()
    emitter.shoot("external-pick", whole=False)
    emitter.picture("external_ccer-pick")
    page.get_by_role("button", name="确定").click()
    page.locator(f'[data-line="{PE25}"] [data-qty]').fill("1000")
    page.locator(f'[data-line="{number}"] [data-qty]').fill("300")
    expect(page.locator("[data-ccer-now]")).to_have_text("300")
    page.get_by_role("button", name="提交", exact=True).click()
    succeeded(page)
    surrender = re.search(r"LY-\d{4}-\d{7}", page.inner_text("h1"))[0]

    page = open_task(province, surrender)
    expect(page.locator("main")).to_contain_text("待抵销")
    page.get_by_role("radio", name="通过").check()
    page.get_by_role("textbox", name="审核意见").fill("同意。")
    page.get_by_role("button", name="确认并通过").click()
    succeeded(page)
    province.settle()
    here = page.locator(".djs-element.here")
    expect(here).to_have_attribute("data-element-id", "settle_external")

    page = open_task(officer, surrender)
    page.get_by_role("radio", name="登记注销").check()
    page.get_by_label("对方注销编号").fill("ZX-2026-0018")
    page.locator("input[type=file]").set_input_files(CANCELLED)
    expect(page.locator('[data-echo="proof"]')).to_have_text("注销证明.txt")
    officer.shoot("external-settle")
    officer.picture("external_ccer-settle")
    assert officer.faults_of_access() == []
    page.get_by_role("button", name="确认并登记注销").click()
    succeeded(page)
    officer.settle()
    expect(page.locator(".page-head .tag").first).to_contain_text("履约完成")
    officer.shoot("external-surrendered")
    expect(page.locator("main")).to_contain_text("注销证明.txt")
    released(emitter, officer, number)
    broken = [*emitter.broken, *officer.broken, *province.broken]
    assert [words for words in broken if "422" not in words] == []


def released(emitter, officer, number: str) -> None:
    """What is left of a claim is released after the other registry unfroze it."""
    page = emitter.open("/applications/new/external_release")
    page.get_by_role("button", name="点击选择").click()
    page.get_by_label(f"选择 {number}").check()
    expect(page.get_by_label(f"选择 {PE25}")).to_be_disabled()
    page.get_by_role("button", name="确定").click()
    page.locator(f'[data-line="{number}"] [data-qty]').fill("200")
    page.get_by_label("释放原因").fill("本年度不再使用。")
    emitter.shoot("external-release")
    emitter.picture("external_ccer-release")
    page.get_by_role("button", name="提交", exact=True).click()
    succeeded(page)
    release = re.search(r"WJ-\d{4}-\d{7}", page.inner_text("h1"))[0]
    page = open_task(officer, release)
    page.get_by_role("radio", name="释放").check()
    page.get_by_role("button", name="确认并释放").click()
    succeeded(page)
    page = emitter.open("/holdings?type=external_ccer")
    expect(page.locator("main")).not_to_contain_text(number)
