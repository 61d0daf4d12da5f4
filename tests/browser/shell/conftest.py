"""A served site with one person of each role, looked at through two widths of window."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page
from werkzeug.serving import make_server

from tests.web.site import PASSWORD, Site, open_site, populate

AXE = Path(__file__).resolve().parents[3] / "node_modules" / "axe-core" / "axe.min.js"
WIDE, NARROW = 1366, 390


@pytest.fixture(scope="module")
def served(module_database, redis_server) -> Iterator[tuple[Site, str]]:
    """A site with one person of each role, and its address; captcha on, as in a demonstration."""
    site = open_site(module_database, redis_server.url(), CAPTCHA="on", REGISTRY_ENV="demo")
    populate(site.ctx)
    server = make_server("127.0.0.1", 0, site.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield site, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@dataclass
class Window:
    """One browser window, with what it complained about."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page

    def sign_in(self, member_no: str, password: str = PASSWORD, medium: str = "software") -> Page:
        page = self.go("/sign-in")
        page.check(f"input[name=medium][value={medium}]")
        page.fill("#member_no", member_no)
        page.fill("#password", password)
        page.fill("#captcha", page.inner_text("#captcha-answer"))
        page.click("form .btn-primary")
        page.wait_for_load_state()
        return page

    def hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def barriers(self) -> list[str]:
        """What axe-core finds against WCAG 2.2 AA, and whether the page is wider than the window.

        What the page itself complained about is looked at first: axe adds styles of its own.
        """
        found = list(self.complaints)
        page = self.page
        page.evaluate(AXE.read_text(encoding="utf-8") + ";0")
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert len(result["passes"]) > 5
        for violation in result["violations"]:
            places = [node["html"][:160] for node in violation["nodes"][:3]]
            found.append(f"{violation['id']}: {violation['help']}: {places}")
        wider = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if wider > 0:
            found.append(f"{wider} pixels wider than the window")
        self.complaints.clear()
        return found


@pytest.fixture(params=[WIDE, NARROW])
def window(request: pytest.FixtureRequest, chromium: Browser, served) -> Iterator[Window]:
    """A window at 1366 and at 390 pixels."""
    context = chromium.new_context(
        viewport={"width": request.param, "height": 800}, locale="zh-CN", base_url=served[1]
    )
    opened = Window(context.new_page(), served[1])
    opened.page.on("console", opened.hear)
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    yield opened
    context.close()
