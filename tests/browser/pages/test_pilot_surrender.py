"""CCER for a pilot region through the pages: enterprise, pilot, nation, pilot (S22, S26, W21)."""

import hashlib
import re

import pytest
from playwright.sync_api import expect

from tests.browser.pages.test_voluntary_cancel import confirm_pick, open_task, pick, quantity

pytestmark = pytest.mark.browser

ENTERPRISE, OFFICER, NATION = "18000000001", "31000000031", "10000000001"
CCER = "CCER2025000031"


def done(page, words: str = "操作成功") -> None:
    expect(page.get_by_role("status").first).to_contain_text(words)


def review(someone, number: str, verdict: str, opinion: str, word: str) -> None:
    page = open_task(someone, number)
    page.get_by_role("radio", name=verdict).check()
    page.get_by_role("textbox", name="审核意见").fill(opinion)
    page.get_by_role("button", name=word).click()
    done(page)
    someone.settle()


def test_a_surrender_goes_through_every_hand_to_the_pilots_registry(market, person, tmp_path):
    enterprise, officer, nation = person(ENTERPRISE), person(OFFICER), person(NATION)

    page = enterprise.open("/pilots")
    enterprise.shoot("pilots")
    enterprise.picture("ccer_pilot_surrender-pilots")
    assert enterprise.faults_of_access() == []
    page.get_by_role("link", name="向上海试点上缴").click()
    pick(page, CCER)
    enterprise.shoot("pilot-pick", whole=False)
    confirm_pick(page)
    expect(page.locator("main")).to_contain_text("基数 40,000 吨 · 已注销 500 吨 · 待审核 150 吨")
    quantity(page, CCER).fill("400")
    page.get_by_label("履约年度").fill("2025")
    enterprise.picture("ccer_pilot_surrender-form")
    page.get_by_label("履约年度").fill("")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("[data-errors]")).to_contain_text("请填写履约年度")
    page.get_by_label("履约年度").fill("2025")
    enterprise.shoot("pilot-form")
    assert enterprise.faults_of_access() == []
    page.get_by_role("button", name="提交", exact=True).click()
    done(page)
    enterprise.settle()
    number = re.search(r"SD-\d{4}-\d{7}", page.inner_text("h1"))[0]
    here = page.locator(".djs-element.here")
    expect(here).to_have_attribute("data-element-id", "review_pilot_surrender")
    enterprise.shoot("pilot-submitted")

    page = open_task(officer, number)
    expect(page.locator("main")).to_contain_text("500 + 150 + 400 = 1,050 ≤ 2,000（5 % × 40,000）")
    officer.shoot("pilot-review")
    page.locator("#h-checks").scroll_into_view_if_needed()
    officer.picture("ccer_pilot_surrender-review")
    assert officer.faults_of_access() == []
    page.get_by_role("radio", name="驳回").check()
    page.get_by_role("button", name="确认并驳回").click()
    expect(page.locator("[data-errors]")).to_contain_text("驳回时须写明原因")
    review(officer, number, "驳回", "请减少 100 吨。", "确认并驳回")

    page = open_task(enterprise, number)
    expect(page.get_by_text("请减少 100 吨。").first).to_be_visible()
    expect(quantity(page, CCER)).to_have_value("400")
    quantity(page, CCER).fill("300")
    enterprise.shoot("pilot-rejected")
    page.get_by_role("button", name="提交", exact=True).click()
    done(page)

    review(officer, number, "通过", "符合本试点抵消规则，同意。", "确认并通过")
    page = open_task(nation, number)
    nation.shoot("pilot-cancel")
    nation.picture("ccer_pilot_surrender-cancel")
    assert nation.faults_of_access() == []
    review(nation, number, "注销", "同意注销。", "确认并注销")

    page = officer.open("/inbox")
    page.locator("#tasks").get_by_role("link", name=number).click()
    expect(page).to_have_url(re.compile("/pilots/exports$"))
    page.get_by_label(f"选择 {number}").check()
    officer.shoot("pilot-exports")
    officer.picture("ccer_pilot_surrender-exports")
    assert officer.faults_of_access() == []
    page.get_by_role("button", name="导出所选").click()
    done(page, "已导出为 SDDC-")
    officer.shoot("pilot-export")
    officer.picture("ccer_pilot_surrender-export")
    assert officer.faults_of_access() == []
    for form in ("CSV", "XLSX", "JSON"):
        with page.expect_download() as download:
            page.get_by_role("link", name=f"下载 {form}").click()
        file = tmp_path / download.value.suggested_filename
        download.value.save_as(file)
        with page.expect_download() as download:
            page.get_by_role("link", name=f"{form} 文件的 .sha256 校验文件").click()
        side = tmp_path / download.value.suggested_filename
        download.value.save_as(side)
        digest, name = side.read_text().split()
        assert (name, digest) == (file.name, hashlib.sha256(file.read_bytes()).hexdigest())

    page = open_task(officer, number)
    page.get_by_role("radio", name="已接受").check()
    page.get_by_label("试点登记簿凭证编号").fill("SHDJ-0099")
    officer.shoot("pilot-outcome")
    assert officer.faults_of_access() == []
    page.get_by_role("button", name="确认并已接受").click()
    done(page)

    page = enterprise.open("/records/pilot")
    page.locator("main").get_by_role("link", name=number).click()
    enterprise.settle()
    expect(page.locator(".page-head .tag").first).to_contain_text("试点登记簿已接受")
    expect(page.locator("main")).to_contain_text("SHDJ-0099")
    enterprise.shoot("pilot-accepted")
    enterprise.picture("ccer_pilot_surrender-accepted")
    assert enterprise.faults_of_access() == []
    said = (*enterprise.broken, *officer.broken, *nation.broken)
    assert [line for line in said if "422" not in line] == []


def test_bases_are_uploaded_and_errors_are_listed_by_line(market, person, tmp_path):
    officer = person(OFFICER)
    page = officer.open("/pilots/bases")
    file = tmp_path / "bases.csv"
    file.write_text("年度,单位代码,基数（吨）\n2024,PILOTCO,x\n2024,NOBODY,5\n")
    page.get_by_label("CSV 文件").set_input_files(file)
    page.get_by_role("button", name="上传").click()
    expect(page.locator("[data-errors]")).to_be_focused()
    expect(page.locator("[data-errors]")).to_contain_text("第 2 行")
    officer.shoot("pilot-bases-refused")
    assert officer.faults_of_access() == []
    file.write_text("年度,单位代码,基数（吨）\n2024,PILOTCO,31000\n")
    page.get_by_label("CSV 文件").set_input_files(file)
    page.get_by_role("button", name="上传").click()
    done(page)
    expect(page.locator("main")).to_contain_text("31,000")
    officer.shoot("pilot-bases")
    officer.picture("ccer_pilot_surrender-bases")
    assert officer.faults_of_access() == []
    assert [line for line in officer.broken if "422" not in line] == []
