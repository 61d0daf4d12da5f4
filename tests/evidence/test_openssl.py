"""OpenSSL takes our signatures, and we take of its own only those of the one shape."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.evidence import reasons
from app.evidence.judge import stands_at
from app.evidence.reasons import Rejected
from tests.evidence.papers import decision
from tests.evidence.pki import (
    ISSUING,
    Case,
    a_signer,
    authority,
    case,
    member,
    odd_case,
    rsa_key,
)

pytestmark = pytest.mark.openssl
PAPER = decision()
MOMENT = "1795248180"  # 2026-11-21 08:03 UTC
SHAPES = (reasons.CMS_SHAPE, reasons.UNSIGNED_ATTRIBUTES, reasons.CMS_MALFORMED)


def openssl(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)


def written(folder: Path, given: Case) -> list[str]:
    (folder / "paper").write_bytes(given.document)
    (folder / "paper.p7s").write_bytes(given.cms)
    root = x509.load_der_x509_certificate(given.roots[0])
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    return [
        "cms", "-verify", "-binary", "-inform", "DER", "-in", str(folder / "paper.p7s"),
        "-content", str(folder / "paper"), "-CAfile", str(folder / "root.pem"),
        "-attime", MOMENT, "-out", str(folder / "out"),
    ]  # fmt: skip


CASES = {
    "P-256": lambda: case(PAPER),
    "RSA": lambda: odd_case(PAPER, leaf=a_signer(key=rsa_key())),
    "RSA throughout": lambda: odd_case(
        PAPER, leaf=a_signer(key=rsa_key()), issuing=ISSUING.but(key=rsa_key())
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_openssl_accepts_what_we_accept(tmp_path: Path, name: str):
    given = CASES[name]()
    stands_at(given.document, given.cms, given.anchors, given.crls, given.at)
    found = openssl(*written(tmp_path, given))
    assert found.returncode == 0, found.stderr
    assert (tmp_path / "out").read_bytes() == PAPER


def test_openssl_refuses_another_document_too(tmp_path: Path):
    given = replace(case(PAPER), document=decision(verdict="refuse"))
    assert openssl(*written(tmp_path, given)).returncode != 0


@pytest.mark.parametrize("extra", [[], ["-cades"], ["-noattr"], ["-nodetach"], ["-keyid"]])
def test_signatures_that_openssl_makes_are_of_other_shapes(tmp_path: Path, extra: list[str]):
    signer, own = member(), authority()
    key = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    leaf = x509.load_der_x509_certificate(signer.certificate)
    (tmp_path / "key.pem").write_bytes(key)
    (tmp_path / "leaf.pem").write_bytes(leaf.public_bytes(Encoding.PEM))
    (tmp_path / "ca.pem").write_bytes(own.issuing.public_bytes(Encoding.PEM))
    (tmp_path / "paper").write_bytes(PAPER)
    made = openssl(
        "cms", "-sign", "-binary", "-md", "sha256", "-outform", "DER", *extra,
        "-in", str(tmp_path / "paper"), "-signer", str(tmp_path / "leaf.pem"),
        "-inkey", str(tmp_path / "key.pem"), "-certfile", str(tmp_path / "ca.pem"),
        "-out", str(tmp_path / "made.p7s"),
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    given = replace(case(PAPER), cms=(tmp_path / "made.p7s").read_bytes())
    with pytest.raises(Rejected) as refused:
        stands_at(given.document, given.cms, given.anchors, given.crls, given.at)
    assert refused.value.reason in SHAPES
