"""Files in a real browser: picked, sent, found again with the draft, saved by the reviewer."""

import pytest

from tests.attachments.conftest import deploy_with_files
from tests.attachments.files import PDF, PNG
from tests.browser.pages.conftest import Market
from tests.pages.conftest import EMITTER, PROVINCE

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def with_files(market: Market, tmp_path_factory) -> Market:
    deploy_with_files(market.ctx, tmp_path_factory.mktemp("forms"))
    return market


def picked(name: str, content: bytes) -> dict:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def test_an_emitter_sends_files_and_the_province_saves_one(with_files, person):
    emitter = person(EMITTER)
    page = emitter.open(f"/applications/new/compliance/{with_files.notice_of('QL')}")
    files = [picked("2025 年度核查报告.pdf", PDF), picked("现场照片.png", PNG)]
    page.set_input_files("#files", files)
    page.click("button[value=save]:not(.visually-hidden)")
    page.wait_for_selector("a:has-text('现场照片.png')")
    emitter.shoot("form-files")
    assert emitter.faults_of_access() == []
    page.click("button[aria-label='移除附件 现场照片.png']")
    page.wait_for_selector("a:has-text('现场照片.png')", state="detached")
    page.click("[data-open]")
    page.check("dialog input[value=PE2025000118]")
    page.click("dialog [data-pick-done]")
    page.fill("[data-line=PE2025000118] [data-qty]", "7")
    page.click("button[value=submit]")
    page.wait_for_selector("#h-attachments")
    emitter.shoot("application-files")
    assert emitter.faults_of_access() == []
    instance = int(page.url.rsplit("/", 1)[1])
    key = with_files.one("SELECT key FROM workflow.task WHERE instance_id = %(i)s", i=instance)
    province = person(PROVINCE)
    page = province.open(f"/applications/{instance}/tasks/{key}")
    with page.expect_download() as saved:
        page.click("a:has-text('2025 年度核查报告.pdf')")
    assert saved.value.suggested_filename == "2025 年度核查报告.pdf"
    assert saved.value.path().read_bytes() == PDF
    province.shoot("review-files")
    assert province.faults_of_access() == []
    assert emitter.broken == province.broken == []


def test_the_opening_page_is_whole_and_accessible(with_files, person):
    emitter = person(EMITTER)
    page = emitter.open("/account/opening-files")
    page.set_input_files("#files", picked("营业执照.pdf", PDF))
    page.click("main form button.btn-primary")
    page.wait_for_selector("a:has-text('营业执照.pdf')")
    emitter.shoot("opening-files")
    assert emitter.broken == []
    assert emitter.faults_of_access() == []
