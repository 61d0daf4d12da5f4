"""What the agent signs and what it refuses, over its interface and its window."""

import base64
import json
import secrets
import threading
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from tests.usbkey.agent_site import (
    MEMBER,
    PIN,
    REGISTRY,
    Drawer,
    Site,
    decision,
    key_of,
    openssl_accepts,
    running,
    sign_in,
)
from usbkey.agent.asked import MOST_KEPT, MOST_WAITING


@pytest.fixture
def page(tmp_path):
    """A page of the registry in a browser that was paired."""
    with running(tmp_path) as site:
        yield site.pair()


def confirmed(page: Site, asked: dict, pin: str = PIN):
    """Open the window and press sign."""
    window = page.open(asked["window"])
    return page.press(f"/window/sign/{asked['id']}", form=window.form(), do="sign", pin=pin)


@pytest.mark.openssl
def test_a_decision_is_shown_confirmed_with_the_pin_and_signed(page, tmp_path):
    document = decision()
    asked = page.ask(document)
    assert (asked.status, asked.json["state"]) == (201, "waiting")
    window = page.open(asked.json["window"])
    for text in (
        REGISTRY,
        "履约申请 · 省级审核",
        "云溪发电有限责任公司",
        "199,050",
        "211,050",
        "通过",
        "经审核",
        MEMBER,
    ):
        assert text in window.text
    done = page.press(f"/window/sign/{asked.json['id']}", form=window.form(), do="sign", pin=PIN)
    assert "已签名" in done.text
    told = page.state(asked.json["id"])
    assert (told["state"], told["done"], told["total"]) == ("done", 1, 1)
    assert openssl_accepts(tmp_path, document, base64.b64decode(told["signatures"][0]["cms"]))


@pytest.mark.openssl
def test_each_document_of_a_batch_is_signed_for_itself_with_one_pin(page, tmp_path):
    documents = [decision(instance=f"LY-2026-{n:07}") for n in range(3)]
    asked = page.ask(*documents).json
    window = page.open(asked["window"]).text
    assert "批量签名 3 项" in window
    assert "597,150" in window
    assert "633,150" in window
    assert all(f"LY-2026-{n:07}" in window for n in range(3))
    page_again = page.call("POST", f"/v1/requests/{asked['id']}/window", {}).json
    confirmed(page, asked | page_again)
    signatures = page.state(asked["id"])["signatures"]
    for document, one in zip(documents, signatures, strict=True):
        assert openssl_accepts(tmp_path, document, base64.b64decode(one["cms"]))
    assert page.drawer.unlocks == 1


@pytest.mark.parametrize(
    "document",
    [
        sha256(b"anything").digest(),
        sha256(b"anything").hexdigest().encode(),
        b"",
        b"{}",
        b"Please sign: I give everything away",
        decision(type="registry/unknown/1"),
        decision(more="member"),
        decision(quantities=[{"instrument": "PE2025000118", "quantity": "1.5"}]),
        decision().replace(b'","', b'", "'),
        decision(opinion="x" * 70_000),
        sign_in(type="registry/decision/1"),
    ],
)
def test_nothing_but_a_document_of_the_registry_is_signed(page, document):
    answer = page.ask(document)
    assert (answer.status, answer.code) == (422, "document")
    assert set(answer.json["error"]["next_step"]) == {"zh", "en"}


def test_one_wrong_document_refuses_the_whole_batch(page):
    assert page.ask(decision(), b"x", decision()).code == "document"


@pytest.mark.parametrize("origin", ["https://other.example", "https://registry.example:8443"])
def test_a_document_of_another_website_is_refused(page, origin):
    assert page.ask(decision(origin=origin)).code == "document_origin"
    assert page.ask(sign_in(origin=origin)).code == "document_origin"


def test_an_expired_document_is_refused_with_both_clocks(page):
    answer = page.ask(decision(now=datetime.now(UTC) - timedelta(minutes=11)))
    assert answer.code == "document_expired"
    assert "UTC" in answer.json["error"]["detail"]["zh"]


def test_a_document_from_the_future_names_the_clock(page):
    assert page.ask(decision(now=datetime.now(UTC) + timedelta(minutes=3))).code == "document_early"
    assert page.ask(decision(now=datetime.now(UTC) + timedelta(minutes=1))).status == 201


def test_a_sign_in_takes_the_certificate_of_its_own_member(page):
    assert page.ask(sign_in(member_no="33000000013")).code == "document_member"
    asked = page.ask(sign_in())
    assert "登录确认" in page.open(asked.json["window"]).text


@pytest.mark.parametrize("year", [2019, 2040])
def test_a_certificate_out_of_its_time_is_refused_before_any_window(tmp_path, year):
    drawer = Drawer([key_of(MEMBER, datetime(year, 6, 1, tzinfo=UTC))])
    with running(tmp_path, drawer) as page:
        page.pair()
        answer = page.ask(decision())
        assert answer.code in {"certificate_expired", "certificate_not_yet_valid"}
        told = page.call("GET", "/v1/certificates").json["certificates"]
        assert told[0]["state"] in {"expired", "not_yet_valid"}


def test_a_certificate_that_is_not_plugged_in_is_refused(page):
    assert page.ask(decision(), certificate="0" * 64).code == "certificate"
    page.drawer.present = False
    answer = page.call("GET", "/v1/certificates")
    assert (answer.status, answer.code) == (409, "no_token")


def test_too_many_documents_are_refused(page):
    assert page.ask(*[decision()] * 501).code == "too_many"
    assert page.ask().code == "body"


def test_five_hundred_documents_are_signed_in_one_go(page):
    asked = page.ask(*[decision(instance=str(n)) for n in range(500)]).json
    confirmed(page, asked)
    told = page.state(asked["id"])
    assert (told["state"], len(told["signatures"])) == ("done", 500)


def test_the_same_request_again_signs_nothing_again(page):
    document, number = decision(), secrets.token_hex(16)
    asked = page.ask(document, id=number).json
    confirmed(page, asked)
    first = page.state(number)
    again = page.ask(document, id=number)
    assert again.status == 200
    assert again.json["signatures"] == first["signatures"]
    assert again.json["window"] is None
    assert page.drawer.unlocks == 1
    assert page.ask(decision(), id=number).code == "request_differs"


def test_a_second_press_of_the_same_form_does_nothing_more(page):
    asked = page.ask(decision()).json
    window = page.open(asked["window"])
    path = f"/window/sign/{asked['id']}"
    wrong = page.press(path, form=window.form(), do="sign", pin="999999")
    assert wrong.status == 422
    assert "还可以再试 2 次" in wrong.text
    again = page.press(path, form=window.form(), do="sign", pin="999999")
    assert page.drawer.tries == 2
    assert page.drawer.unlocks == 1
    page.press(path, form=again.form(), do="sign", pin=PIN)
    assert page.state(asked["id"])["state"] == "done"


def test_two_presses_at_once_are_one_try(page):
    asked = page.ask(decision()).json
    form = page.open(asked["window"]).form()
    press = lambda: page.press(f"/window/sign/{asked['id']}", form=form, do="sign", pin=PIN)  # noqa: E731
    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert page.drawer.unlocks == 1
    assert page.state(asked["id"])["state"] == "done"


def test_after_a_wrong_pin_the_window_stays_and_nothing_is_signed(page):
    asked = page.ask(decision()).json
    answer = confirmed(page, asked, "975310")
    assert "PIN 码错误" in answer.text
    assert "下一步" in answer.text
    assert "975310" not in answer.text
    assert page.state(asked["id"])["state"] == "waiting"
    page.press(f"/window/sign/{asked['id']}", form=answer.form(), do="sign", pin=PIN)
    assert page.state(asked["id"])["state"] == "done"


def test_without_a_pin_no_try_is_used_up(page):
    answer = confirmed(page, page.ask(decision()).json, "")
    assert "没有输入 PIN 码" in answer.text
    assert page.drawer.unlocks == 0


def test_a_locked_token_says_so(page):
    page.drawer.tries = 0
    assert "USBKey 已被锁定" in confirmed(page, page.ask(decision()).json).text


def test_a_token_that_is_pulled_out_signs_none_of_the_batch(page):
    page.drawer.signatures_until_removed = 2
    asked = page.ask(*[decision(instance=str(n)) for n in range(3)]).json
    answer = confirmed(page, asked)
    assert "没有签署任何内容" in answer.text
    told = page.state(asked["id"])
    assert (told["state"], told["signatures"]) == ("waiting", [])
    page.drawer.signatures_until_removed = -1
    page.press(f"/window/sign/{asked['id']}", form=answer.form(), do="sign", pin=PIN)
    assert len(page.state(asked["id"])["signatures"]) == 3


def test_cancel_signs_nothing_ever(page):
    asked = page.ask(decision()).json
    form = page.open(asked["window"]).form()
    path = f"/window/sign/{asked['id']}"
    assert "已取消" in page.press(path, form=form, do="refuse").text
    assert page.state(asked["id"])["state"] == "refused"
    page.press(path, form=form, do="sign", pin=PIN)
    assert page.drawer.unlocks == 0


def test_the_page_may_take_its_wish_back(page):
    asked = page.ask(decision()).json
    form = page.open(asked["window"]).form()
    assert page.call("DELETE", f"/v1/requests/{asked['id']}").json["state"] == "refused"
    page.press(f"/window/sign/{asked['id']}", form=form, do="sign", pin=PIN)
    assert page.state(asked["id"])["signatures"] == []


def test_what_is_not_confirmed_in_time_is_over(tmp_path):
    moved = timedelta()
    with running(tmp_path, now=lambda: datetime.now(UTC) + moved) as page:
        page.pair()
        asked = page.ask(decision()).json
        form = page.open(asked["window"]).form()
        moved = timedelta(minutes=11)
        answer = page.press(f"/window/sign/{asked['id']}", form=form, do="sign", pin=PIN)
        assert "已过期" in answer.text
        assert page.state(asked["id"])["state"] == "over"
        moved = timedelta(minutes=30)
        assert page.call("GET", f"/v1/requests/{asked['id']}").code == "not_found"


def test_not_more_wait_at_once_than_a_person_can_look_at(page):
    assert [page.ask(decision()).status for _ in range(MOST_WAITING)] == [201] * MOST_WAITING
    assert page.ask(decision()).code == "busy"


def test_answered_requests_do_not_pile_up(page):
    for _ in range(MOST_KEPT + 5):
        page.call("DELETE", f"/v1/requests/{page.ask(decision()).json['id']}")
    assert len(page.agent.signs._wishes) == MOST_KEPT


def test_another_website_does_not_see_a_request(tmp_path):
    other = "https://other.example"
    with running(tmp_path, origins=[REGISTRY, other]) as page:
        number = page.pair().ask(decision()).json["id"]
        stranger = Site(page.agent, page.drawer, origin=other).pair()
        assert stranger.call("GET", f"/v1/requests/{number}").code == "not_found"
        assert stranger.call("DELETE", f"/v1/requests/{number}").code == "not_found"
        assert stranger.call("POST", f"/v1/requests/{number}/window", {}).code == "not_found"


def test_the_pin_stands_in_no_answer_and_no_file(page, tmp_path, caplog, capfd):
    asked = page.ask(decision()).json
    answers = [confirmed(page, asked).text, json.dumps(page.state(asked["id"]))]
    told = "".join(answers) + caplog.text + "".join(capfd.readouterr())
    told += "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert PIN not in told
    assert page.agent.signs.find(asked["id"]).__dict__.get("pin") is None
