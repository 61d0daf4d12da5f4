"""A list in a real browser: sort by a head, narrow it, go back, take the whole of it away."""

import csv
from pathlib import Path

import pytest

from tests.pages.conftest import EMITTER, PROVINCE

pytestmark = pytest.mark.browser


def test_a_list_is_narrowed_sorted_and_taken_away_as_a_file(market, person):
    officer = person(PROVINCE)
    page = officer.open("/records")
    page.select_option("#status", "open")
    page.wait_for_selector(".chips")
    page.click("th .sort >> text=申请编号")
    assert "status=open" in page.url
    assert "sort=number" in page.url
    assert page.get_attribute("th[aria-sort]", "aria-sort") == "ascending"
    with page.expect_download() as taken:
        page.click("text=导出 CSV")
    assert taken.value.suggested_filename.startswith("申请记录-")
    with Path(taken.value.path()).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    shown = page.locator("td a.nowrap").all_inner_texts()
    assert [row["申请编号"] for row in rows] == shown
    assert shown == sorted(shown)
    officer.shoot("list-narrowed")
    page.click(".chips a >> nth=0")
    assert "status" not in page.url.replace("status=&", "")
    assert officer.broken == []


def test_a_holding_of_a_past_day_is_asked_for_with_the_keyboard(market, person):
    emitter = person(EMITTER)
    page = emitter.open("/holdings")
    page.fill("#date", "2026-11-19")
    page.press("#q", "Enter")
    page.wait_for_selector(".chips")
    assert "该日日终账户中没有持仓" in page.inner_text("main")
    page.click("text=清除全部条件")
    page.wait_for_selector(".pin")
    assert emitter.broken == []
