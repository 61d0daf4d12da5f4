"""A real browser on a running site with the demo market."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from app.services.demo.market import PASSWORD
from tests.browser.pictures import keep
from tests.pages.conftest import Market, open_market
from tests.postgres import Database

ROOT = Path(__file__).resolve().parents[3]
SCREENS = ROOT / "var" / "test" / "screens"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WIDE, NARROW = {"width": 1366, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def market(module_database: Database, redis_server) -> Market:
    """A market of this module's own."""
    return open_market(module_database, redis_server.url())


@pytest.fixture(scope="module")
def address(market: Market) -> Iterator[str]:
    """The address of a running site."""
    server = make_server("127.0.0.1", 0, market.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


class Person:
    """Somebody at a browser window of their own."""

    def __init__(
        self, page: Page, address: str, pictures: Path | None = None, *, screens: bool = False
    ) -> None:
        self.page, self.address, self.pictures, self.screens = page, address, pictures, screens
        self.broken: list[str] = []
        page.on("console", lambda m: self.broken.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.broken.append(str(error)))

    def sign_in(self, member_no: str) -> "Person":
        self.page.goto(f"{self.address}/sign-in")
        self.page.fill("[name=member_no]", member_no)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("main form button.btn-primary")
        self.page.wait_for_selector(".who b")
        return self

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until a diagram, if there is one, has been drawn."""
        if self.page.query_selector("[data-diagram]"):
            self.page.wait_for_selector("[data-diagram][data-ready]")

    def shoot(self, name: str, *, whole: bool = True) -> None:
        """Let the page lie at both widths; keep pictures of that for whoever asks for them."""
        for size in (WIDE, NARROW):
            self.page.set_viewport_size(size)
            if self.screens:
                SCREENS.mkdir(parents=True, exist_ok=True)
                self.page.wait_for_timeout(150)
                self.page.screenshot(path=SCREENS / f"{name}-{size['width']}.png", full_page=whole)
        self.page.set_viewport_size(WIDE)

    def picture(self, name: str) -> None:
        """Keep what the window shows for docs/manual, when `make manual` asks for it."""
        keep(self.page, self.pictures, name)

    def faults_of_access(self) -> list[str]:
        """Return what axe-core finds at both widths."""
        found: list[str] = []
        for size in (WIDE, NARROW):
            self.page.set_viewport_size(size)
            if not self.page.evaluate("'axe' in window"):
                # Playwright's evaluate runs beside the page's content policy.
                self.page.evaluate(AXE.read_text())
            answer = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            for one in answer["violations"]:
                places = "; ".join(
                    str(n["target"]) + " " + n["html"][:120] for n in one["nodes"][:4]
                )
                found.append(f"{size['width']} {one['id']}: {one['help']} {places}")
        self.page.set_viewport_size(WIDE)
        return found

    def wider_than_the_window(self) -> int:
        """Return by how many pixels the page must be scrolled sideways at 390 px."""
        self.page.set_viewport_size(NARROW)
        wide = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        self.page.set_viewport_size(WIDE)
        return wide


@pytest.fixture
def person(
    chromium: Browser, address: str, pytestconfig: pytest.Config
) -> Iterator[Callable[[str], Person]]:
    """Open a window for a person; asked with a member number it comes signed in."""
    contexts = []
    folder = pytestconfig.getoption("--manual-pictures")
    pictures = ROOT / folder if folder else None
    screens = pytestconfig.getoption("--screens")

    def open_window(member_no: str = "", language: str = "zh-CN") -> Person:
        context = chromium.new_context(viewport=WIDE, locale=language)
        contexts.append(context)
        someone = Person(context.new_page(), address, pictures, screens=screens)
        return someone.sign_in(member_no) if member_no else someone

    yield open_window
    for context in contexts:
        context.close()
