"""An agent on a free port with one person's token, and a browser's way of asking it."""

import base64
import json
import secrets
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.serialization import Encoding

from usbkey.agent.agent import Agent
from usbkey.agent.app import application
from usbkey.agent.origins import Origins
from usbkey.agent.pairings import Pairings, new_secret
from usbkey.agent.server import bound
from usbkey.authority import Authority
from usbkey.certificates import Held
from usbkey.errors import NoCertificate, NoToken, PinLocked, TokenRemoved, WrongPin
from usbkey.signer import Signer
from usbkey.software import SoftwareKey

SEED = b"a seed of tests alone, 32 bytes!"
AUTHORITY = Authority.derive(SEED)
REGISTRY = "https://registry.example"
MEMBER, PIN = "33000000012", "246813"
TIME = "%Y-%m-%dT%H:%M:%SZ"


class Broken:
    """A key whose token is pulled out after so many signatures."""

    def __init__(self, key: SoftwareKey, left: int) -> None:
        self.certificate, self.chain, self.algorithm = key.certificate, key.chain, key.algorithm
        self._key, self._left = key, left

    def sign(self, data: bytes) -> bytes:
        if self._left == 0:
            raise TokenRemoved
        self._left -= 1
        return self._key.sign(data)


@dataclass
class Drawer:
    """A token that counts wrong PINs and can be pulled out: no real one can be made to."""

    keys: list[SoftwareKey]
    tries: int = 3
    present: bool = True
    signatures_until_removed: int = -1
    unlocks: int = 0

    def certificates(self) -> list[Held]:
        if not self.present:
            raise NoToken
        return [Held(key.certificate, "drawer") for key in self.keys]

    @contextmanager
    def unlocked(self, fingerprint: str, pin: str, now: datetime) -> Iterator[Signer]:
        self.unlocks += 1
        for held, key in zip(self.certificates(), self.keys, strict=True):
            if held.fingerprint == fingerprint:
                held.require_valid(now)
                self._try(pin)
                yield Broken(key, self.signatures_until_removed)
                return
        raise NoCertificate

    def _try(self, pin: str) -> None:
        if self.tries == 0:
            raise PinLocked
        if pin != PIN:
            self.tries -= 1
            raise WrongPin(self.tries)


def key_of(member_no: str, now: datetime | None = None) -> SoftwareKey:
    return SoftwareKey.derive(
        SEED, member_no, AUTHORITY, now or datetime.now(UTC), "示范省生态环境厅"
    )


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])

    @property
    def text(self) -> str:
        return self.body.decode()

    def form(self) -> str:
        """The form secret of a window."""
        return self.text.split('name="form" value="')[1].split('"')[0]


@dataclass
class Site:
    """A running agent, and one browser page of the registry."""

    agent: Agent
    drawer: Drawer
    origin: str | None = REGISTRY
    secret: str = ""
    host: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def own(self) -> str:
        return self.agent.address

    @property
    def fingerprint(self) -> str:
        return self.drawer.certificates()[0].fingerprint

    def call(self, method: str, path: str, body: Any = None, **more: str | None) -> Answer:
        """Ask as a page does; a header given as None is left out."""
        headers: dict[str, str | None] = {"Origin": self.origin, **self.headers}
        if self.secret:
            headers["Authorization"] = f"Bearer {self.secret}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        return self.send(method, path, data, headers | more)

    def send(
        self, method: str, path: str, data: bytes | None, headers: Mapping[str, str | None]
    ) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.agent.port, timeout=20)
        sent = {"Host": self.host or f"127.0.0.1:{self.agent.port}"} | headers
        connection.request(method, path, data, {k: v for k, v in sent.items() if v is not None})
        answer = connection.getresponse()
        found = Answer(answer.status, dict(answer.headers), answer.read())
        connection.close()
        return found

    def pair(self) -> "Site":
        self.secret = new_secret()
        self.agent.pairings.add(str(self.origin), self.secret)
        return self

    def ask(self, *documents: bytes, **members: Any) -> Answer:
        body = {
            "id": secrets.token_hex(16),
            "documents": [base64.b64encode(one).decode() for one in documents],
            "certificate": self.fingerprint,
            "language": "zh",
        }
        return self.call("POST", "/v1/requests", body | members)

    def state(self, number: str) -> Any:
        return self.call("GET", f"/v1/requests/{number}").json

    def open(self, address: str, **headers: str | None) -> Answer:
        """Lead a window to an address, as a browser navigates."""
        navigation = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        return self.send("GET", address.removeprefix(self.own), None, navigation | headers)

    def press(
        self, path: str, *, origin: str | None = "own", site: str = "same-origin", **fields: str
    ) -> Answer:
        """Press a button of the window."""
        from urllib.parse import urlencode

        headers = {
            "Origin": self.own if origin == "own" else origin,
            "Sec-Fetch-Site": site,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return self.send("POST", path, urlencode(fields).encode(), headers)


@contextmanager
def running(folder: Path, drawer: Drawer | None = None, **parts: Any) -> Iterator[Site]:
    """Run an agent on a free port."""
    held = drawer or Drawer([key_of(MEMBER)])
    pairings = Pairings(folder / "pairings.json")
    agent = Agent(Origins(parts.pop("origins", [REGISTRY])), pairings, held, 0, **parts)
    server = bound(application(agent), 0)
    agent.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield Site(agent, held)
    server.shutdown()
    server.server_close()
    thread.join()


def sign_in(**changed: Any) -> bytes:
    now = changed.pop("now", datetime.now(UTC))
    document = {
        "type": "registry/sign-in/1",
        "origin": REGISTRY,
        "action": {"zh": "登录", "en": "Sign in"},
        "member_no": MEMBER,
        "nonce": secrets.token_hex(32),
        "issued": now.strftime(TIME),
        "expires": (now + timedelta(minutes=5)).strftime(TIME),
    }
    return rfc8785.dumps(document | changed)


def decision(**changed: Any) -> bytes:
    now = changed.pop("now", datetime.now(UTC))
    document = {
        "type": "registry/decision/1",
        "origin": REGISTRY,
        "action": {"zh": "履约申请 · 省级审核", "en": "Surrender · Provincial review"},
        "instance": "LY-2026-0018291",
        "process": "compliance",
        "bundle": "a" * 64,
        "task": "review_surrender",
        "visit": "1",
        "kind": "complete",
        "verdict": "approve",
        "verdict_text": {"zh": "通过", "en": "Approve"},
        "opinion": "经审核，申请标的、数量符合履约通知书要求，同意。",
        "form": "b" * 64,
        "content": "c" * 64,
        "from": {
            "account": "10004230015",
            "holder": {"zh": "云溪发电有限责任公司", "en": "Yunxi Power"},
        },
        "to": [{"holder": {"zh": "履约清缴账户", "en": "Surrender account"}}],
        "quantities": [
            {"instrument": "PE2025000118", "quantity": "199050"},
            {"instrument": "CCER2024", "quantity": "12000"},
        ],
        "person": "d" * 64,
        "account": "10003300001",
        "role": "province",
        "nonce": secrets.token_hex(32),
        "issued": now.strftime(TIME),
        "expires": (now + timedelta(minutes=10)).strftime(TIME),
    }
    return rfc8785.dumps(document | changed)


def openssl_accepts(folder, document: bytes, cms: bytes) -> bool:
    """Whether a program that shares no code with ours accepts the signature."""
    (folder / "document").write_bytes(document)
    (folder / "cms").write_bytes(cms)
    (folder / "root.pem").write_bytes(AUTHORITY.root.public_bytes(Encoding.PEM))
    command = [
        "openssl",
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "DER",
        "-in",
        "cms",
        "-content",
        "document",
    ]
    done = subprocess.run(
        [*command, "-CAfile", "root.pem"], cwd=folder, capture_output=True, check=False
    )
    return done.returncode == 0 and done.stdout == document
