"""A page of another origin that signs, the real agent, and a software token, in a real browser."""

import base64
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, jsonify, render_template_string, request
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from app.web.asset_files import asset
from app.web.headers import DIRECTIVES
from tests.browser.access import ask_axe, sideways
from tests.usbkey.agent_site import AUTHORITY, MEMBER, SEED, decision, key_of, sign_in
from usbkey import seeds
from usbkey.agent.pairings import Pairings, new_secret
from usbkey.software_token import SoftwareToken

ROOT = Path(__file__).resolve().parents[3]
SCREENS = ROOT / "var" / "test" / "screens"
WIDE, NARROW, POPUP = (
    {"width": 1366, "height": 900},
    {"width": 390, "height": 844},
    {"width": 640, "height": 780},
)
PIN = "81-mulberry"
PAGE = """<!doctype html><html lang="{{ lang }}"><head><meta charset="utf-8"><title>登记</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="{{ asset('dist/registry.css') }}">
<script src="{{ asset('dist/registry.js') }}" defer></script></head><body><main>
{% import "macros/usbkey.html" as u %}<h1>登记</h1>
{{ u.usbkey(origin, member, fingerprint) }}
<form id="decide" method="post" action="/done" data-usbkey="decision" data-prepare="/prepare">
<label for="opinion">意见</label><textarea id="opinion" name="opinion">同意。</textarea>
<input type="hidden" name="count" value="{{ count }}">
<button class="btn btn-primary" name="verdict" value="approve">提交</button>
<button class="btn btn-plain" name="draft" value="yes" data-unsigned>保存</button></form>
<form id="sign-in" method="post" action="/done" data-usbkey="sign-in"
data-document="{{ document }}">
<button class="btn btn-plain">登录</button></form></main></body></html>"""


@dataclass
class Registry:
    """A small stand-in for the registry's pages; what it received is kept."""

    port: int = 0
    agent_port: int = 0
    prepared: list[bytes] = field(default_factory=list)
    received: list[dict[str, list[str]]] = field(default_factory=list)
    needed: bool = True
    refuses: bool = False

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"


def small_registry(registry: Registry) -> Flask:
    """One page with the registry's own macro, script and policy."""
    app = Flask("app.web", static_url_path="/static")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters["label"] = str
    app.jinja_env.globals.update(
        asset=asset, _=lambda text, **_: text, signs_here=lambda: registry.agent_port
    )

    @app.get("/")
    def page() -> str:
        document = base64.b64encode(sign_in(origin=registry.origin)).decode()
        asked = {name: request.args.get(name, "") for name in ("member", "fingerprint")}
        return render_template_string(
            PAGE,
            origin=registry.origin,
            document=document,
            count=request.args.get("count", "1"),
            lang=request.args.get("lang", "zh-CN"),
            **asked,
        )

    @app.post("/prepare")
    def prepare() -> Any:
        if registry.refuses:
            return "<p>意见有误</p>", 422
        made = [
            decision(
                origin=registry.origin,
                opinion=request.form["opinion"],
                verdict=request.form["verdict"],
                instance=f"LY-2026-{n:07}",
            )
            for n in range(int(request.form["count"]))
        ]
        registry.prepared = made
        told = {"documents": [base64.b64encode(one).decode() for one in made]}
        return jsonify(told if registry.needed else {"needed": False})

    @app.post("/done")
    def done() -> str:
        registry.received.append(request.form.to_dict(flat=False))
        head = "<!doctype html><link rel=icon href='data:,'><title>done</title>"
        return f"{head}<h1 id=done>操作成功</h1>"

    @app.after_request
    def strict(answer: Any) -> Any:
        policy = "; ".join(f"{name} {sources}" for name, sources in DIRECTIVES.items())
        agent = f"connect-src 'self' http://127.0.0.1:{registry.agent_port}"
        answer.headers["Content-Security-Policy"] = f"{policy}; {agent}"
        answer.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        return answer

    return app


@pytest.fixture(scope="module")
def stand_in() -> Iterator[Registry]:
    """The running stand-in of a module."""
    made = Registry()
    server = make_server("127.0.0.1", 0, small_registry(made), threaded=True)
    made.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def registry(stand_in: Registry) -> Registry:
    """The stand-in, with nothing prepared or received yet."""
    stand_in.prepared, stand_in.received = [], []
    stand_in.needed, stand_in.refuses = True, False
    return stand_in


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> SoftwareToken:
    """A software token with the key of one member."""
    made = SoftwareToken(tmp_path_factory.mktemp("token") / "演示 USBKey")
    put(made, MEMBER)
    return made


def put(token: SoftwareToken, member_no: str) -> None:
    """Give a software token the key of a member."""
    from cryptography import x509

    certificate = x509.load_der_x509_certificate(key_of(member_no, datetime.now(UTC)).certificate)
    key = seeds.p256(SEED, f"member {member_no}")
    token.add(key, certificate, [AUTHORITY.issuing], PIN)


class Running:
    """The agent as users start it, in a process of its own."""

    def __init__(self, folder: Path, token: SoftwareToken, origin: str) -> None:
        self.folder, self.token, self.origin = folder, token, origin
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pairings(self) -> Path:
        """The agent reads it at every request."""
        return self.folder / "pairings.json"

    def start(self) -> int:
        ready = self.folder / "ready.json"
        command = [sys.executable, "-m", "usbkey", "agent", "--origin", self.origin]
        command += ["--software", str(self.token.folder), "--port", "0"]
        command += ["--pairings", str(self.pairings), "--ready-file", str(ready)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        for _ in range(200):
            if ready.exists():
                return int(json.loads(ready.read_text())["port"])
            assert self.process.poll() is None
            time.sleep(0.05)
        raise AssertionError("the agent did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=10)
            self.process = None


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, token: SoftwareToken, stand_in: Registry
) -> Iterator[Running]:
    """The running agent of a module, allowed for the stand-in alone."""
    made = Running(tmp_path_factory.mktemp("agent"), token, stand_in.origin)
    stand_in.agent_port = made.start()
    yield made
    made.stop()


@pytest.fixture
def agent(running: Running) -> Running:
    """The agent, paired with nobody."""
    running.pairings.unlink(missing_ok=True)
    return running


@dataclass
class Person:
    """Somebody at a browser."""

    page: Page
    registry: Registry
    broken: list[str] = field(default_factory=list)
    screens: bool = field(default=False, kw_only=True)

    def shoot(self, page: Page, name: str, *, whole: bool = True) -> None:
        """Keep a picture for whoever asks for pictures (--screens)."""
        if self.screens:
            SCREENS.mkdir(parents=True, exist_ok=True)
            page.wait_for_timeout(150)
            page.screenshot(path=SCREENS / f"usbkey-{name}.png", full_page=whole)

    def open(self, query: str = "") -> Page:
        self.page.goto(f"{self.registry.origin}/{query}")
        return self.page

    def at(self, state: str) -> None:
        self.page.wait_for_selector(f"[data-usbkey-region][data-at='{state}']")

    def allowed(self, pairings: Path) -> None:
        """Let this browser have allowed the website on an earlier day, as ``pair`` does."""
        secret = new_secret()
        Pairings(pairings).add(self.registry.origin, secret)
        self.page.add_init_script(
            f"if (location.origin === {self.registry.origin!r})"
            f" localStorage.setItem('usbkey-pairing', {secret!r});"
        )

    def ask_to_pair(self) -> Page:
        """Ask the agent for a pairing, and return its window.

        A window begins as an empty page: who looks too early sees it replaced by the agent's own.
        """
        self.at("unpaired")
        with self.page.context.expect_page() as opened:
            self.page.click("[data-do=pair]")
        opened.value.wait_for_selector(".code")
        return opened.value

    def pair(self) -> None:
        window = self.ask_to_pair()
        self.at("pairing")
        shown = self.page.locator("[data-usbkey-state=pairing] [data-fill=code]").inner_text()
        assert window.locator(".code").inner_text() == shown
        window.click("button[value=allow]")
        self.at("ready")

    def press(self, selector: str) -> Page:
        """Press a button that opens the agent's window, and return the window."""
        with self.page.context.expect_page() as opened:
            self.page.click(selector)
        opened.value.set_viewport_size(POPUP)
        opened.value.wait_for_selector("#title")
        return opened.value


@pytest.fixture
def person(chromium: Browser, registry: Registry, pytestconfig: pytest.Config) -> Iterator[Person]:
    """A browser of its own, with nothing paired."""
    context = chromium.new_context(viewport=WIDE, locale="zh-CN")
    context.set_default_timeout(8000)
    screens = pytestconfig.getoption("--screens")
    made = Person(context.new_page(), registry, screens=screens)
    made.page.on("console", lambda m: made.broken.append(m.text) if m.type == "error" else None)
    made.page.on("pageerror", lambda error: made.broken.append(str(error)))
    yield made
    context.close()


@pytest.fixture
def known(person: Person, agent: Running) -> Person:
    """Who allowed the website on an earlier day."""
    person.allowed(agent.pairings)
    return person


def faults_of_access(page: Page) -> list[str]:
    """What axe-core finds, and whether the page is wider than the window."""
    wide = sideways(page)
    return ask_axe(page).faults + ([f"{wide} px wider than the window"] if wide > 0 else [])
