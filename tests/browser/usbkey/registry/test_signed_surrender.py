"""From sign-in to posted units with the certificates on two USBKeys (M2, M4, R23, W2, N8)."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding
from playwright.sync_api import expect

from app.cli import main
from app.services.bulk.work import work_one
from tests.browser.usbkey.conftest import faults_of_access
from tests.browser.usbkey.registry.conftest import MANY, allowance
from tests.browser.usbkey.registry.people import Member, Registry
from tests.pages.conftest import EMITTER, PROVINCE

pytestmark = pytest.mark.browser
PRIMARY = "main form button.btn-primary"
REVIEW = "main form:has([name=verdict]) button.btn-primary"
TONNES = 1_200


def first_use(someone: Member) -> None:
    """Sign in with a certificate that nobody has bound yet: the two codes are asked for (M2)."""
    site = someone.site
    someone.show_password()
    someone.at("unpaired")
    someone.look("certificate-unpaired")
    someone.pair()
    someone.look("certificate-ready")
    window, page = someone.press(PRIMARY), someone.page
    for told in (someone.member_no, site.origin):
        expect(window.locator("body")).to_contain_text(told)
    someone.look("window-sign-in", window)
    someone.enter(window, site.tokens[someone.member_no].pin)
    expect(page.get_by_role("alert")).to_contain_text("请输入参考号和授权码")
    someone.at("ready")
    reference, code = site.keys.codes(someone.member_no)
    page.fill("[name=reference]", reference)
    page.fill("[name=code]", code)
    someone.look("certificate-codes")
    someone.picture("usbkey-codes")
    assert faults_of_access(page) == []
    someone.sign(PRIMARY)
    page.wait_for_selector(".who b")


def submit(emitter: Member) -> str:
    """A surrender of allowances, signed; returns its number."""
    market = emitter.site.market
    code = allowance(market)
    page = emitter.go(f"/applications/new/compliance/{market.notice_of('QL')}")
    page.get_by_role("button", name="添加履约标的").click()
    page.get_by_label(f"选择 {code}").check()
    page.get_by_role("button", name="确定").click()
    page.locator(f'[data-line="{code}"] [data-qty]').fill(str(TONNES))
    emitter.at("ready")
    emitter.look("form")
    window = emitter.press("main form button[value=submit]")
    expect(window.locator("body")).to_contain_text(emitter.site.origin)
    expect(window.locator("body")).to_contain_text("1,200")
    expect(window.locator("body")).to_contain_text(code)
    said = window.inner_text("main")
    emitter.look("window-submission", window)
    emitter.look("form-waiting")
    emitter.enter(window, emitter.site.tokens[emitter.member_no].pin)
    expect(page.get_by_role("status").first).to_contain_text("操作成功")
    emitter.settle()
    number = re.search(r"LY-\d{4}-\d{7}", page.inner_text("h1"))[0]
    assert number in said
    return number


def refuse_in_the_window(officer: Member, number: str) -> None:
    """Who refuses there has decided nothing: the task waits, and the page is ready for another."""
    officer.press(REVIEW).click("button[value=refuse]")
    officer.at("refused")
    task = "workflow.task t JOIN workflow.instance i ON i.id = t.instance_id"
    open_tasks = f"SELECT count(*) FROM {task} WHERE i.number = %(n)s"
    assert officer.site.market.one(open_tasks, n=number) == 1


def approve(officer: Member, number: str) -> None:
    """The province's review of one application, signed."""
    page = officer.go("/inbox")
    page.fill("#q", number)
    page.locator("#tasks").get_by_role("link", name=number).click()
    officer.settle()
    page.get_by_role("radio", name="通过").check()
    page.get_by_label("审核意见").fill("数量核对无误，同意。")
    officer.at("ready")
    officer.look("review")
    assert faults_of_access(page) == []
    refuse_in_the_window(officer, number)
    window = officer.press(REVIEW)
    for told in (number, "通过", "数量核对无误，同意。", "1,200"):
        expect(window.locator("body")).to_contain_text(told)
    officer.look("window-review", window)
    officer.picture("usbkey-window", window)
    officer.enter(window, officer.site.tokens[officer.member_no].pin)
    expect(page.get_by_role("status").first).to_contain_text("操作成功")
    officer.settle()
    expect(page.locator(".page-head .tag").first).to_contain_text("履约完成")
    expect(page.get_by_role("region", name="登记流水", exact=True)).to_contain_text("入账")
    officer.look("approved")


@contextmanager
def a_worker(site: Registry) -> Iterator[None]:
    """A worker beside the page."""
    done = threading.Event()

    def work() -> None:
        while not done.wait(0.05):
            work_one(site.market.ctx)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def review_together(officer: Member) -> None:
    """Several tasks, one conclusion, one PIN; each is signed for itself."""
    site = officer.site
    chosen = site.market.rows(
        """SELECT i.number FROM workflow.task t JOIN workflow.instance i ON i.id = t.instance_id
           WHERE t.element_id = 'review_surrender' ORDER BY t.id DESC LIMIT %(n)s""",
        n=MANY,
    )
    page = officer.go("/inbox?step=compliance.review_surrender&q=青岚")
    for (number,) in chosen:
        page.get_by_role("checkbox", name=re.compile(number)).check()
    officer.look("inbox")
    page.locator(".bulk").get_by_role("button", name=re.compile("批量审核")).first.click()
    page.wait_for_url("**/inbox/bulk/prepare*")
    expect(page.locator("input[name=task]")).to_have_count(MANY)
    page.get_by_role("radio", name="通过").check()
    page.fill("textarea[name=opinion]", "同意。")
    officer.at("ready")
    officer.look("bulk")
    window = officer.press("main form:has([name=once]) button.btn-primary")
    expect(window.locator("h1")).to_have_text(f"批量签名 {MANY} 项")
    for (number,) in chosen:
        expect(window.locator(".list")).to_contain_text(number)
    officer.look("window-bulk", window)
    officer.picture("usbkey-batch", window)
    officer.enter(window, site.tokens[officer.member_no].pin)
    page.wait_for_url(re.compile(r"/inbox/bulk/\d+$"))
    with a_worker(site):
        expect(page.get_by_role("heading", name=f"{MANY} 项全部办理")).to_be_visible()
    officer.look("bulk-finished")
    signed = site.market.one(
        """SELECT count(DISTINCT convert_from(s.document, 'UTF8')::jsonb->>'nonce')
           FROM workflow.instance i JOIN workflow.decision d ON d.instance_id = i.id
           JOIN trust.signature s ON s.decision_id = d.id
           WHERE d.element_id = 'review_surrender' AND i.number = ANY (%(n)s)
             AND i.outcome = 'surrendered'""",
        n=[number for (number,) in chosen],
    )
    assert signed == MANY


def evidence_of(someone: Member, folder: Path) -> list[Path]:
    """The evidence files that an application's page hands out."""
    page, files = someone.page, []
    for told in page.locator("summary:has-text('已签名')").all():
        told.click()
    someone.look("signed")
    page.locator("#h-decisions").scroll_into_view_if_needed()
    someone.picture("usbkey-signed")
    for link in page.get_by_role("link", name="下载证据文件").all():
        with page.expect_download() as download:
            link.click()
        files.append(folder / download.value.suggested_filename)
        download.value.save_as(files[-1])
    return files


def verified(folder: Path, files: list[Path], site: Registry) -> None:
    """By the registry's own command and by the one file that needs nothing of the registry."""
    root = folder / "root.pem"
    root.write_bytes(site.keys.authority.root.public_bytes(Encoding.PEM))
    tool = folder / "verify-decision.pyz"
    names = [str(file) for file in files]
    told = CliRunner().invoke(main, ["verify-decision", *names, "--root", str(root)])
    assert told.exit_code == 0, told.output
    assert CliRunner().invoke(main, ["verify-decision", "--tool", str(tool)]).exit_code == 0
    command = [sys.executable, "-I", str(tool), *names, "--root", str(root)]
    alone = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert alone.returncode == 0, alone.stdout + alone.stderr
    for text in (told.output, alone.stdout):
        assert "1,200" in text or "1200" in text
        assert EMITTER in text
        assert PROVINCE in text


@pytest.mark.openssl
def test_a_surrender_is_signed_reviewed_and_posted_with_two_usbkeys(
    site: Registry, member, tmp_path: Path
):
    emitter, officer = member(EMITTER), member(PROVINCE)
    first_use(emitter)
    officer.sign_in()
    number = submit(emitter)
    approve(officer, number)
    posted = site.market.one("SELECT outcome FROM workflow.instance WHERE number = %(n)s", n=number)
    assert posted == "surrendered"
    files = evidence_of(officer, tmp_path)
    assert len(files) == 2
    verified(tmp_path, files, site)
    review_together(officer)
    assert [said for said in emitter.broken + officer.broken if "422" not in said] == []
