"""``python -m usbkey``: what the operator and the person type, from end to end."""

import re

import pytest
import rfc8785
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.softhsm import OFFICER_PIN, PIN
from tests.usbkey.test_cms import openssl
from tests.usbkey.test_documents import SIGN_IN
from usbkey.program import main
from usbkey.subject import Subject

PASSPHRASE = "a long passphrase"


@pytest.fixture
def run(softhsm):
    def running(*arguments, typed=(), fails=False):
        runner = CliRunner(env={"USBKEY_MODULE": str(softhsm.library)})
        ended = runner.invoke(main, [str(one) for one in arguments], input="\n".join(typed) + "\n")
        assert (ended.exit_code != 0) == fails, ended.output
        return ended.output

    return running


@pytest.fixture
def a_ca(run, tmp_path):
    run("ca", "init", tmp_path / "ca", "--name", "Test", typed=[PASSPHRASE, PASSPHRASE])
    return tmp_path / "ca"


@pytest.mark.openssl
def test_a_key_is_made_step_by_step_and_signs(run, a_ca, tmp_path):
    made = run("provision", "init", "--label", "33000000101", typed=[OFFICER_PIN, OFFICER_PIN])
    travels = re.search(r": (\d{16})\n", made).group(1)
    token = ("--label", "33000000101")
    csr, cert = tmp_path / "request.pem", tmp_path / "issued.pem"
    who = ("--member-no", "33000000101")

    run("provision", "request", *token, *who, "--out", csr, typed=[travels])
    run("ca", "issue", a_ca, csr, *who, "--out", cert, typed=[PASSPHRASE])
    run("provision", "write", *token, cert, typed=[travels])
    assert "须先修改初始 PIN 码" in run("list")
    refused = run("provision", "pin", *token, typed=[travels, "1234", "1234", PIN, PIN])

    assert "6 to 16 characters" in refused
    listed = run("list")
    assert "须先修改" not in listed.split("33000000101  ")[1].split("\n")[0]
    root = x509.load_pem_x509_certificate((a_ca / "root.pem").read_bytes())
    document = tmp_path / "document.json"
    document.write_bytes(rfc8785.dumps({**SIGN_IN, "member_no": "33000000101"}))
    fingerprint = re.search(r"33000000101  .*\n +([0-9a-f]{64})", listed).group(1)
    shown = run("sign", document, "--certificate", fingerprint, typed=[PIN])
    assert "https://registry.example" in shown
    assert PIN not in shown
    signed = (tmp_path / "document.json.p7s").read_bytes()
    assert openssl(tmp_path, document.read_bytes(), signed, root)[0]


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_everything_at_once_ends_with_the_persons_own_pin(run, a_ca, softhsm, algorithm, now):
    number = "33000000102" if algorithm == "ES256" else "33000000103"
    said = run(
        "provision", "all", "--ca", a_ca, "--member-no", number, "--holder", "某公司",
        "--algorithm", algorithm,
        typed=[PASSPHRASE, OFFICER_PIN, OFFICER_PIN, "888888", "888888", PIN, PIN],
    )  # fmt: skip

    assert "tried first" in said
    token = softhsm.module.token(label=number)
    [held] = token.certificates()
    assert held.subject == Subject(number, "某公司")
    with token.unlocked(held.fingerprint, PIN, now) as signer:
        assert len(signer.chain) == 1


def test_a_locked_token_is_unlocked_by_the_officer(run, a_ca):
    number = "33000000104"
    run(
        "provision", "all", "--ca", a_ca, "--member-no", number,
        typed=[PASSPHRASE, OFFICER_PIN, OFFICER_PIN, PIN, PIN],
    )  # fmt: skip

    said = run("provision", "unlock", "--label", number, typed=[OFFICER_PIN])
    travels = re.search(r": (\d{16})\n", said).group(1)
    run("provision", "pin", "--label", number, typed=[travels, "918273x", "918273x"])


def test_a_revoked_certificate_is_on_the_next_list(run, a_ca, tmp_path):
    run(
        "provision", "software", tmp_path / "demo", "--ca", a_ca, "--member-no", "33000000105",
        typed=[PASSPHRASE, PIN, PIN],
    )  # fmt: skip
    certificate = x509.load_pem_x509_certificates(
        (tmp_path / "demo" / "33000000105.cert.pem").read_bytes()
    )[0]

    run("ca", "revoke", a_ca, f"{certificate.serial_number:x}", "--reason", "lost")
    run("ca", "revoke", a_ca, "no number", "--reason", "lost", fails=True)
    run("ca", "revoke", a_ca, "0a0b", "--reason", "lost", fails=True)
    run("ca", "crl", a_ca, "--out", tmp_path / "crl", typed=[PASSPHRASE])
    run("ca", "crl", a_ca, "--of", "root", "--out", tmp_path / "root", typed=[PASSPHRASE])

    crl = x509.load_der_x509_crl((tmp_path / "crl").read_bytes())
    assert crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    assert len(list(x509.load_der_x509_crl((tmp_path / "root").read_bytes()))) == 0


def test_a_software_token_signs_and_tells_the_tries_left(run, a_ca, tmp_path):
    demo, document = tmp_path / "demo", tmp_path / "document.json"
    run(
        "provision", "software", demo, "--ca", a_ca, "--member-no", "33000000001",
        typed=[PASSPHRASE, "1234", "1234", PIN, PIN],
    )  # fmt: skip
    document.write_bytes(rfc8785.dumps(SIGN_IN))
    runner = CliRunner()

    wrong = runner.invoke(main, ["sign", str(document), "--software", str(demo)], input="000001\n")
    right = runner.invoke(main, ["sign", str(document), "--software", str(demo)], input=f"{PIN}\n")

    assert wrong.exit_code == 1
    assert "还可以再试 4 次" in wrong.output
    assert "4 tries left" in wrong.output
    assert right.exit_code == 0, right.output


def test_nobody_signs_in_as_another_nor_signs_anything_else(run, a_ca, tmp_path):
    demo, document = tmp_path / "demo", tmp_path / "document.json"
    run(
        "provision", "software", demo, "--ca", a_ca, "--member-no", "33000000001",
        typed=[PASSPHRASE, PIN, PIN],
    )  # fmt: skip
    document.write_bytes(rfc8785.dumps({**SIGN_IN, "member_no": "33000000002"}))
    runner = CliRunner()

    another = runner.invoke(main, ["sign", str(document), "--software", str(demo)])
    document.write_bytes(b"\x30" * 32)
    anything = runner.invoke(main, ["sign", str(document), "--software", str(demo)])

    assert another.exit_code == anything.exit_code == 1
    assert "not of the certificate's" in another.output
    assert "no document of the registry" in anything.output
    assert not (tmp_path / "document.json.p7s").exists()


def test_an_authority_is_not_made_over_another_nor_with_a_short_passphrase(run, a_ca, tmp_path):
    again = run("ca", "init", a_ca, "--name", "Test", typed=[PASSPHRASE, PASSPHRASE], fails=True)
    assert "there already" in again
    run("ca", "init", tmp_path / "b", "--name", "Test", typed=["short", "short"], fails=True)
    assert not (tmp_path / "b").exists()


def test_a_request_that_is_anothers_or_broken_gets_no_certificate(
    run, a_ca, a_p256_token, tmp_path
):
    csr, cert = tmp_path / "request.pem", tmp_path / "issued.pem"
    label = a_p256_token.token.label
    run("provision", "request", "--label", label, "--member-no", label, "--out", csr, typed=[PIN])
    command = ("ca", "issue", a_ca, csr, "--out", cert, "--member-no")

    assert "not of member 33000000999" in run(*command, "33000000999", fails=True)
    der = x509.load_pem_x509_csr(csr.read_bytes()).public_bytes(Encoding.DER)
    csr.write_bytes(der[:-1] + bytes([der[-1] ^ 1]))
    assert "signed by its own key" in run(*command, label, fails=True)
    csr.write_bytes(b"nothing")
    run(*command, label, fails=True)
    assert not cert.exists()


def test_a_missing_driver_is_told_with_the_next_step():
    ended = CliRunner().invoke(main, ["list", "--module", "/nowhere/driver.so"])

    assert ended.exit_code == 1
    assert "请安装 USBKey 驱动" in ended.output
    assert "Install the driver" in ended.output


def test_without_the_roots_key_its_list_is_not_published(run, a_ca, tmp_path):
    (a_ca / "root.key.pem").rename(tmp_path / "in-the-safe")
    out = tmp_path / "root.crl"
    told = run("ca", "crl", a_ca, "--of", "root", "--out", out, typed=[PASSPHRASE], fails=True)
    assert "bring root.key.pem back" in told
    assert not out.exists()
