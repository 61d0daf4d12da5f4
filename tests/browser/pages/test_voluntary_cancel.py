"""A voluntary cancellation from draft to certificate, as people meet it (M24, M25, M36, W11)."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from tests.pages.conftest import AUDITOR, EMITTER

pytestmark = pytest.mark.browser

MANAGEMENT = "11000000001"
PE25, CCER = "PE2025000118", "CCER2025000031"


def pick(page, *codes: str) -> None:
    page.get_by_role("button", name="点击选择").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    for code in codes:
        page.get_by_label(f"选择 {code}").check()


def confirm_pick(page) -> None:
    page.get_by_role("button", name="确定").click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def quantity(page, code: str):
    return page.locator(f'[data-line="{code}"] [data-qty]')


def open_task(someone, number: str):
    page = someone.open("/inbox")
    page.locator("#tasks").get_by_role("link", name=number).click()
    someone.settle()
    return page


def test_a_cancellation_goes_from_draft_over_return_to_its_certificate(market, person, tmp_path):
    holder, officer, anybody = person(EMITTER), person(MANAGEMENT), person()

    page = holder.open("/home")
    page.get_by_role("link", name="自愿注销管理").click()
    holder.shoot("cancellation-list")
    page.get_by_role("link", name="自愿注销新增").click()
    pick(page, PE25, CCER)
    holder.shoot("cancellation-pick", whole=False)
    holder.picture("voluntary_cancel-pick")
    confirm_pick(page)
    expect(quantity(page, PE25)).to_be_focused()
    quantity(page, PE25).fill("1200")
    quantity(page, CCER).fill("60")
    expect(page.locator("tfoot [data-total]")).to_have_text("1,260")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("[data-errors]")).to_contain_text("请填写注销原因")
    page.get_by_label("注销原因").fill("公司年会碳中和。")
    page.get_by_label("受益人").fill("青岚热电全体员工")
    page.get_by_label("用途").fill("2026 年年会碳中和")
    holder.shoot("cancellation-form")
    assert holder.faults_of_access() == []
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("已保存")
    expect(page.get_by_label("受益人")).to_have_value("青岚热电全体员工")
    holder.picture("voluntary_cancel-form")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("操作成功")
    holder.settle()
    number = re.search(r"ZX-\d{4}-\d{7}", page.inner_text("h1"))[0]
    expect(page.locator(".djs-element.here")).to_have_attribute(
        "data-element-id", "review_cancellation"
    )
    holder.shoot("cancellation-submitted")

    page = open_task(officer, number)
    expect(page.locator("main")).to_contain_text("公司年会碳中和。")
    page.get_by_role("radio", name="退回").check()
    page.get_by_role("button", name="确认并退回").click()
    expect(page.locator("[data-errors]")).to_contain_text("退回时须填写审核意见")
    page.get_by_role("radio", name="退回").check()
    page.get_by_role("textbox", name="审核意见").fill("请减少 200 吨。")
    page.get_by_role("button", name="确认并退回").click()
    expect(page.get_by_role("status").first).to_contain_text("操作成功")

    page = open_task(holder, number)
    expect(page.get_by_text("请减少 200 吨。").first).to_be_visible()
    expect(quantity(page, PE25)).to_have_value("1,200")
    quantity(page, PE25).fill("1000")
    holder.shoot("cancellation-returned")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("操作成功")

    page = open_task(officer, number)
    page.get_by_role("radio", name="通过").check()
    page.get_by_role("textbox", name="审核意见").fill("材料齐全，同意注销。")
    officer.shoot("cancellation-review")
    officer.picture("voluntary_cancel-review")
    assert officer.faults_of_access() == []
    page.get_by_role("button", name="确认并通过").click()
    expect(page.get_by_role("status").first).to_contain_text("操作成功")
    officer.settle()
    expect(page.locator(".page-head .tag").first).to_contain_text("注销完成")

    page = holder.open("/records/cancellation")
    page.locator("main").get_by_role("link", name=number).click()
    holder.settle()
    holder.shoot("cancellation-certificate")
    holder.picture("voluntary_cancel-certificate")
    assert holder.faults_of_access() == []
    with page.expect_download() as download:
        page.get_by_role("link", name="下载证书（PDF）").click()
    paper = tmp_path / "certificate.pdf"
    download.value.save_as(paper)
    assert download.value.suggested_filename.startswith("自愿注销证书-ZXZS-")
    said = read(paper)
    for words in (
        "1,060 吨",
        "青岚热电有限公司",
        "青岚热电全体员工",
        "2026 年年会碳中和",
        PE25,
        CCER,
    ):
        assert words in said

    address = re.search(r"http://\S+/certificates/(ZXZS-\d{4}-\d{7})", said)
    page = anybody.open(f"/certificates/{address[1]}")
    expect(page.locator("main")).to_contain_text("证书有效")
    expect(page.locator("main")).to_contain_text("1,060")
    expect(page.locator("main")).not_to_contain_text("青岚热电全体员工")
    anybody.shoot("certificate-public")
    anybody.picture("voluntary_cancel-public")
    assert anybody.faults_of_access() == []

    page = person(AUDITOR).open(f"/applications/{market.one(INSTANCE, number=number)}")
    expect(page.get_by_role("link", name="下载证书（PDF）")).to_be_visible()
    expect(page.get_by_role("button", name="提交")).to_have_count(0)
    refused = ("422",)  # what was left out on purpose
    broken = [*holder.broken, *officer.broken, *anybody.broken]
    assert [words for words in broken if not any(code in words for code in refused)] == []


INSTANCE = "SELECT id FROM workflow.instance WHERE number = %(number)s"


def read(paper: Path) -> str:
    text = PdfReader(BytesIO(paper.read_bytes())).pages[0].extract_text()
    return re.sub(r"[ \t\n]+", " ", text)


def test_a_submitted_cancellation_is_withdrawn_and_discarded(person):
    holder = person(EMITTER)
    page = holder.open("/applications/new/voluntary_cancel")
    pick(page, PE25)
    confirm_pick(page)
    quantity(page, PE25).fill("10")
    page.get_by_label("注销原因").fill("公益。")
    page.get_by_role("button", name="提交", exact=True).click()
    holder.settle()
    page.get_by_text("撤回", exact=True).first.click()
    page.get_by_role("button", name="确认撤回").click()
    expect(page.get_by_role("status").first).to_contain_text("已撤回")
    page.get_by_text("作废", exact=True).first.click()
    page.get_by_role("button", name="确认作废").click()
    expect(page.get_by_role("status").first).to_contain_text("已作废")
    assert holder.broken == []


def test_an_unknown_certificate_is_a_page_in_plain_words(person):
    anybody = person()
    page = anybody.open("/certificates/ZXZS-2026-9999999")
    expect(page.locator("main")).to_contain_text("没有这个编号的证书")
    assert anybody.faults_of_access() == []
