"""The inbox worked off by keys, also after a search has swapped the table (W2, ui 02)."""

import pytest
from playwright.sync_api import expect

from tests.pages.conftest import PROVINCE

pytestmark = pytest.mark.browser


def row(page, place: int):
    return page.locator("[data-rows] tbody tr").nth(place)


def test_keys_pick_claim_and_open_and_a_claimed_row_stays_picked(person):
    officer = person(PROVINCE)
    page = officer.open("/inbox")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-count]")).to_have_text("1")
    page.keyboard.press("c")
    expect(row(page, 0).get_by_role("button", name="释放")).to_be_focused()
    expect(row(page, 0)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-count]")).to_have_text("2")
    page.keyboard.press("Enter")
    page.wait_for_url("**/applications/*/tasks/*")


def test_a_search_leaves_selection_and_keys_at_work_and_the_bar_clears_them(person):
    officer = person(PROVINCE)
    page = officer.open("/inbox")
    with page.expect_response(lambda answer: "q=" in answer.url):
        page.fill("#q", "电")
    page.locator("[data-rows]").wait_for()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("x")
    bar = page.get_by_role("region", name="所选任务")
    expect(bar).to_be_visible()
    bar.get_by_role("button", name="取消选择").click()
    expect(bar).to_be_hidden()


def test_after_a_decision_the_next_task_is_one_press_away(market, person):
    officer = person(PROVINCE)
    instance, key = market.task_of("BL")
    page = officer.open(f"/applications/{instance}/tasks/{key}")
    page.check("input[name=verdict][value=approve]")
    page.get_by_role("button", name="确认并通过").click()
    page.get_by_role("link", name="办理下一项").click()
    page.wait_for_url("**/applications/*/tasks/*")
    assert f"/applications/{instance}/" not in page.url
    assert not officer.broken
