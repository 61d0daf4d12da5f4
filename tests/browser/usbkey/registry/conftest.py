"""The whole registry with signatures on and no software signer, the agent, and SoftHSM tokens."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from werkzeug.serving import BaseWSGIServer, make_server

from app.bootstrap import build
from app.domain.clock import SystemClock, local_day
from app.identity.mandates import actor_by_member_no
from app.services.applications import begin
from app.services.demo.market import make_market
from app.services.deployments import deploy_files
from tests.browser.usbkey.conftest import ROOT, WIDE
from tests.browser.usbkey.registry.people import Agent, Member, Registry
from tests.pages.conftest import BUYER, EMITTER, OTHER_EMITTER, PROVINCE, Market
from tests.postgres import Database
from tests.softhsm import Plugged, SoftHsm, softhsm_in
from tests.web.keys import SEED, Keys
from tests.web.site import settings
from usbkey.authority import Authority

MEMBERS = (EMITTER, PROVINCE, OTHER_EMITTER, BUYER)
MANY = 3  # applications of one tonne that wait for a bulk review


@pytest.fixture(scope="module")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftHsm]:
    """A drawer of USBKeys of this module's own."""
    with softhsm_in(tmp_path_factory.mktemp("drawer")) as room:
        yield room


@pytest.fixture(scope="module")
def server() -> Iterator[BaseWSGIServer]:
    """A server that listens before it has anything to serve: the agent must know its address."""
    made = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
    thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture(scope="module")
def usbkeys(softhsm: SoftHsm) -> dict[str, Plugged]:
    """Everybody's USBKey, all plugged in: SoftHSM sees none that is made while it is in use."""
    authority = Authority.derive(SEED, "Test")
    return {member_no: softhsm.plugged(member_no, authority) for member_no in MEMBERS}


@pytest.fixture(scope="module")
def running(
    server: BaseWSGIServer,
    softhsm: SoftHsm,
    usbkeys: dict[str, Plugged],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Agent]:
    """The agent's place, on one port for all tests."""
    assert set(usbkeys) == set(MEMBERS)
    origin = f"http://localhost:{server.server_port}"
    made = Agent(tmp_path_factory.mktemp("agent"), softhsm, origin)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def opened(
    module_database: Database,
    redis_server,
    usbkeys: dict[str, Plugged],
    server: BaseWSGIServer,
    running: Agent,
) -> Registry:
    """The demo market of today, for the agent has the time of today; nobody's key is the server's.

    Its authority is believed and its lists are loaded.
    """
    url = redis_server.url()
    module_database.scene("demo of today", lambda: _play(module_database, url))
    own = {"SIGNATURES": "on", "SOFTWARE_SIGNER": "off", "CAPTCHA": "on"}
    port = {"USBKEY_AGENT_PORT": str(running.port)}
    ctx = build(settings(module_database, url, **own, **port), SystemClock())
    market = Market(ctx, SystemClock())
    server.app = market.app
    return Registry(market, Keys(market, module_database).trusted(), running, usbkeys)


@pytest.fixture
def site(opened: Registry, redis_url: str) -> Registry:
    """The registry, with no attempt counted yet and the agent running, paired with nobody."""
    if opened.agent.process is None:
        opened.agent.start()
    opened.agent.forget()
    return opened


def _play(database: Database, redis_url: str) -> None:
    """The demo, and a few more applications for a bulk review; here the server signs for people."""
    ctx = build(settings(database, redis_url, SIGNATURES="on"), SystemClock())
    deploy_files(ctx)
    make_market(ctx)
    market = Market(ctx, SystemClock())
    with ctx.database.transaction() as tx:
        emitter = actor_by_member_no(tx, EMITTER, local_day(ctx.clock.now()))
    assert emitter is not None
    form = {"lines": [{"instrument": allowance(market), "quantity": "1"}]}
    for _ in range(MANY):
        begin(ctx, emitter, "compliance", market.notice_of("QL"), form, submit=True)
    ctx.database.dispose()


def allowance(market: Market) -> str:
    """The allowances of the demo's year."""
    return str(market.one("SELECT min(code) FROM ledger.instrument WHERE code LIKE 'PE%%'"))


@pytest.fixture
def member(
    chromium: Browser, site: Registry, pytestconfig: pytest.Config, tmp_path: Path
) -> Iterator[Callable[[str], Member]]:
    """Open a browser for a member; nobody is signed in and nothing is paired."""
    contexts = []
    folder = pytestconfig.getoption("--manual-pictures")
    kept = {
        "screens": pytestconfig.getoption("--screens"),
        "pictures": ROOT / folder if folder else None,
    }

    def at_a_browser(member_no: str) -> Member:
        context = chromium.new_context(viewport=WIDE, locale="zh-CN")
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        made = Member(page, site, site=site, member_no=member_no, **kept)
        page.on("console", lambda m: made.broken.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: made.broken.append(str(error)))
        return made

    yield at_a_browser
    for context in contexts:
        context.close()
