"""Only the window that the agent itself rendered can confirm; and the pairing it asks for."""

import stat

import pytest

from tests.usbkey.agent_site import PIN, REGISTRY, Site, decision, running, sign_in
from usbkey.agent.pairings import MOST, PairingFileError, Pairings


@pytest.fixture
def page(tmp_path):
    with running(tmp_path) as site:
        yield site.pair()


@pytest.fixture
def asked(page) -> dict:
    return page.ask(decision()).json


def state(page: Site, asked: dict) -> str:
    return page.state(asked["id"])["state"]


@pytest.mark.parametrize(
    "origin", [REGISTRY, None, "null", "http://127.0.0.1:1", "https://evil.test"]
)
def test_a_press_from_another_origin_is_refused(page, asked, origin):
    form = page.open(asked["window"]).form()
    answer = page.press(f"/window/sign/{asked['id']}", origin=origin, form=form, do="sign", pin=PIN)
    assert answer.status == 403
    assert (state(page, asked), page.drawer.unlocks) == ("waiting", 0)


@pytest.mark.parametrize("site", ["same-site", "cross-site", "none"])
def test_a_press_that_the_browser_calls_foreign_is_refused(page, asked, site):
    form = page.open(asked["window"]).form()
    answer = page.press(f"/window/sign/{asked['id']}", site=site, form=form, do="sign", pin=PIN)
    assert (answer.status, page.drawer.unlocks) == (403, 0)


@pytest.mark.parametrize("form", ["", "guessed", "A" * 43])
def test_a_press_without_the_forms_secret_is_refused(page, asked, form):
    page.open(asked["window"])
    answer = page.press(f"/window/sign/{asked['id']}", form=form, do="sign", pin=PIN)
    assert (answer.status, page.drawer.unlocks) == (403, 0)


def test_nothing_can_be_pressed_before_the_window_was_opened(page, asked):
    answer = page.press(f"/window/sign/{asked['id']}", form="", do="sign", pin=PIN)
    assert (answer.status, page.drawer.unlocks) == (403, 0)


def test_a_ticket_opens_the_window_once(page, asked):
    assert page.open(asked["window"]).status == 200
    again = page.open(asked["window"])
    assert again.status == 403
    assert "重新打开窗口" in again.text
    assert 'name="form"' not in again.text


def test_another_window_makes_the_one_before_worthless(page, asked):
    old = page.open(asked["window"]).form()
    fresh = page.call("POST", f"/v1/requests/{asked['id']}/window", {}).json["window"]
    form = page.open(fresh).form()
    page.press(f"/window/sign/{asked['id']}", form=old, do="sign", pin=PIN)
    assert page.drawer.unlocks == 0
    assert form != old


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
        {"Sec-Fetch-Dest": "iframe"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
    ],
)
def test_a_window_is_opened_by_navigation_alone(page, asked, headers):
    assert page.open(asked["window"], **headers).status == 403
    assert page.open(asked["window"]).status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_do_nothing(page, asked, method):
    answer = page.send(method, f"/window/sign/{asked['id']}", b"", {"Origin": page.own})
    assert answer.status in {403, 404, 405}
    assert state(page, asked) == "waiting"


def test_the_window_speaks_both_languages_without_losing_the_request(page, asked):
    chinese = page.open(asked["window"])
    path = f"/window/sign/{asked['id']}"
    english = page.press(path, form=chinese.form(), do="en")
    assert 'lang="en"' in english.text
    for text in ("Confirm signature", "Yunxi Power", "Approve", "Provincial review"):
        assert text in english.text
    assert "已签名" not in english.text
    done = page.press(path, form=english.form(), do="sign", pin=PIN)
    assert "1 signed" in done.text


def test_the_code_that_is_signed_stands_beside_the_words_for_it(page):
    """Words for a verdict come from the registry; they could say the opposite."""
    asked = page.ask(decision(verdict="approve", verdict_text={"zh": "退回", "en": "Return"})).json
    assert "退回 [approve]" in page.open(asked["window"]).text


def test_in_a_batch_the_one_that_differs_shows_in_what_it_differs(page):
    to = [{"account": n, "holder": {"zh": "甲", "en": "A"}} for n in ("10001", "10002")]
    lines = [
        {"instrument": "PE2025000118", "quantity": q, "to": n}
        for q, n in (("5", "10001"), ("7", "10002"))
    ]
    odd = decision(to=to, quantities=lines, account="10009999999", verdict="return")
    text = page.open(page.ask(decision(), decision(), odd).json["window"]).text
    for told in ("5 吨 → 10001", "7 吨 → 10002", "10009999999", "[return]"):
        assert text.count(told) >= 1, told


def test_a_sign_in_hides_in_no_batch(page):
    for documents in ((decision(), sign_in()), (sign_in(), sign_in())):
        refused = page.ask(*documents)
        assert (refused.status, refused.code) == (422, "mixed")


@pytest.mark.parametrize("blank", ["\u3164", "\u2800", "\u115f", "\uffa0", "\u034f", "\u200b"])
def test_letters_that_show_nothing_are_shown(page, blank):
    asked = page.ask(decision(instance=f"LY-2026{blank}-1")).json
    text = page.open(asked["window"]).text
    assert blank not in text
    assert "LY-2026\ufffd-1" in text


def test_what_hides_or_turns_text_is_shown_as_such(page):
    wicked = page.ask(decision(opinion="同意\u202e<script>alert(1)</script>\x07")).json
    text = page.open(wicked["window"]).text
    assert "\u202e" not in text
    assert "\x07" not in text
    assert "<script>alert" not in text
    assert "同意\ufffd&lt;script&gt;" in text


def test_the_user_pairs_a_website_after_comparing_the_code(tmp_path):
    with running(tmp_path) as site:
        wish = site.call("POST", "/v1/pair", {"language": "zh"}).json
        site.secret = wish["secret"]
        assert site.call("GET", "/v1/certificates").code == "unpaired"
        window = site.open(wish["window"])
        assert REGISTRY in window.text
        assert f"{wish['code'][:3]} {wish['code'][3:]}" in window.text
        assert wish["secret"] not in window.text
        path = f"/window/pair/{wish['id']}"
        assert site.call("GET", f"/v1/pair/{wish['id']}").json["state"] == "waiting"
        assert "已允许" in site.press(path, form=window.form(), do="allow").text
        assert site.call("GET", f"/v1/pair/{wish['id']}").json["state"] == "done"
        assert site.call("GET", "/v1/certificates").status == 200


def test_a_website_that_the_user_refuses_is_not_paired(tmp_path):
    with running(tmp_path) as site:
        wish = site.call("POST", "/v1/pair", {"language": "en"}).json
        site.secret = wish["secret"]
        form = site.open(wish["window"]).form()
        site.press(f"/window/pair/{wish['id']}", form=form, do="refuse")
        site.press(f"/window/pair/{wish['id']}", form=form, do="allow")
        assert site.call("GET", f"/v1/pair/{wish['id']}").json["state"] == "refused"
        assert site.call("GET", "/v1/certificates").code == "unpaired"


def test_only_who_asked_may_follow_a_pairing(tmp_path):
    with running(tmp_path) as site:
        wish = site.call("POST", "/v1/pair", {"language": "zh"}).json
        assert site.call("GET", f"/v1/pair/{wish['id']}").code == "unpaired"
        assert site.call("POST", f"/v1/pair/{wish['id']}/window", {}).code == "unpaired"


def test_the_file_of_pairings_holds_no_secret_and_is_the_users_own(tmp_path):
    with running(tmp_path) as site:
        site.pair()
    path = tmp_path / "pairings.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert site.secret not in path.read_text()
    path.chmod(0o644)
    with pytest.raises(PairingFileError):
        Pairings(path).holds(REGISTRY, site.secret)


@pytest.mark.parametrize("content", ["{", "[]", '{"format": "other"}', ""])
def test_a_file_of_pairings_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / "pairings.json"
    path.touch(mode=0o600)
    path.write_text(content)
    with running(tmp_path) as site:
        site.secret = "any"
        answer = site.call("GET", "/v1/hello")
    assert (answer.status, answer.code) == (500, "pairings")
    assert str(path) in answer.json["error"]["detail"]["en"]


def test_the_oldest_pairing_of_a_website_goes_first(tmp_path):
    pairings = Pairings(tmp_path / "deep" / "pairings.json")
    for n in range(MOST + 2):
        pairings.add(REGISTRY, f"secret {n}")
    held = [n for n in range(MOST + 2) if pairings.holds(REGISTRY, f"secret {n}")]
    assert held == list(range(2, MOST + 2))
