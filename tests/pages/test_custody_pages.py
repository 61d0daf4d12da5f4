"""Custody on the pages, without scripts: two tables, each recipient's own view (F19-F25, M22)."""

import re
from io import BytesIO

import pytest

from app.services.demo.market import PASSWORD
from app.services.passwords import set_password
from tests.pages.conftest import Market
from tests.web.site import Browser

DEPOSITOR, NANYU, WANGHAI, REGISTRY = "21042300208", "21042300207", "21042300210", "11000000001"
NAMES = {NANYU: "南屿石化有限公司", WANGHAI: "望海燃气发电有限公司"}
LISTS = ("/records/custody", "/records/custody-link", "/records/custody-return")


@pytest.fixture(scope="module")
def merger(market: Market) -> Market:
    """The demo's merger: NY has agreed to 2,000 t, WH is asked about 1,500 t."""
    for member in (DEPOSITOR, NANYU, WANGHAI):
        set_password(market.ctx, member, PASSWORD)
    return market


def pending(market: Market) -> int:
    return market.one(
        """SELECT i.id FROM workflow.instance i WHERE i.process_id = 'custody_return'
           AND i.status = 'open' ORDER BY i.id LIMIT 1"""
    )


def own_task(market: Market, instance: int) -> int:
    return market.one(
        "SELECT key FROM workflow.task WHERE instance_id = %(i)s ORDER BY key LIMIT 1", i=instance
    )


def shown(browser: Browser, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, (path, answer.status_code, answer.text[:2000])
    return answer.text


@pytest.mark.parametrize("member", [DEPOSITOR, NANYU, REGISTRY])
@pytest.mark.parametrize("path", LISTS)
def test_the_lists_open_for_all_who_take_part(merger: Market, member: str, path: str) -> None:
    shown(merger.as_(member), path)


@pytest.mark.parametrize(
    ("member", "path", "words"),
    [
        (DEPOSITOR, "/custody", "Remaining in custody"),
        (DEPOSITOR, "/applications/new/custody_return", "Quantities returned"),
        (DEPOSITOR, "/applications/new/custody_link", "Emitters to link with"),
        (DEPOSITOR, "/applications/new/custody_application", "Type of custody"),
        (REGISTRY, "/custody/links", "Links that stand"),
    ],
)
def test_the_pages_speak_english_too(merger: Market, member: str, path: str, words: str) -> None:
    answer = merger.as_(member).get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    assert words in answer.text


def test_the_depositor_sees_what_is_in_custody_and_not_among_its_holdings(merger: Market) -> None:
    page = shown(merger.as_(DEPOSITOR), "/custody")
    assert all(number in page for number in ("8,000", "3,500", "3,000", "1,500"))
    assert all(name in page for name in NAMES.values())
    assert "存管中" in shown(merger.as_(DEPOSITOR), "/holdings")
    assert "存管中" not in shown(merger.as_(NANYU), "/holdings")


def test_the_registry_sees_all_links_and_nobody_else(merger: Market) -> None:
    page = shown(merger.as_(REGISTRY), "/custody/links")
    assert all(name in page for name in NAMES.values())
    assert merger.as_(NANYU).get("/custody/links").status_code == 403


@pytest.mark.parametrize(("member", "other"), [(NANYU, WANGHAI), (WANGHAI, NANYU)])
def test_no_page_shows_a_recipient_anything_of_another(
    merger: Market, member: str, other: str
) -> None:
    browser, instance = merger.as_(member), pending(merger)
    quantity = {NANYU: "2,000", WANGHAI: "1,500"}
    secrets = (NAMES[other], quantity[other], "3,500", "同意接收。" if other == NANYU else "——")
    for path in (
        f"/applications/{instance}",
        f"/applications/{instance}/resume",
        "/inbox",
        "/messages",
        "/records/custody-return",
        "/records/custody-return/file.csv",
        "/records",
        "/home",
        "/inbox/waiting",
        f"/applications/{instance}/diagram.bpmn",
    ):
        answer = browser.get(path, follow_redirects=True)
        assert answer.status_code == 200, path
        found = [secret for secret in secrets if secret in answer.text]
        assert not found, (path, found)
    own = shown(browser, f"/applications/{instance}")
    assert quantity[member] in own


def test_a_return_is_filled_in_without_scripts(merger: Market) -> None:
    """Pick the lot, and a line for each linked holder comes; what is left empty is not returned."""
    browser = merger.as_(DEPOSITOR)
    page = shown(browser, "/applications/new/custody_return")
    [lot] = set(re.findall(r'name="add" value="(\d+)"', page))
    answer = browser.post("/applications/new/custody_return", {"action": "add", "add": lot})
    codes = re.findall(r'name="lines.recipient" value="([^"]+)"', answer.text)
    assert len(codes) == 2
    assert re.findall(r'name="lines.lot" value="(\d+)"', answer.text) == [lot, lot]
    typed = {
        "lines.lot": [lot, lot],
        "lines.recipient": codes,
        "lines.quantity": ["4,000", ""],
        "action": "submit",
    }
    answer = browser.post("/applications/new/custody_return", typed)
    assert answer.status_code == 422
    assert "2006" in answer.text
    assert "超出 2,500 吨" in answer.text
    assert 'value="4,000"' in answer.text
    assert len(re.findall(r'name="lines.recipient"', answer.text)) == 2
    answer = browser.post(
        "/applications/new/custody_return", typed | {"lines.quantity": ["100", ""]}
    )
    assert answer.status_code == 302, answer.text
    page = shown(browser, answer.headers["Location"])
    assert "存管返还明细" in page
    drafted = typed | {"lines.quantity": ["", ""], "action": "save"}
    answer = browser.post("/applications/new/custody_return", drafted)
    assert answer.status_code == 302
    assert "lines.quantity" in shown(browser, answer.headers["Location"])


def test_a_link_application_names_holders_and_the_review_proposes_them(merger: Market) -> None:
    browser = merger.as_(DEPOSITOR)
    shown(browser, "/applications/new/custody_link")
    code = merger.one("SELECT code FROM identity.holder WHERE name = '北泽水泥有限公司'")
    wrong = {"holders": "9999\n" + code, "reason": "合并。", "action": "submit"}
    answer = browser.post("/applications/new/custody_link", wrong)
    assert answer.status_code == 422
    assert "9999" in answer.text
    answer = browser.post("/applications/new/custody_link", wrong | {"holders": code})
    assert answer.status_code == 302, answer.text
    address = answer.headers["Location"]
    assert "北泽水泥有限公司" in shown(browser, address)
    instance = int(address.rsplit("/", 1)[1])
    path = f"/applications/{instance}/tasks/{own_task(merger, instance)}"
    officer = merger.as_(REGISTRY)
    page = shown(officer, path)
    assert re.search(rf'<textarea[^>]*name="linked"[^>]*>{code}</textarea>', page)
    answer = officer.post(
        path,
        {"verdict": "approve", "linked": code, "action": "submit", "element": "review_link"},
    )
    assert answer.status_code == 302, answer.text
    assert "北泽水泥有限公司" in shown(browser, "/custody")


def test_a_drafted_deposit_keeps_the_type_that_was_chosen(merger: Market) -> None:
    browser = merger.as_(DEPOSITOR)
    shown(browser, "/applications/new/custody_application")
    form = {"custody_type": "split", "reason": "分立。", "action": "save"}
    answer = browser.post("/applications/new/custody_application", form)
    page = shown(browser, answer.headers["Location"])
    assert re.search(r'value="split"\s+checked', page)


def test_a_deposit_carries_its_proof_to_the_registry(merger: Market) -> None:
    browser = merger.as_(DEPOSITOR)
    shown(browser, "/applications/new/custody_application")
    code = merger.one(
        """SELECT i.code FROM ledger.unit_block b
           JOIN ledger.instrument i ON i.id = b.instrument_id
           JOIN identity.account a ON a.id = b.account_id JOIN identity.holder h
               ON h.id = a.holder_id
           WHERE h.name = '临江发电有限公司' AND b.position = 'registry_available' LIMIT 1"""
    )
    form = {
        "lines.instrument": code,
        "lines.quantity": "10",
        "custody_type": "merger",
        "reason": "合并。",
        "proof": (BytesIO(b"%PDF-1.7\n%%EOF\n"), "合并公告.pdf"),
        "action": "submit",
    }
    answer = browser.post("/applications/new/custody_application", form)
    assert answer.status_code == 302, answer.text
    page = shown(merger.as_(REGISTRY), answer.headers["Location"])
    assert "合并公告.pdf" in page
    assert "合并。" in page


def test_the_drawing_shows_the_flow_that_runs_and_no_other(merger: Market) -> None:
    drawn = shown(merger.as_(DEPOSITOR), f"/applications/{pending(merger)}/diagram.bpmn")
    assert "fill_return" in drawn
    assert "fill_link" not in drawn
