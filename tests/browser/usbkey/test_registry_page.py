"""The registry's own pages with the agent: from the sign-in to a signed approval (M4, R23, W10)."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from app.services.demo.market import PASSWORD
from tests.browser.usbkey.conftest import PIN, POPUP, SCREENS, WIDE, faults_of_access
from tests.pages.conftest import EMITTER, PROVINCE, Market, open_market
from tests.services.market import superuser
from tests.web.keys import SEED, Keys
from usbkey import seeds
from usbkey.agent.agent import Agent
from usbkey.agent.app import application
from usbkey.agent.origins import Origins
from usbkey.agent.pairings import Pairings
from usbkey.agent.server import bound
from usbkey.software_token import SoftwareToken

pytestmark = pytest.mark.browser


@dataclass
class Place:
    """A registry where everybody signs, and an agent on the machine of its people."""

    market: Market
    address: str
    agent: Agent


def serving(server) -> threading.Thread:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    return thread


@pytest.fixture(scope="module")
def place(module_database, redis_server, tmp_path_factory) -> Iterator[Place]:
    """Both go by the market's clock: its applications are of a day of their own."""
    folder: Path = tmp_path_factory.mktemp("agent")
    token = SoftwareToken(folder / "token")
    agent = Agent(Origins(["http://127.0.0.1:1"]), Pairings(folder / "pairings.json"), token, 0)
    ours = bound(application(agent), 0)
    agent.port = ours.server_port
    market = open_market(
        module_database, redis_server.url(), SIGNATURES="on", USBKEY_AGENT_PORT=str(agent.port)
    )
    agent.now = agent.signs._now = agent.pairs._now = market.clock.now
    with superuser(module_database) as cursor:
        cursor.execute("UPDATE identity.account SET signature_policy = 'decisions'")
    keys = Keys(market, module_database).trusted()
    for member_no in (EMITTER, PROVINCE):
        certificate = x509.load_der_x509_certificate(keys.bound(member_no).certificate)
        key = seeds.p256(SEED, f"member {member_no}")
        token.add(key, certificate, [keys.authority.issuing], PIN)
    server = make_server("127.0.0.1", 0, market.app, threaded=True)
    address = f"http://127.0.0.1:{server.server_port}"
    agent.origins = Origins([address])
    threads = [serving(server), serving(ours)]
    yield Place(market, address, agent)
    for one, thread in zip((server, ours), threads, strict=True):
        one.shutdown()
        one.server_close()
        thread.join()


@dataclass
class Officer:
    """Somebody with a USBKey at a browser of their own."""

    page: Page
    place: Place

    def window(self, press) -> Page:
        """Press a button that opens the agent's window."""
        with self.page.context.expect_page() as opened:
            press()
        opened.value.set_viewport_size(POPUP)
        opened.value.wait_for_selector("#title")
        return opened.value

    def at(self, state: str) -> None:
        self.page.wait_for_selector(f"[data-usbkey-region][data-at='{state}']")

    def sign(self, press) -> str:
        """Sign in the agent's window what a button asks for; return what the window said."""
        window = self.window(press)
        said = window.inner_text("main")
        window.fill("#pin", PIN)
        window.click("button[value=sign]")
        return said

    def sign_in(self, member_no: str) -> "Officer":
        page = self.page
        page.goto(f"{self.place.address}/sign-in")
        page.fill("[name=member_no]", member_no)
        page.fill("[name=password]", PASSWORD)
        page.get_by_label("USBKey").check()
        page.click("main form button.btn-primary")
        self.at("unpaired")
        self.window(lambda: page.click("[data-do=pair]")).click("button[value=allow]")
        self.at("ready")
        said = self.sign(lambda: page.get_by_role("button", name="签名并登录").click())
        assert member_no in said
        assert self.place.address in said
        page.wait_for_selector(".who b")
        return self

    def shoot(self, name: str) -> None:
        SCREENS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENS / f"usbkey-{name}.png", full_page=True)


@pytest.fixture
def officer(chromium: Browser, place: Place) -> Iterator:
    """Who signs in with a USBKey."""
    contexts: list[BrowserContext] = []

    def made(member_no: str) -> Officer:
        contexts.append(chromium.new_context(viewport=WIDE, locale="zh-CN"))
        contexts[-1].set_default_timeout(15000)
        return Officer(contexts[-1].new_page(), place).sign_in(member_no)

    yield made
    for context in contexts:
        context.close()


def test_from_the_sign_in_to_a_signed_approval(officer, place: Place):
    market = place.market
    emitter = officer(EMITTER)
    page = emitter.page
    page.goto(f"{place.address}/applications/new/compliance/{market.notice_of('QL')}")
    page.get_by_role("button", name="添加履约标的").click()
    page.get_by_label("选择 PE2025000118").check()
    page.get_by_role("button", name="确定").click()
    page.locator('[data-line="PE2025000118"] [data-qty]').fill("30000")
    emitter.at("ready")
    emitter.shoot("registry-form")
    said = emitter.sign(lambda: page.get_by_role("button", name="提交", exact=True).click())
    assert "PE2025000118" in said
    assert "30,000" in said
    expect(page.get_by_role("status").first).to_contain_text("操作成功")
    number = re.search(r"LY-\d{4}-\d{7}", page.inner_text("h1"))[0]
    assert number in said

    reviewer = officer(PROVINCE)
    page = reviewer.page
    page.goto(f"{place.address}/inbox")
    page.locator("#tasks").get_by_role("link", name=number).click()
    reviewer.at("ready")
    page.get_by_role("radio", name="通过").check()
    page.get_by_label("审核意见").fill("经审核，同意。")
    reviewer.shoot("registry-review")
    assert faults_of_access(page) == []
    said = reviewer.sign(lambda: page.locator("#decide button.btn-primary").click())
    for text in (number, "通过", "经审核，同意。", "30,000"):
        assert text in said
    page.wait_for_selector("text=操作成功")
    signed = market.one(
        """SELECT count(*) FROM trust.signature s JOIN workflow.decision d ON d.id = s.decision_id
           JOIN workflow.instance i ON i.id = d.instance_id WHERE i.number = %(n)s""",
        n=number,
    )
    assert signed == 2


def test_a_decision_that_is_refused_in_the_window_is_not_taken(officer, place: Place):
    reviewer = officer(PROVINCE)
    page = reviewer.page
    instance, key = place.market.task_of("QL")
    page.goto(f"{place.address}/applications/{instance}/tasks/{key}")
    reviewer.at("ready")
    page.get_by_role("radio", name="通过").check()
    window = reviewer.window(lambda: page.locator("#decide button.btn-primary").click())
    window.click("button[value=refuse]")
    reviewer.at("refused")
    count = "SELECT count(*) FROM workflow.task WHERE instance_id = %(i)s"
    assert place.market.one(count, i=instance) == 1


def test_only_pages_that_sign_may_reach_the_agent(officer, place: Place):
    page = officer(EMITTER).page
    agent = f"connect-src 'self' {place.agent.address}"
    new = f"/applications/new/compliance/{place.market.notice_of('QL')}"
    for path, reaches in (("/home", False), ("/inbox", False), (new, True)):
        answer = page.goto(place.address + path)
        assert answer is not None
        assert (agent in answer.headers["content-security-policy"]) is reaches
