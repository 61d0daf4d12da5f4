"""A change of account data from the form to what is in force, as people meet it (M5, M37, W3)."""

import re

import pytest
from playwright.sync_api import expect

from app.domain.credit_code import check_character
from tests.pages.conftest import AUDITOR, EMITTER, PROVINCE

pytestmark = pytest.mark.browser

CODE = "91330100MA2ABCDE7"


def open_task(someone, number: str):
    page = someone.open("/inbox")
    page.locator("#tasks").get_by_role("link", name=number).click()
    someone.settle()
    return page


def menu_entry(page, group: str, name: str) -> None:
    page.locator(".menu").get_by_text(group, exact=True).click()
    page.locator(".menu").get_by_role("link", name=name, exact=True).click()


def changed(page) -> list[str]:
    return page.locator("table.compared").first.locator("tr.at th").all_inner_texts()


def test_a_change_goes_from_the_form_over_a_return_into_force(person, tmp_path):
    holder, officer = person(EMITTER), person(PROVINCE)

    page = holder.open("/home")
    menu_entry(page, "账户管理", "账户信息修改")
    expect(page.get_by_label("单位名称", exact=True)).to_have_value("青岚热电有限公司")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("[data-errors]")).to_contain_text("请填写修改原因")
    page.get_by_label("修改原因").fill("单位更名，联系人变更。")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("[data-errors]")).to_contain_text("没有需要修改的内容")
    page.get_by_label("单位名称", exact=True).fill("青岚综合能源有限公司")
    page.get_by_label("统一社会信用代码").fill(CODE + check_character(CODE))
    page.get_by_label("所属行业").select_option("other")
    page.get_by_label("联系电话").fill("")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("[data-errors]")).to_contain_text("请填写联系电话")
    page.get_by_label("联系电话").fill("0571-12345678")
    licence = tmp_path / "营业执照.txt"
    licence.write_text("营业执照副本", encoding="utf-8")
    page.get_by_label("证明材料").set_input_files(licence)
    holder.shoot("account-change-form")
    assert holder.faults_of_access() == []
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("已保存")
    expect(page.get_by_label("所属行业")).to_have_value("other")
    holder.picture("account_change-form")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("操作成功")
    holder.settle()
    number = re.search(r"XG-\d{4}-\d{7}", page.inner_text("h1"))[0]
    expect(page.locator(".djs-element.here")).to_have_attribute("data-element-id", "review_change")
    assert changed(page) == ["单位名称", "统一社会信用代码", "所属行业", "联系电话"]
    holder.shoot("account-change-submitted")

    page = holder.open("/account")
    expect(page.locator("#h-data").locator("xpath=../..")).to_contain_text("青岚热电有限公司")

    page = open_task(officer, number)
    expect(page.locator("main")).to_contain_text("营业执照.txt")
    expect(page.locator("table.compared b").first).to_have_text("青岚综合能源有限公司")
    page.get_by_role("radio", name="退回").check()
    page.get_by_role("textbox", name="审核意见").fill("所属行业应为发电，请改正。")
    page.get_by_role("button", name="确认并退回").click()
    expect(page.get_by_role("status").first).to_contain_text("操作成功")

    page = open_task(holder, number)
    expect(page.get_by_text("所属行业应为发电，请改正。").first).to_be_visible()
    expect(page.get_by_label("单位名称", exact=True)).to_have_value("青岚综合能源有限公司")
    page.get_by_label("所属行业").select_option("power")
    holder.shoot("account-change-returned")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("操作成功")

    page = open_task(officer, number)
    assert changed(page) == ["单位名称", "统一社会信用代码", "联系电话"]
    page.get_by_role("radio", name="通过").check()
    officer.shoot("account-change-review")
    officer.picture("account_change-review")
    assert officer.faults_of_access() == []
    page.get_by_role("button", name="确认并通过").click()
    expect(page.get_by_role("status").first).to_contain_text("操作成功")
    officer.settle()
    expect(page.locator(".page-head .tag").first).to_contain_text("修改完成")

    page = holder.open("/account")
    expect(page.locator("#h-data").locator("xpath=../..")).to_contain_text("青岚综合能源有限公司")
    holder.shoot("account-data")
    holder.picture("account_change-account")
    assert holder.faults_of_access() == []
    page.get_by_role("link", name=number).click()
    holder.settle()
    assert changed(page) == ["单位名称", "统一社会信用代码", "联系电话"]
    page.locator("details", has_text="提交的修改内容").locator("summary").click()
    holder.shoot("account-change-history")
    assert holder.faults_of_access() == []

    page = person(AUDITOR, "en").open("/history?q=" + number)
    page.get_by_role("link", name=number, exact=True).click()
    expect(page.locator("table.compared").first).to_contain_text("Unified social credit code")
    expect(page.get_by_role("button", name="Submit")).to_have_count(0)
    broken = [*holder.broken, *officer.broken]
    assert [words for words in broken if "422" not in words] == []  # what was left out on purpose
