"""A served site with one person of each role, looked at through two widths of window."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page
from werkzeug.serving import make_server

from app.db import Transaction
from app.services.entering import enter
from app.web.session import COOKIE
from tests.browser.access import ask_axe, sideways
from tests.web.site import PASSWORD, Site, open_site, populate

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
    site: Site
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page

    def sign_in(self, member_no: str, password: str = PASSWORD, medium: str = "software") -> Page:
        """Come in by the form."""
        page = self.go("/sign-in")
        page.check(f"input[name=medium][value={medium}]")
        page.fill("#member_no", member_no)
        page.fill("#password", password)
        page.fill("#captcha", page.inner_text("#captcha-answer"))
        page.click("form .btn-primary")
        page.wait_for_load_state()
        return page

    def enter_as(self, member_no: str, path: str) -> Page:
        """Begin at a page of somebody who has signed in: the form is what other tests look at."""
        with self.site.ctx.database.transaction() as tx:
            entered = enter(tx, person_of(tx, member_no), "127.0.0.1", self.site.ctx.clock.now())
        cookie = {"name": COOKIE, "value": entered.token, "url": self.address}
        self.page.context.add_cookies([cookie])
        return self.go(path)

    def hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def barriers(self) -> list[str]:
        """What axe-core finds against WCAG 2.2 AA, and whether the page is wider than the window.

        What the page itself complained about is looked at first: axe adds styles of its own.
        """
        found = list(self.complaints)
        answer = ask_axe(self.page)
        assert answer.passed > 5
        found += answer.faults
        wider = sideways(self.page)
        if wider > 0:
            found.append(f"{wider} pixels wider than the window")
        self.complaints.clear()
        return found


def person_of(tx: Transaction, member_no: str) -> int:
    """Return the person with a member number."""
    return tx.one("SELECT id FROM identity.person WHERE member_no = %(n)s", {"n": member_no})[0]


@pytest.fixture(scope="module")
def opened(chromium: Browser, served: tuple[Site, str]) -> Iterator[Callable[[int], Window]]:
    """The windows by width. They stay open: to open one costs more than most tests do in it."""
    windows: dict[int, Window] = {}

    def open_window(width: int) -> Window:
        context = chromium.new_context(
            viewport={"width": width, "height": 800}, locale="zh-CN", base_url=served[1]
        )
        window = Window(context.new_page(), served[1], served[0])
        window.page.on("console", window.hear)
        window.page.on("pageerror", lambda error: window.complaints.append(str(error)))
        return window

    yield lambda width: windows.get(width) or windows.setdefault(width, open_window(width))
    for window in windows.values():
        window.page.context.close()


@pytest.fixture(params=[WIDE, NARROW])
def window(request: pytest.FixtureRequest, opened: Callable[[int], Window]) -> Window:
    """A window at 1366 and at 390 pixels, at which nobody has signed in."""
    window = opened(request.param)
    window.page.context.clear_cookies()
    window.complaints.clear()
    return window
