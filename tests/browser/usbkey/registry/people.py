"""The registry as it is, the agent beside it, and members with a USBKey each."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from playwright.sync_api import Page

from app.evidence import certificate as evidence
from app.services import captcha
from app.services.demo.market import PASSWORD
from app.services.signing import enrolment
from tests.browser.pictures import keep
from tests.browser.usbkey.conftest import ROOT, Person
from tests.pages.conftest import Market
from tests.softhsm import Plugged, SoftHsm
from tests.web.keys import Keys
from usbkey.profile import Revoked

READY = 200  # looks for the agent's file, a twentieth of a second apart


@dataclass
class Agent:
    """The agent as users start it, with the driver of their USBKeys."""

    folder: Path
    softhsm: SoftHsm
    origin: str
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def pairings(self) -> Path:
        """The agent reads it at every request."""
        return self.folder / "pairings.json"

    def start(self, origin: str = "") -> None:
        """Start it, always on the same port; it allows the registry unless told otherwise."""
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "usbkey", "agent", "--origin", origin or self.origin]
        command += ["--module", str(self.softhsm.library), "--port", str(self.port)]
        command += ["--pairings", str(self.pairings), "--ready-file", str(ready)]
        environment = os.environ | {"SOFTHSM2_CONF": str(self.softhsm.configuration)}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
        )
        for _ in range(READY):
            if ready.exists():
                self.port = int(json.loads(ready.read_text())["port"])
                return
            assert self.process.poll() is None
            time.sleep(0.05)
        raise AssertionError("the agent did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=10)
            self.process = None

    def forget(self) -> None:
        """Revoke every pairing, as ``--forget`` does."""
        self.pairings.unlink(missing_ok=True)


@dataclass
class Registry:
    """A running site where everybody signs with a key of their own, and its authority."""

    market: Market
    keys: Keys
    agent: Agent
    tokens: dict[str, Plugged]
    lists: int = 1

    @property
    def origin(self) -> str:
        return self.agent.origin

    def bind(self, member_no: str) -> None:
        """Let the registry know the certificate on the member's USBKey, if it does not yet."""
        read = evidence.read(self.tokens[member_no].held.certificate)
        with self.market.ctx.database.transaction() as tx:
            known = "SELECT 1 FROM trust.certificate WHERE fingerprint = %(f)s"
            if tx.one(known, {"f": read.fingerprint}):
                return
        reference, code = self.keys.codes(member_no)
        person = self.keys.person(member_no)
        with self.market.ctx.database.transaction() as tx:
            assert enrolment.bind(tx, person, read, reference, code, self.keys.now)

    def revoke(self, member_no: str) -> None:
        """Load a list of the authority that names the member's certificate."""
        found = x509.load_der_x509_certificate(self.tokens[member_no].held.certificate)
        self.lists += 1
        self.keys.publish(Revoked(found.serial_number, self.keys.now), number=self.lists)


@dataclass
class Member(Person):
    """Somebody at a browser of their own, with their USBKey plugged in."""

    site: Registry = field(kw_only=True)
    member_no: str = field(kw_only=True)
    pictures: Path | None = field(default=None, kw_only=True)

    def go(self, path: str) -> Page:
        self.page.goto(self.site.origin + path)
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until a diagram, if there is one, has been drawn."""
        if self.page.query_selector("[data-diagram]"):
            self.page.wait_for_selector("[data-diagram][data-ready]")

    def look(self, name: str, page: Page | None = None) -> None:
        """Keep a picture for whoever asks for pictures.

        The agent's window as it stands on the screen: its PIN field stays at the bottom.
        """
        self.shoot(page or self.page, f"real-{name}", whole=page is None)

    def picture(self, name: str, page: Page | None = None) -> None:
        """Keep what the page or the agent's window shows for docs/manual, if asked."""
        keep(page or self.page, self.pictures, name)

    def show_password(self) -> None:
        """Member number, password, captcha; ends on the page that asks for the certificate."""
        page = self.go("/sign-in")
        page.fill("[name=member_no]", self.member_no)
        page.fill("[name=password]", PASSWORD)
        token = page.locator("[name=captcha_id]").input_value()
        page.fill("[name=captcha]", captcha.answer_of(self.site.market.ctx, token))
        self.look("password")
        page.click("main form button.btn-primary")
        page.wait_for_url("**/sign-in/certificate*")

    def sign(self, button: str, name: str = "", pin: str = "") -> None:
        """Press a button of the page, look at the agent's window, enter the PIN there."""
        window = self.press(button)
        if name:
            self.look(name, window)
        self.enter(window, pin or self.site.tokens[self.member_no].pin)

    def enter(self, window: Page, pin: str) -> None:
        window.fill("#pin", pin)
        window.click("button[value=sign]")

    def sign_in(self) -> "Member":
        """All of it, with a certificate that the registry knows, where the agent knows it."""
        self.allowed(self.site.agent.pairings)
        self.site.bind(self.member_no)
        self.show_password()
        self.at("ready")
        self.sign("main form button.btn-primary")
        self.page.wait_for_selector(".who b")
        return self
