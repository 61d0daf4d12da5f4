"""A real browser on a running site with the demo market."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from app.web.session import COOKIE
from tests.browser.access import ask_axe, sideways
from tests.browser.pictures import keep
from tests.pages.conftest import Market, open_market
from tests.postgres import Database

ROOT = Path(__file__).resolve().parents[3]
SCREENS = ROOT / "var" / "test" / "screens"
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

    def carry(self, session: str) -> None:
        """Come in with a session of this person; the form is what tests/browser/shell looks at.

        Signing in once more would end the session in the person's other windows.
        """
        self.page.context.add_cookies([{"name": COOKIE, "value": session, "url": self.address}])

    def sit_down(self) -> None:
        """Begin a test: what an earlier one left is forgotten.

        Its page stays until the test opens another. An empty one between the two would have the
        browser start a process for each.
        """
        if self.page.viewport_size != WIDE:
            self.page.set_viewport_size(WIDE)
        self.broken.clear()

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until a diagram, if there is one, has been drawn."""
        if self.page.query_selector("[data-diagram]"):
            self.page.wait_for_selector("[data-diagram][data-ready]")

    def shoot(self, name: str, *, whole: bool = True) -> None:
        """Keep pictures of the page at both widths for whoever asks for them."""
        if not self.screens:
            return
        SCREENS.mkdir(parents=True, exist_ok=True)
        for size in (WIDE, NARROW):
            self.page.set_viewport_size(size)
            self.page.wait_for_timeout(150)
            self.page.screenshot(path=SCREENS / f"{name}-{size['width']}.png", full_page=whole)
        self.page.set_viewport_size(WIDE)

    def picture(self, name: str) -> None:
        """Keep what the window shows for docs/manual, when `make manual` asks for it."""
        keep(self.page, self.pictures, name)

    def faults_of_access(self) -> list[str]:
        """Return what axe-core finds at both widths, and what is cut off at 390 px."""
        found = [f"{WIDE['width']} {fault}" for fault in ask_axe(self.page).faults]
        self.page.set_viewport_size(NARROW)
        found += [f"{NARROW['width']} {fault}" for fault in ask_axe(self.page).faults]
        wider = sideways(self.page)
        if wider > 0:
            found.append(f"{wider} pixels wider than a window of {NARROW['width']}")
        self.page.set_viewport_size(WIDE)
        return found

    def wider_than_the_window(self) -> int:
        """Return by how many pixels the page must be scrolled sideways at 390 px."""
        self.page.set_viewport_size(NARROW)
        wider = sideways(self.page)
        self.page.set_viewport_size(WIDE)
        return wider


@pytest.fixture(scope="module")
def windows() -> Iterator[dict[tuple[str, str], Person]]:
    """The windows of a module by member and language: opened once, closed at its end.

    A window, a session and the way to it through the form cost more than most tests do in it.
    """
    opened: dict[tuple[str, str], Person] = {}
    yield opened
    for someone in opened.values():
        someone.page.context.close()


@pytest.fixture
def person(
    chromium: Browser,
    market: Market,
    address: str,
    windows: dict[tuple[str, str], Person],
    pytestconfig: pytest.Config,
) -> Callable[..., Person]:
    """Lead a person to their window; asked with a member number they are signed in."""
    folder = pytestconfig.getoption("--manual-pictures")
    pictures = ROOT / folder if folder else None
    screens = pytestconfig.getoption("--screens")

    def lead(member_no: str = "", language: str = "zh-CN") -> Person:
        if (member_no, language) not in windows:
            context = chromium.new_context(viewport=WIDE, locale=language)
            someone = Person(context.new_page(), address, pictures, screens=screens)
            if member_no:
                someone.carry(market.as_(member_no).session_cookie())
            windows[member_no, language] = someone
        windows[member_no, language].sit_down()
        return windows[member_no, language]

    return lead
