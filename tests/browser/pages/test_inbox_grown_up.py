"""Bulk review of sixty tasks, what waits for others, comments, an absence: on the pages (W2)."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from app.domain.clock import local_day
from app.identity.mandates import actor_by_member_no
from app.services.applications import begin
from app.services.bulk.work import work_one
from tests.pages.conftest import EMITTER, PROVINCE, REVIEWER

pytestmark = pytest.mark.browser
REVIEWS = "/inbox?step=compliance.review_surrender"
SIXTY = 60


def applied(market, many: int) -> list[int]:
    """So many more applications of one tonne each."""
    with market.ctx.database.transaction() as tx:
        emitter = actor_by_member_no(tx, EMITTER, local_day(market.clock.now()))
    form = {"lines": [{"instrument": "PE2025000118", "quantity": "1"}]}
    notice = market.notice_of("QL")
    return [
        begin(market.ctx, emitter, "compliance", notice, form, submit=True).instance_id
        for _ in range(many)
    ]


@pytest.fixture(scope="module")
def sixty(market) -> list[int]:
    return applied(market, SIXTY)


@contextmanager
def a_worker(market, pause: float = 0.0) -> Iterator[None]:
    """A worker beside the page that takes one task after the other."""
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            work_one(market.ctx)
            time.sleep(pause)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    done.set()
    thread.join()


def fine(someone, name: str, *, whole: bool = True) -> None:
    """Keep a picture; nothing broken, nothing wider than a phone, clean for axe-core."""
    someone.shoot(name, whole=whole)
    # A refused form is a page too; that it was refused, the browser calls an error.
    assert [said for said in someone.broken if "422" not in said] == []
    assert someone.faults_of_access() == []


def test_an_officer_reviews_sixty_tasks_with_one_conclusion(market, person, sixty):
    officer, colleague = person(PROVINCE), person(REVIEWER)
    page = officer.open(REVIEWS)
    header = page.get_by_role("navigation", name="各流程待办")
    expect(header.get_by_role("link")).to_contain_text(["履约清缴"])
    page.get_by_label("选择本页的任务").check()
    expect(page.locator("[data-count]")).to_have_text("20")
    officer.picture("inbox-selected")
    fine(officer, "inbox-selected", whole=False)
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", level=1)).to_contain_text("批量审核")
    expect(page.locator("input[name=task]")).to_have_count(20)
    page.get_by_role("button", name="提交结论").click()
    expect(page.locator("[data-errors]")).to_be_focused()

    page.get_by_role("link", name="取消").click()
    page.wait_for_url("**" + REVIEWS)
    page.get_by_role("button", name="批量审核全部").click()
    page.wait_for_url("**/inbox/bulk/prepare*")
    chosen = page.locator("input[name=task]").count()
    assert chosen >= SIXTY
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)
    fine(officer, "bulk-prepare", whole=False)
    page.get_by_role("radio", name="通过").check()
    page.fill("textarea[name=opinion]", "经审核，申请标的、数量符合履约通知书要求，同意。")
    page.locator("#h-decide").scroll_into_view_if_needed()
    officer.picture("inbox-bulk")
    page.get_by_role("button", name=f"确认并通过 {chosen} 项").click()
    page.wait_for_url("**/inbox/bulk/*")
    expect(page.get_by_role("button", name="停止")).to_be_visible()

    other = colleague.open(f"/applications/{sixty[-1]}/resume")
    other.get_by_role("radio", name="通过").check()
    other.get_by_role("button", name="确认并通过").click()
    expect(other.get_by_role("status").first).to_contain_text("操作成功")

    with a_worker(market, pause=0.03):
        expect(page.locator("#h-progress + .muted")).not_to_have_text(
            f"0 / {chosen} 项", timeout=15_000
        )
        officer.picture("inbox-progress")
        officer.shoot("bulk-progress")
        expect(page.get_by_role("heading", name="批量审核已结束")).to_be_visible(timeout=60_000)
    expect(page.locator("#h-failed")).to_be_visible()
    expect(page.locator(".todo-link b").first).to_have_text("0")
    expect(page.get_by_text("已于")).to_be_visible()
    officer.picture("inbox-finished")
    fine(officer, "bulk-finished")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载结果（CSV）").click()
    assert download.value.suggested_filename.startswith("批量审核")
    approved = market.one(
        """SELECT count(*) FROM workflow.instance
           WHERE outcome = 'surrendered' AND id = ANY (%(i)s)""",
        i=sixty,
    )
    assert approved == SIXTY
    page = officer.open("/inbox/bulk")
    expect(page.get_by_role("row")).to_have_count(2)
    fine(officer, "bulk-index")


def test_an_emitter_sees_whom_its_applications_wait_for(market, person):
    applied(market, 2)
    emitter = person(EMITTER)
    page = emitter.open("/inbox")
    page.get_by_role("link", name="等待他方").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("等待他方")
    emitter.picture("inbox-waiting")
    expect(page.get_by_role("cell", name="省级主管部门").nth(1)).to_be_visible()
    fine(emitter, "inbox-waiting")


def test_colleagues_talk_and_one_takes_over_for_the_other_who_is_away(market, person):
    [instance] = applied(market, 1)
    officer, colleague = person(PROVINCE), person(REVIEWER)
    page = officer.open(f"/applications/{instance}/resume")
    page.get_by_role("button", name="认领", exact=True).click()
    expect(page.get_by_role("button", name="释放认领")).to_be_visible()
    page.fill("textarea[name=comment]", "核查报告第 3 页与数量不一致，请核对。")
    page.get_by_role("button", name="保存留言").click()
    expect(page.get_by_role("status").first).to_contain_text("仅本单位同事可见")
    page.locator("#h-comments").scroll_into_view_if_needed()
    officer.settle()
    officer.picture("inbox-comments")

    page = officer.open("/account/delegation")
    page.select_option("#delegate", index=1)
    today = local_day(market.clock.now()).isoformat()
    page.fill("#from", today)
    page.fill("#to", "2026-11-25")
    page.get_by_role("button", name="保存委托").click()
    expect(page.locator("[data-errors]")).to_be_focused()
    page.fill("#reason", "年假")
    page.get_by_role("button", name="保存委托").click()
    expect(page.get_by_text("生效中")).to_be_visible()
    officer.picture("inbox-delegation")
    fine(officer, "delegation")

    page = colleague.open("/inbox?claimed=deputy")
    row = page.locator("[data-rows] tbody tr").first
    expect(row).to_contain_text("代 ")
    expect(row).to_contain_text("1 条留言")
    row.get_by_role("button", name="接手").click()
    expect(row.get_by_role("button", name="释放")).to_be_focused()
    expect(row).to_contain_text("代 ")
    colleague.picture("inbox-deputy")
    fine(colleague, "inbox-deputy")
    page = officer.open("/account/delegation")
    page.get_by_role("button", name="提前结束").click()
    expect(page.get_by_text("已提前结束")).to_be_visible()
