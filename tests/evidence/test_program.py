"""The auditor's program: the command, the single file, what they say and how they end."""

import hashlib
import os
import subprocess
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from app.cli import main
from app.evidence import bundle, program, reasons, tool
from app.evidence.report import harmless
from app.evidence.verify import verified
from tests.evidence.papers import decision, sign_in
from tests.evidence.pki import (
    DAY,
    NOW,
    authority,
    case,
    der,
    lists,
    member,
    revoked,
)

ROOT = x509.load_der_x509_certificate(der(authority().root))
FINGERPRINT = hashlib.sha256(der(authority().root)).hexdigest()


def file_of(document: bytes) -> bytes:
    given = case(document)
    found = verified(given.document, given.cms, given.anchors, given.crls, given.at)
    return bundle.encode_verified(given.document, given.cms, found, given.crls)


GOOD = file_of(decision())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A good file, one that was revoked, one cut off, a note, and the root in PEM and DER."""
    parts = bundle.decode(GOOD)
    gone = replace(parts, crls=lists(revoked(NOW - DAY)))
    files = {
        "good": GOOD,
        "revoked": bundle.encode(gone.document, gone.cms, gone.certificates, gone.crls, gone.root),
        "cut": GOOD[:2000],
        "note": b"hello",
        "root.pem": ROOT.public_bytes(Encoding.PEM),
        "root.der": ROOT.public_bytes(Encoding.DER),
        "late.crl": lists(revoked(NOW - DAY), since=NOW + DAY)[0],
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run the command where nothing is configured: no database, no settings."""
    given = [str(folder / a) if (folder / a).exists() else a for a in arguments]
    kept = {name: None for name in os.environ if name.endswith("_URL") or "SECRET" in name}
    found = CliRunner(env=kept).invoke(main, ["verify-decision", *given])
    return found.exit_code, found.output


@pytest.mark.parametrize("root", ["root.pem", "root.der"])
def test_it_says_who_decided_what_and_when(folder: Path, root: str):
    code, said = run(folder, "good", "--root", root, "--lang", "en")
    assert code == program.STANDS
    for words in (
        "Result: the signature stands",
        "The key of member 100200 某发电有限公司 signed “Surrender · Review · Approve”, claiming 2",
        "serialNumber=100200",
        "Surrender · Review",
        "QJ-2021-000123",
        "Approve [approve]",
        "12,345 CEA2021 → S-2021",
        "A-100 A Power Company",
        "2026-11-21T08:00:00Z … 2026-11-21T08:10:00Z",
        "signer's machine claims: 2026-11-21T08:03:00Z",
        hashlib.sha256(member().certificate).hexdigest(),
        FINGERPRINT,
        "What this does not prove",
        "there is no time stamp by a third party",
        "(r, n-s)",
    ):
        assert words in said
    assert said.count("[ok]") == 7


def test_it_says_so_in_chinese(folder: Path):
    code, said = run(folder, "good", "--root", "root.pem")
    assert code == program.STANDS
    for words in (
        "结论：签名成立",
        "会员 100200 某发电有限公司 的密钥签署了“配额清缴 · 审核 · 通过”",
        "配额清缴 · 审核",
        "某发电有限公司",
        "系统给出的有效时段：2026-11-21T08:00:00Z … 2026-11-21T08:10:00Z",
        "签名人计算机所称的签名时间：2026-11-21T08:03:00Z",
        "[通过]",
        "未证明的事项",
        "未受胁迫",
    ):
        assert words in said


def test_a_fingerprint_says_whom_one_believes_too(folder: Path):
    colons = ":".join(FINGERPRINT[i : i + 2] for i in range(0, 64, 2)).upper()
    assert run(folder, "good", "--fingerprint", colons)[0] == program.STANDS


def test_without_a_root_that_the_reader_believes_it_is_refused(folder: Path):
    out = _Out()
    code = program.judge_files([folder / "good"], program.Believed(), "en", out)
    assert code == program.REFUSED
    assert str(reasons.UNTRUSTED_ROOT.code) in out.text
    assert "You named no root that you believe" in out.text
    assert "only what the file says" in out.text


class _Out:
    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)


def test_a_revoked_certificate_is_refused_with_time_and_reason(folder: Path):
    code, said = run(folder, "revoked", "--root", "root.pem", "--lang", "en")
    assert code == program.REFUSED
    assert (
        "8066 A certificate had been revoked at that time (100200, since 2026-11-20T08:03" in said
    )
    assert "[refused] By the issuers' lists" in said
    assert "[not reached] The file holds nothing else" in said
    assert "(what follows is only what the file says)" in said


def test_a_newer_list_is_taken_into_account(folder: Path):
    code, said = run(folder, "good", "--root", "root.pem", "--crl", "late.crl", "--lang", "en")
    assert code == program.REFUSED
    assert "[refused] By the lists given besides" in said


@pytest.mark.parametrize(
    ("name", "reason"), [("cut", reasons.TRUNCATED), ("note", reasons.BUNDLE_MALFORMED)]
)
def test_what_cannot_be_read_ends_differently_from_what_is_refused(folder, name, reason):
    code, said = run(folder, name, "--root", "root.pem", "--lang", "en")
    assert (code, f"It cannot be read: {reason.code}" in said) == (program.UNREADABLE_FILE, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-file", "--root", "root.pem"),
        ("good", "--root", "no-such-root"),
        ("good", "--root", "note"),
        ("good", "--root", "root.pem", "--crl", "note"),
        ("good", "--fingerprint", "abc"),
        ("--root", "root.pem"),
    ],
)
def test_a_wrong_call_ends_as_unreadable(folder: Path, arguments: tuple[str, ...]):
    assert run(folder, *arguments)[0] == program.UNREADABLE_FILE


def test_of_several_files_the_worst_decides(folder: Path):
    assert run(folder, "good", "good", "--root", "root.pem")[0] == program.STANDS
    assert run(folder, "good", "revoked", "--root", "root.pem")[0] == program.REFUSED
    assert run(folder, "good", "revoked", "cut", "--root", "root.pem")[0] == 2


def test_one_challenge_answered_in_two_files_is_a_replay(folder: Path):
    (folder / "twin").write_bytes(file_of(decision()))  # signed again: other bytes, same nonce
    code, said = run(folder, "good", "twin", "--root", "root.pem", "--lang", "en")
    assert (code, str(reasons.REPLAYED.code) in said) == (program.REFUSED, True)


def test_a_sign_in_can_be_judged_too(folder: Path):
    (folder / "sign-in").write_bytes(file_of(sign_in()))
    code, said = run(folder, "sign-in", "--root", "root.pem", "--lang", "en")
    assert code == program.STANDS
    assert "Member number: 100200" in said


def test_no_file_can_rewrite_what_a_terminal_shows(folder: Path):
    tricky = decision(opinion="fine\x1b[2J\u202egood\r")
    (folder / "tricky").write_bytes(file_of(tricky))
    said = run(folder, "tricky", "--root", "root.pem", "--lang", "en")[1]
    assert "fine\\x1b[2J\\u202egood\\r" in said
    assert harmless("全角　空格") == "全角　空格"


@pytest.fixture(scope="module")
def single_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The single file, as the command writes it."""
    path = tmp_path_factory.mktemp("auditor") / "verify-decision.pyz"
    found = CliRunner().invoke(main, ["verify-decision", "--tool", str(path)])
    assert found.exit_code == 0, found.output
    assert found.output.split()[0] == hashlib.sha256(path.read_bytes()).hexdigest()
    return path


def alone(single_file: Path, folder: Path, *arguments: str, libraries: bool = True):
    """Run it isolated, from a folder of its own, with nothing but cryptography to import."""
    site = folder / "site"
    site.mkdir(exist_ok=True)
    installed = Path(sysconfig.get_path("platlib"))
    for name in ("cryptography", "cffi", "_cffi_backend*", "pycparser"):
        for found in installed.glob(name) if libraries else ():
            link = site / found.name
            if not link.exists():
                link.symlink_to(found)
    start = (
        "import sys, runpy;"
        f"sys.path[:] = [p for p in sys.path if 'site-packages' not in p] + [{str(site)!r}];"
        f"sys.argv = [{str(single_file)!r}, *sys.argv[1:]];"
        f"runpy.run_path({str(single_file)!r}, run_name='__main__')"
    )
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", start, *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
        env={"LANG": "C.UTF-8"},
    )  # fmt: skip


def test_the_single_file_needs_only_python_and_cryptography(single_file: Path, folder: Path):
    found = alone(single_file, folder, "good", "--root", "root.pem", "--lang", "zh")
    assert (found.returncode, found.stderr) == (program.STANDS, "")
    assert "结论：签名成立" in found.stdout
    assert alone(single_file, folder, "revoked", "--root", "root.pem").returncode == 1
    assert alone(single_file, folder, "cut", "--root", "root.pem").returncode == 2
    assert alone(single_file, folder, "good", "--root", "note").returncode == 2
    assert alone(single_file, folder, "good").returncode == 1
    assert alone(single_file, folder).returncode == 2


def test_the_single_file_runs_as_it_is(single_file: Path, folder: Path):
    command = [sys.executable, "-I", str(single_file), "good", "--fingerprint", FINGERPRINT]
    assert subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


def test_the_single_file_says_as_much_as_the_command(single_file: Path, folder: Path):
    arguments = ("good", "--root", "root.pem", "--lang", "en")
    found = alone(single_file, folder, *arguments).stdout.splitlines()
    assert found[1:] == run(folder, *arguments)[1].splitlines()[1:]


def test_the_single_file_says_what_it_needs(single_file: Path, folder: Path):
    found = alone(single_file, folder, "good", libraries=False)
    assert found.returncode == 2
    assert "needs the package cryptography" in found.stderr


def test_the_single_file_is_the_same_bytes_each_time_it_is_made(single_file: Path):
    code = "import sys; from app.evidence import tool; sys.stdout.buffer.write(tool.contents())"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Shanghai"}
    again = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env=environment
    )
    assert again.stdout == single_file.read_bytes() == tool.contents()
