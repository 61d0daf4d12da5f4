"""A surrender from draft to posted units, as its people meet it (M14, M15, M35)."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.pages.conftest import Person
from tests.pages.conftest import AUDITOR, EMITTER, PROVINCE, REVIEWER

pytestmark = pytest.mark.browser


def pick(page, *codes: str) -> None:
    page.get_by_role("button", name="添加履约标的").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    for code in codes:
        page.get_by_label(f"选择 {code}").check()
    page.get_by_role("button", name="确定").click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def type_quantity(page, code: str, quantity: str) -> None:
    page.locator(f'[data-line="{code}"] [data-qty]').fill(quantity)


def submit(someone, market, **quantities: str):
    page = someone.open(f"/applications/new/compliance/{market.notice_of('QL')}")
    codes = {"allowance": "PE2025000118", "ccer": "CCER2025000031"}
    pick(page, *(codes[name] for name in quantities))
    for name, quantity in quantities.items():
        type_quantity(page, codes[name], quantity)
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("操作成功")
    someone.settle()
    return page


def test_an_emitter_submits_the_province_approves_and_units_are_posted(market, person):
    emitter, officer = person(EMITTER), person(PROVINCE)
    page = emitter.open(f"/applications/new/compliance/{market.notice_of('QL')}")
    pick(page, "PE2025000118", "CCER2025000031")
    emitter.shoot("form-filled", whole=False)
    expect(page.locator('[data-line="PE2025000118"] [data-qty]')).to_be_focused()
    type_quantity(page, "PE2025000118", "30000")
    type_quantity(page, "CCER2025000031", "600")
    expect(page.locator("tfoot [data-total]")).to_have_text("30,600")
    expect(page.locator("[data-state]")).to_have_text("可以提交")
    expect(page.locator("[data-left]")).to_have_text("70,000")
    emitter.picture("compliance-form")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("操作成功")
    number = re.search(r"LY-\d{4}-\d{7}", page.inner_text("h1"))[0]
    emitter.settle()
    expect(page.locator(".djs-element.here")).to_have_count(1)

    page = officer.open("/inbox")
    page.locator("#tasks").get_by_role("link", name=number).click()
    officer.settle()
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)
    page.get_by_role("radio", name="通过").check()
    expect(page.locator("[data-echo=verdict]")).to_have_text("通过")
    page.get_by_label("审核意见").fill("数量核对无误，同意。")
    expect(page.locator("[data-echo=opinion]")).to_have_text("数量核对无误，同意。")
    officer.picture("compliance-review")
    page.get_by_role("button", name="确认并通过").click()
    expect(page.get_by_role("status").first).to_contain_text("操作成功")
    officer.settle()
    expect(page.locator(".page-head .tag").first).to_contain_text("履约完成")
    expect(page.get_by_role("region", name="登记流水", exact=True)).to_contain_text("入账")
    officer.shoot("approved")

    page = emitter.open("/compliance")
    expect(page.locator(".figures").first).to_contain_text("290,600")
    emitter.picture("compliance-notice")
    assert emitter.broken == officer.broken == []


def test_a_returned_application_is_corrected_and_submitted_again(market, person):
    emitter, officer = person(EMITTER), person(PROVINCE)
    page = submit(emitter, market, allowance="1,200")
    number = re.search(r"LY-\d{4}-\d{7}", page.inner_text("h1"))[0]

    page = officer.open("/inbox")
    page.locator("#tasks").get_by_role("link", name=number).click()
    page.get_by_role("radio", name="退回").check()
    page.get_by_role("button", name="确认并退回").click()
    expect(page.locator("[data-errors]")).to_be_focused()
    expect(page.locator("[data-errors]")).to_contain_text("退回时须填写审核意见")
    officer.shoot("review-refused")
    assert officer.faults_of_access() == []
    page.get_by_role("radio", name="退回").check()
    page.get_by_label("审核意见").fill("请减少 200 吨。")
    page.get_by_role("button", name="确认并退回").click()
    expect(page.get_by_role("status").first).to_contain_text("操作成功")

    page = emitter.open("/inbox")
    expect(page.locator(".who")).to_be_visible()
    page.locator("#tasks").get_by_role("link", name=number).click()
    emitter.settle()
    expect(page.get_by_text("请减少 200 吨。").first).to_be_visible()
    emitter.shoot("form-returned")
    assert emitter.faults_of_access() == []
    type_quantity(page, "PE2025000118", "1000")
    page.get_by_role("button", name="提交", exact=True).click()
    emitter.settle()
    expect(page.locator(".timeline")).to_contain_text("第 2 次")
    expect(page.locator(".page-head .tag").first).to_contain_text("待审核")

    page.get_by_text("撤回", exact=True).first.click()
    page.get_by_role("button", name="确认撤回").click()
    expect(page.get_by_role("status").first).to_contain_text("已撤回")
    page.get_by_text("作废", exact=True).first.click()
    page.get_by_role("button", name="确认作废").click()
    expect(page.get_by_role("status").first).to_contain_text("已作废")
    assert emitter.broken == []


def test_all_findings_are_listed_at_once_with_links_to_their_fields(market, person):
    emitter = person(EMITTER)
    page = emitter.open(f"/applications/new/compliance/{market.notice_of('QL')}")
    pick(page, "PE2025000118", "CCER2025000031")
    type_quantity(page, "PE2025000118", "999,999")
    type_quantity(page, "CCER2025000031", "13,999")
    expect(page.locator("[data-state]")).to_contain_text("处须修改")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("[data-errors]")).to_be_focused()
    for code in ("2004", "3001", "3003"):
        expect(page.locator("[data-errors]")).to_contain_text(code)
    expect(page.locator('[data-line="PE2025000118"] [data-qty]')).to_have_value("999,999")
    emitter.shoot("form-errors")
    assert emitter.faults_of_access() == []
    page.get_by_role("link", name=re.compile("2004")).first.click()
    expect(page.locator('[data-line="PE2025000118"] [data-qty]')).to_be_focused()


def test_the_second_of_two_reviewers_learns_who_was_first_and_keeps_the_opinion(market, person):
    first, second = person(PROVINCE), person(REVIEWER)
    instance, key = market.task_of("BZ")
    path = f"/applications/{instance}/tasks/{key}"
    pages = [first.open(path), second.open(path)]
    for page, words in zip(pages, ("同意。", "数量须再核对。"), strict=True):
        page.get_by_role("radio", name="通过").check()
        page.get_by_label("审核意见").fill(words)
    for page in pages:
        page.get_by_role("button", name="确认并通过").click()
    expect(pages[0].get_by_role("status").first).to_contain_text("操作成功")
    expect(pages[1].locator("main")).to_contain_text("这项任务已由 周敏")
    expect(pages[1].locator("#kept")).to_have_text("数量须再核对。")
    second.settle()
    second.shoot("conflict")
    assert second.faults_of_access() == []


def test_a_draft_is_saved_found_again_and_submitted(market, person):
    emitter = person(EMITTER)
    page = emitter.open(f"/applications/new/compliance/{market.notice_of('QL')}")
    pick(page, "PE2025000118")
    type_quantity(page, "PE2025000118", "5,000,000")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("已保存")
    expect(page.locator('[data-line="PE2025000118"] [data-qty]')).to_have_value("5,000,000")
    page = emitter.open("/home")
    page.locator("#h-drafts").locator("..").locator("..").get_by_role("link").first.click()
    expect(page.locator('[data-line="PE2025000118"] [data-qty]')).to_have_value("5,000,000")


def test_the_inbox_is_worked_with_keys_and_claims_without_a_new_page(market, person):
    officer = person(PROVINCE)
    page = officer.open("/inbox")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("tbody tr.at")).to_have_count(1)
    page.keyboard.press("x")
    expect(page.locator(".bulk")).to_be_visible()
    officer.shoot("inbox-selected", whole=False)
    assert officer.faults_of_access() == []
    page.keyboard.press("x")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    row = page.locator("tbody tr").first
    row.get_by_role("button", name=re.compile("^认领")).click()
    expect(page.locator("tbody tr").first).to_contain_text("周敏")
    expect(page.locator("#live")).to_have_text("已认领。")
    page.locator("tbody tr").first.get_by_role("button", name=re.compile("释放")).click()
    expect(page.locator("tbody tr").first.get_by_role("button")).to_have_text("认领")
    page.fill("#q", "东浦")
    expect(page.locator("#tasks tbody tr")).to_have_count(1)
    assert officer.broken == []


def test_everything_works_without_scripts(market, address, chromium):
    context = chromium.new_context(java_script_enabled=False, locale="zh-CN")
    emitter = Person(context.new_page(), address)
    emitter.carry(market.as_(EMITTER).session_cookie())
    page = emitter.page
    page.goto(f"{address}/applications/new/compliance/{market.notice_of('QL')}")
    page.locator('input[name=add][value="PE2025000118"]').check()
    page.get_by_role("button", name="添加", exact=True).click()
    type_quantity(page, "PE2025000118", "3")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("操作成功")
    page.goto(f"{address}/inbox?q=nothing")
    expect(page.locator("main")).to_contain_text("没有符合条件的任务")
    context.close()


def test_the_scope_opens_beside_the_notice_and_closes_with_escape(market, person):
    emitter = person(EMITTER)
    page = emitter.open("/compliance")
    page.get_by_role("link", name="履约范围").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("应履约量的 5 %")
    expect(page.get_by_role("dialog")).to_contain_text("PE2025000118")
    emitter.shoot("scope-dialog", whole=False)
    assert emitter.faults_of_access() == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert emitter.broken == []


def test_the_history_is_replayed_step_by_step_on_the_drawing(market, person):
    auditor = person(AUDITOR)
    page = auditor.open(f"/applications/{market.first_of('ZY')}")
    here = page.locator(".djs-element.here")
    expect(here).to_have_attribute("data-element-id", "review_surrender")
    page.get_by_role("button", name="上一步").click()
    expect(here).to_have_attribute("data-element-id", "fill_surrender")
    expect(page.locator("[data-words]")).to_contain_text("退回")
    page.get_by_role("button", name="上一步").click()
    expect(here).to_have_attribute("data-element-id", "review_surrender")
    page.get_by_role("button", name="上一步").click()
    expect(here).to_have_attribute("data-element-id", "fill_surrender")
    expect(page.locator("[data-words]")).to_contain_text("开始申请")
    expect(page.get_by_role("button", name="上一步")).to_be_disabled()
    auditor.shoot("replay")
    assert auditor.faults_of_access() == []
    assert auditor.broken == []
