"""Signing from a page of another origin through the agent's real window, with a software token."""

import base64
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.access import sideways
from tests.browser.usbkey.conftest import (
    NARROW,
    PIN,
    POPUP,
    Person,
    Registry,
    faults_of_access,
    put,
)
from tests.usbkey.agent_site import MEMBER, openssl_accepts

pytestmark = pytest.mark.browser


def look_at(person: Person, window, name: str) -> None:
    """Both widths of a window, and what axe-core says of it."""
    window.set_viewport_size(NARROW)
    person.shoot(window, f"{name}-390")
    assert sideways(window) <= 0
    window.set_viewport_size(POPUP)
    person.shoot(window, f"{name}-640")
    assert faults_of_access(window) == []


@pytest.mark.openssl
def test_a_decision_is_signed_in_the_window_and_handed_in(
    agent, person: Person, registry, tmp_path
):
    page = person.open(f"?member={MEMBER}")
    person.pair()
    person.shoot(page, "page-ready")
    page.fill("#opinion", "经审核，同意。")
    window = person.press("#decide .btn-primary")
    person.at("waiting")
    expect(window.locator("body")).to_contain_text(registry.origin)
    expect(window.locator("body")).to_contain_text("经审核，同意。")
    expect(window.locator("#pin")).to_be_focused()
    look_at(person, window, "sign")
    person.shoot(page, "page-waiting")
    window.fill("#pin", PIN)
    window.keyboard.press("Enter")
    page.wait_for_selector("#done")
    (received,) = registry.received
    assert received["verdict"] == ["approve"]
    document, cms = (base64.b64decode(received[name][0]) for name in ("signed_document", "cms"))
    assert document == registry.prepared[0]
    assert openssl_accepts(tmp_path, document, cms)
    assert person.broken == []


@pytest.mark.openssl
def test_a_batch_is_listed_and_each_is_signed(known: Person, registry, tmp_path):
    page = known.open("?count=12")
    known.at("ready")
    window = known.press("#decide .btn-primary")
    expect(window.locator("h1")).to_have_text("批量签名 12 项")
    assert window.locator(".list > li").count() == 12
    look_at(known, window, "batch")
    window.fill("#pin", PIN)
    window.click("button[value=sign]")
    page.wait_for_selector("#done")
    received = registry.received[0]
    signed = [base64.b64decode(one) for one in received["signed_document"]]
    assert signed == registry.prepared
    for document, cms in zip(signed, received["cms"], strict=True):
        assert openssl_accepts(tmp_path, document, base64.b64decode(cms))


def test_a_wrong_pin_stays_in_the_window_and_a_second_try_signs(known: Person, registry):
    page = known.open()
    known.at("ready")
    window = known.press("#decide .btn-primary")
    window.fill("#pin", "wrong-pin")
    window.click("button[value=sign]")
    expect(window.get_by_role("alert")).to_contain_text("还可以再试 4 次")
    expect(window.get_by_role("alert")).to_contain_text("下一步")
    assert window.locator("#pin").input_value() == ""
    look_at(known, window, "wrong-pin")
    window.fill("#pin", PIN)
    window.click("button[value=sign]")
    page.wait_for_selector("#done")
    assert "wrong-pin" not in str(registry.received)


def test_cancelling_hands_nothing_in(known: Person, registry):
    page = known.open()
    known.at("ready")
    window = known.press("#decide .btn-primary")
    window.click("button[value=refuse]")
    look_at(known, window, "cancelled")
    known.at("refused")
    known.shoot(page, "page-refused")
    assert registry.received == []
    window = known.press("#decide .btn-primary")
    page.click("[data-usbkey-state=waiting] [data-do=cancel]")
    known.at("refused")
    assert registry.received == []


def test_a_closed_window_is_opened_again(known: Person, registry):
    page = known.open()
    known.at("ready")
    known.press("#decide .btn-primary").close()
    window = known.press("[data-usbkey-state=waiting] [data-do=reopen]")
    window.fill("#pin", PIN)
    window.click("button[value=sign]")
    page.wait_for_selector("#done")
    assert len(registry.received) == 1


def test_a_blocked_window_is_opened_by_its_button(known: Person, registry):
    page = known.open()
    known.at("ready")
    page.evaluate(
        "() => { const open = window.open;"
        " window.open = () => { window.open = open; return null; }; }"
    )
    page.click("#decide .btn-primary")
    known.at("blocked")
    known.shoot(page, "page-blocked")
    window = known.press("[data-usbkey-state=blocked] [data-do=reopen]")
    window.fill("#pin", PIN)
    window.click("button[value=sign]")
    page.wait_for_selector("#done")
    assert len(registry.received) == 1


@pytest.mark.openssl
def test_a_sign_in_signs_the_documents_of_the_page(known: Person, registry, tmp_path):
    page = known.open(f"?member={MEMBER}")
    known.at("ready")
    window = known.press("#sign-in button")
    expect(window.locator("h1")).to_have_text("登录确认")
    look_at(known, window, "sign-in")
    window.click("text=English")
    expect(window.locator("h1")).to_have_text("Confirm sign-in")
    look_at(known, window, "sign-in-english")
    window.fill("#pin", PIN)
    window.click("button[value=sign]")
    page.wait_for_selector("#done")
    received = registry.received[0]
    document = base64.b64decode(received["signed_document"][0])
    assert MEMBER.encode() in document
    assert openssl_accepts(tmp_path, document, base64.b64decode(received["cms"][0]))
    assert received["certificate"]


@pytest.fixture
def another_key(agent, token) -> Iterator[None]:
    """A second key on the token, for one test."""
    before = set(token.folder.iterdir())
    put(token, "33000000013")
    yield
    for made in set(token.folder.iterdir()) - before:
        made.unlink()


def test_of_several_certificates_one_is_chosen(person: Person, another_key):
    page = person.open()
    window = person.ask_to_pair()
    look_at(person, window, "pair")
    window.click("button[value=allow]")
    person.at("choose")
    person.shoot(page, "page-choose")
    page.get_by_label("证书").select_option(index=1)
    person.at("ready")
    window = person.press("#decide .btn-primary")
    expect(window.locator("body")).to_contain_text(MEMBER)


def test_another_persons_usbkey_is_refused_in_words(known: Person):
    page = known.open("?member=33000000099")
    known.at("no-certificate")
    expect(page.get_by_text("插入本人的 USBKey 后重新检测")).to_be_visible()


def test_what_needs_no_signature_and_what_the_server_refuses_is_sent_as_ever(
    known: Person, registry
):
    page = known.open()
    known.at("ready")
    page.click("[data-unsigned]")
    page.wait_for_selector("#done")
    registry.needed = False
    known.open()
    known.at("ready")
    page.click("#decide .btn-primary")
    page.wait_for_selector("#done")
    registry.refuses = True
    known.open()
    known.at("ready")
    page.click("#decide .btn-primary")
    page.wait_for_selector("#done")
    assert [("cms" in one) for one in registry.received] == [False, False, False]


def test_a_form_that_changes_while_it_is_signed_is_not_handed_in(known: Person, registry):
    page = known.open()
    known.at("ready")
    window = known.press("#decide .btn-primary")
    page.fill("#opinion", "改过的意见")
    window.fill("#pin", PIN)
    window.click("button[value=sign]")
    known.at("changed")
    assert registry.received == []


def test_without_scripts_the_page_says_so(agent, chromium, registry: Registry):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(registry.origin)
    expect(page.get_by_text("USBKey 签名需要启用脚本")).to_be_visible()
    context.close()
