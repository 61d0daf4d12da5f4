"""The agent with a real PKCS#11 module: SoftHSM, P-256 and RSA."""

import base64
import shutil

import pytest

from tests.usbkey.agent_site import Site, decision, openssl_accepts, running, sign_in
from usbkey.agent.keys import PluggedIn


@pytest.fixture
def page(softhsm, a_token, tmp_path):
    with running(tmp_path, PluggedIn(softhsm.library)) as site:
        yield site.pair()


def asked(page: Site, a_token, *documents: bytes):
    return page.ask(*documents, certificate=a_token.held.fingerprint).json


def pressed(page: Site, wish, pin: str):
    form = page.open(wish["window"]).form()
    return page.press(f"/window/sign/{wish['id']}", form=form, do="sign", pin=pin)


def test_the_certificates_of_all_tokens_are_listed(page, a_token):
    told = page.call("GET", "/v1/certificates").json["certificates"]
    (ours,) = [one for one in told if one["fingerprint"] == a_token.held.fingerprint]
    assert ours["member_no"] == a_token.held.subject.member_no
    assert base64.b64decode(ours["certificate"]) == a_token.held.certificate
    assert ours["state"] == "valid"


def test_a_batch_is_signed_with_one_pin(page, a_token, tmp_path):
    documents = [decision(instance=str(n)) for n in range(3)]
    wish = asked(page, a_token, *documents)
    pressed(page, wish, a_token.pin)
    signatures = page.state(wish["id"])["signatures"]
    for document, one in zip(documents, signatures, strict=True):
        assert openssl_accepts(tmp_path, document, base64.b64decode(one["cms"]))


def test_a_wrong_pin_is_said_and_the_right_one_signs(page, a_token):
    wish = asked(page, a_token, sign_in(member_no=a_token.held.subject.member_no))
    refused = pressed(page, wish, "wrong-one")
    assert (refused.status, "PIN 码错误" in refused.text) == (422, True)
    page.press(f"/window/sign/{wish['id']}", form=refused.form(), do="sign", pin=a_token.pin)
    assert page.state(wish["id"])["state"] == "done"


def test_a_token_that_is_pulled_out_is_said_and_comes_back(page, softhsm, a_token, tmp_path):
    wish = asked(page, a_token, decision())
    shutil.move(softhsm.tokens, tmp_path / "away")
    softhsm.tokens.mkdir()
    softhsm.module.restart()
    refused = pressed(page, wish, a_token.pin)
    assert "USBKey" in refused.text
    assert "下一步" in refused.text
    assert page.call("GET", "/v1/certificates").code == "no_token"
    softhsm.tokens.rmdir()
    shutil.move(tmp_path / "away", softhsm.tokens)
    softhsm.module.restart()
    page.press(f"/window/sign/{wish['id']}", form=refused.form(), do="sign", pin=a_token.pin)
    assert page.state(wish["id"])["state"] == "done"
