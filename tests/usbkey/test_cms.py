"""A signature has exactly one shape, and another program accepts it."""

import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import cms as asn1
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from usbkey import cms, der
from usbkey.authority import Authority
from usbkey.software import SoftwareKey

SEED = b"a seed of tests alone, 32 bytes!"
AUTHORITY = Authority.derive(SEED)
AT = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)
KEY = SoftwareKey.derive(SEED, "33000000001", AUTHORITY, AT)


def openssl(folder, document, signed, root, *, more=()):
    """Ask openssl; whether it accepts, and what it says."""
    (folder / "document").write_bytes(document)
    (folder / "signed").write_bytes(signed)
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "signed"]
    command += ["-content", "document", "-CAfile", "root.pem", "-out", "seen", *more]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return ended.returncode == 0, ended.stderr


@pytest.mark.openssl
def test_openssl_accepts_the_signature_of_a_token(a_token, authority, tmp_path, now):
    with a_token.token.unlocked(a_token.held.fingerprint, a_token.pin, now) as signer:
        signed = cms.signed(b"\x00a document\r\n", signer, now)

    accepted, said = openssl(tmp_path, b"\x00a document\r\n", signed, authority.root)

    assert accepted, said
    assert (tmp_path / "seen").read_bytes() == b"\x00a document\r\n"


@pytest.mark.openssl
def test_openssl_accepts_the_signature_of_a_software_key(tmp_path):
    accepted, said = openssl(tmp_path, b"{}", cms.signed(b"{}", KEY, AT), AUTHORITY.root)

    assert accepted, said


@pytest.mark.openssl
def test_openssl_refuses_another_document_and_another_root(tmp_path):
    signed = cms.signed(b"{}", KEY, AT)
    other = Authority.derive(b"another seed of tests, 32 bytes!")

    assert not openssl(tmp_path, b"{ }", signed, AUTHORITY.root)[0]
    assert not openssl(tmp_path, b"{}", signed, other.root)[0]


def test_the_shape_is_the_agreed_one():
    content = asn1.ContentInfo.load(cms.signed(b"{}", KEY, AT))
    signed = content["content"]
    [info] = signed["signer_infos"]

    assert content["content_type"].native == "signed_data"
    assert (signed["version"].native, info["version"].native) == ("v1", "v1")
    assert signed["encap_content_info"]["content"].native is None
    assert [one.native["algorithm"] for one in signed["digest_algorithms"]] == ["sha256"]
    assert len(signed["certificates"]) == 2
    assert signed["crls"].native is None
    assert info["unsigned_attrs"].native is None
    assert info["signature_algorithm"].native == {
        "algorithm": "sha256_ecdsa",
        "parameters": None,
    }
    assert {one["type"].native for one in info["signed_attrs"]} == {
        "content_type",
        "signing_time",
        "message_digest",
        cms.SIGNING_CERTIFICATE_V2,
    }


def test_the_attributes_stand_in_the_order_of_der():
    [info] = asn1.ContentInfo.load(cms.signed(b"{}", KEY, AT))["content"]["signer_infos"]
    written = [one.dump() for one in info["signed_attrs"]]

    assert written == sorted(written)


def test_a_time_is_kept_to_the_second_in_utc():
    there = AT.astimezone(datetime.now().astimezone().tzinfo) + timedelta(microseconds=999999)
    [info] = asn1.ContentInfo.load(cms.signed(b"{}", KEY, there))["content"]["signer_infos"]
    [told] = [one for one in info["signed_attrs"] if one["type"].native == "signing_time"]

    assert told["values"][0].native == AT


@pytest.mark.parametrize("year", [1949, 2050])
def test_a_time_that_utctime_cannot_hold_is_refused(year):
    with pytest.raises(ValueError, match="UTCTime"):
        cms.signed(b"{}", KEY, AT.replace(year=year))


@given(st.binary(max_size=70000))
def test_der_reads_what_it_writes(content):
    whole = der.element(der.OCTETS, content)

    assert list(der.elements(whole * 2)) == [(der.OCTETS, content, whole)] * 2
    assert der.only(whole) == content


@given(st.integers(min_value=0, max_value=2**200))
def test_der_writes_numbers_as_another_library_does(value):
    from asn1crypto.core import Integer

    assert der.integer(value) == Integer(value).dump()


@given(st.binary(max_size=40))
def test_bytes_that_are_no_der_are_refused_and_nothing_else_happens(content):
    try:
        found = list(der.elements(content))
    except der.BadDer:
        return
    assert b"".join(whole for _, _, whole in found) == content


@pytest.mark.parametrize(
    "content", [b"\x30", b"\x30\x80\x00\x00", b"\x30\x81\x05hello", b"\x30\x05"]
)
def test_lengths_that_der_does_not_know_are_refused(content):
    with pytest.raises(der.BadDer):
        list(der.elements(content))


@given(st.lists(st.integers(min_value=0, max_value=2**40), min_size=1, max_size=6))
def test_der_writes_identifiers_as_another_library_does(arcs):
    from asn1crypto.core import ObjectIdentifier

    dotted = ".".join(map(str, [1, 2, *arcs]))
    assert der.oid(dotted) == ObjectIdentifier(dotted).dump()
