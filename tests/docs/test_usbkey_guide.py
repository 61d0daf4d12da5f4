"""docs/usbkey.md: each command in it works, in its order, and each message in it is one of ours."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from app.bootstrap import build
from app.cli import main as registry
from app.domain.clock import SystemClock
from app.evidence import bundle
from app.evidence.chain import Anchors
from app.evidence.limits import NOT_PROVEN
from app.evidence.reasons import BY_CODE
from app.evidence.verify import verified
from app.services.context import Context
from tests.docs.tables import ROOT, rows
from tests.evidence.papers import decision
from tests.softhsm import OFFICER_PIN, PIN, SoftHsm, softhsm_in
from tests.web.site import populate, settings
from usbkey.agent.command import agent
from usbkey.program import main as usbkey

PAGE = "docs/usbkey.md"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")
NOWHERE = "redis://127.0.0.1:1/0"
MODULE = "/usr/lib/softhsm/libsofthsm2.so"
EVIDENCE = "LY-2026-0000030-49.evidence.json"
PASSPHRASE = "a passphrase of the tests"
MEMBER, OTHER = "33000000012", "33000000013"
TIME = "%Y-%m-%dT%H:%M:%SZ"
TRAVELS = "the PIN that was printed last"
# What is typed where a command asks, in the order in which it asks.
TYPED = {
    "ca init": [PASSPHRASE] * 2,
    "ca crl": [PASSPHRASE],
    "ca issue": [PASSPHRASE],
    "provision all": [PASSPHRASE, OFFICER_PIN, OFFICER_PIN, PIN, PIN],
    "provision init": [OFFICER_PIN] * 2,
    "provision request": [TRAVELS],
    "provision write": [TRAVELS],
    "provision unlock": [OFFICER_PIN],
    "provision pin": [TRAVELS, PIN, PIN],
    "sign": [PIN],
}


def section(title: str) -> list[str]:
    """The commands of a section, in order."""
    text = TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@pytest.fixture
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftHsm]:
    with softhsm_in(tmp_path_factory.mktemp("guide")) as room:
        yield room


class Reader:
    """Somebody who types what the page says, in a folder of their own."""

    def __init__(self, folder: Path, softhsm: SoftHsm, ctx: Context) -> None:
        self.folder, self.softhsm, self.ctx = folder, softhsm, ctx
        self.travels = ""
        self.environment = {
            "DATABASE_URL": ctx.settings.database_url,
            "MIGRATION_DATABASE_URL": ctx.settings.migration_database_url,
            "REDIS_URL": NOWHERE,
            "SECRET_KEY": "for the test of a guide",
            "REGISTRY_ENV": "test",
            "USBKEY_MODULE": str(softhsm.library),
        }

    def type(self, line: str) -> str:
        words = shlex.split(line.replace(MODULE, shlex.quote(str(self.softhsm.library))))
        match words:
            case ["export", _]:
                return ""
            case ["python", "-m", "usbkey", "agent", "--origin", *more]:
                # The browser tests start it; here its words are read.
                agent.make_context("agent", ["--origin", *more])
                return ""
            case ["python", "-m", "usbkey", *more]:
                return self._usbkey([self._named(word) for word in more])
            case ["registry", *more]:
                return self._clicked(registry, [self._named(word) for word in more], [])
            case ["python3", *more]:
                return self._run([sys.executable, "-I", *more])
            case ["openssl" | "sha256sum", *_]:
                return self._run(words)
        raise AssertionError(f"nobody knows how to type {line}")

    def _usbkey(self, words: list[str]) -> str:
        name = " ".join(words[:2]) if words[0] in {"ca", "provision"} else words[0]
        typed = [self.travels if one is TRAVELS else one for one in TYPED.get(name, [])]
        if words[0] == "agent":
            words = [*words, "--pairings", str(self.folder / "pairings.json")]
        said = self._clicked(usbkey, words, typed)
        printed = re.search(r": (\d{16})\n", said)
        self.travels = printed[1] if printed else self.travels
        return said

    def _clicked(self, program: Callable, words: list[str], typed: list[str]) -> str:
        runner = CliRunner(env=self.environment)
        done = runner.invoke(program, words, input="\n".join(typed) + "\n")
        assert done.exit_code == 0, (words, done.output, done.exception)
        return done.output

    def _run(self, words: list[str]) -> str:
        done = subprocess.run(words, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def _named(self, word: str) -> str:
        """What a word in capitals stands for."""
        if word == "SERIAL":
            read = x509.load_pem_x509_certificates((self.folder / "issued.pem").read_bytes())
            return f"{read[0].serial_number:x}"
        if word == "FINGERPRINT":
            [held] = self.softhsm.module.token(label=MEMBER).certificates()
            return held.fingerprint if (self.folder / "document.json").exists() else self._issuing()
        return word

    def _issuing(self) -> str:
        listed = self._clicked(registry, ["trust", "list"], [])
        return next(line for line in listed.splitlines() if "intermediate" in line).split()[0]

    def document(self) -> None:
        """What a program has had prepared by the registry."""
        now = datetime.now(UTC)
        until = now + timedelta(minutes=10)
        issued = {"issued": now.strftime(TIME), "expires": until.strftime(TIME)}
        (self.folder / "document.json").write_bytes(decision(**issued))

    def evidence(self) -> None:
        """What the page of an application hands out, of the document that was signed."""
        read = (self.folder / "document.json").read_bytes()
        cms = (self.folder / "document.p7s").read_bytes()
        lists = [(self.folder / f"{name}.crl").read_bytes() for name in ("root", "issuing")]
        certificates = [
            x509.load_pem_x509_certificate((self.folder / "ca" / name).read_bytes()).public_bytes(
                Encoding.DER
            )
            for name in ("root.pem", "issuing.pem")
        ]
        anchors = Anchors(certificates[:1], certificates[1:])
        found = verified(read, cms, anchors, lists, datetime.now(UTC))
        (self.folder / EVIDENCE).write_bytes(bundle.encode_verified(read, cms, found, lists))


@pytest.fixture
def reader(database, softhsm: SoftHsm, tmp_path: Path, monkeypatch) -> Iterator[Reader]:
    monkeypatch.chdir(tmp_path)
    ctx = build(settings(database, NOWHERE), SystemClock())
    populate(ctx)
    yield Reader(tmp_path, softhsm, ctx)
    ctx.database.dispose()


@pytest.mark.openssl
def test_every_command_works_in_the_order_in_which_it_is_told(reader: Reader):
    said = {}
    for line in section("For the operator"):
        if line.startswith("python -m usbkey sign"):
            reader.document()
        said[line] = reader.type(line)
    shown = said["registry trust list"].splitlines()
    assert [("no list" in line, "in force" in line) for line in shown] == [(False, True)] * 2
    reader.evidence()
    told = [reader.type(line) for line in section("For the auditor")]
    assert "Result: the signature stands" in told[-1]
    assert told[2].split()[0] == told[1].split()[0]
    for line in section("For the user"):
        said[line] = reader.type(line)
    assert f"{OTHER}  " in said[f"python -m usbkey list --module {MODULE}"]


def written() -> str:
    """Every text of pages, agent, USBKey and services."""
    sources = (
        *(ROOT / "app/web/templates").rglob("*.html"),
        *(ROOT / "app/services/signing").glob("*.py"),
        *(ROOT / "usbkey").rglob("*.py"),
    )
    return "\n".join(path.read_text(encoding="utf-8") for path in sources)


def messages() -> list[str]:
    return [
        row.cells[0] for row in rows(PAGE) if re.match(r"[^\x00-\x7f]|USBKey [^\x00-\x7f]", row.id)
    ]


def test_every_message_that_is_explained_is_one_of_ours():
    texts = written() + (ROOT / "app/evidence/report.py").read_text(encoding="utf-8")
    told = [message.split(" / ")[0].removesuffix("：签名成立") for message in messages()]
    assert len(told) > 30
    assert [message for message in told if message not in texts] == []


def test_every_state_of_the_page_is_explained():
    macro = (ROOT / "app/web/templates/macros/usbkey.html").read_text(encoding="utf-8")
    states = re.findall(r"_state\('[\w-]+', '\w+', _\('([^']+)'\)", macro)
    assert len(states) > 10
    assert [state for state in states if state not in messages()] == []


def test_every_numbered_reason_is_explained_once():
    told = [int(word) for row in rows(PAGE) for word in row.words(0) if word.isdecimal()]
    assert sorted(told) == sorted(BY_CODE)


def test_whatever_is_not_proven_is_told():
    table = TEXT.split("| Not proven |")[1].split("\n\n")[0].strip().splitlines()[2:]
    assert len(table) == len(NOT_PROVEN)
