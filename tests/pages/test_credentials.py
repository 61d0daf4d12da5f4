"""数字证书管理: who sees it, what it lists, what it begins, and the report of a loss (M2, R23)."""

import re
import secrets
from datetime import timedelta

import pytest

from tests.pages.conftest import (
    AUDITOR,
    EMITTER,
    OTHER_EMITTER,
    PROVINCE,
    Market,
    open_market,
)
from tests.pages.test_exports import read_csv, read_xlsx
from tests.services.market import superuser

OPERATOR = "11000000001"  # of the registry, not of its machines


def bind(market, database, member: str, days: int) -> str:
    """Bind a made-up certificate to a member; return its fingerprint in hexadecimal."""
    der = secrets.token_bytes(40)
    at = market.clock.now()
    with superuser(database) as cursor:
        cursor.execute(
            """INSERT INTO trust.certificate (fingerprint, person_id, software, serial, subject,
                   issuer, not_before, not_after, der, at)
               SELECT sha256(%(der)s), p.id, true, %(serial)s, p.member_no, 'CN=test', %(at)s,
                   %(until)s, %(der)s, %(at)s
               FROM identity.person p WHERE p.member_no = %(member)s
               RETURNING encode(fingerprint, 'hex')""",
            {
                "der": der,
                "serial": secrets.token_hex(8),
                "at": at,
                "until": at + timedelta(days=days),
                "member": member,
            },
        )
        return cursor.fetchone()[0]


def bound(market, database) -> dict[str, str]:
    """Three people's: valid, running out, run out."""
    return {
        EMITTER: bind(market, database, EMITTER, 300),
        OTHER_EMITTER: bind(market, database, OTHER_EMITTER, 20),
        PROVINCE: bind(market, database, PROVINCE, 0),
    }


@pytest.fixture(scope="module")
def certificates(market, module_database) -> dict[str, str]:
    """Those of the market that is only looked at."""
    return bound(market, module_database)


@pytest.fixture
def a_loss(database, redis_server) -> tuple[Market, dict[str, str]]:
    """A market of one test, in which a certificate is reported lost."""
    own = open_market(database, redis_server.url())
    return own, bound(own, database)


def shown(answer) -> set[str]:
    """The fingerprints of a list."""
    return set(re.findall(r'title="([0-9a-f]{64})"', answer.text))


@pytest.mark.parametrize("member", [EMITTER, PROVINCE, "10000000001"])
def test_only_the_registry_operator_and_auditors_see_the_list(market, member: str):
    assert market.as_(member).get("/credentials").status_code == 403
    assert market.as_(member).get("/credentials/file.csv").status_code == 403


def test_the_list_says_whose_until_when_and_in_which_state(market, certificates):
    page = market.as_(OPERATOR).get("/credentials?sort=until")
    assert set(certificates.values()) <= shown(page)
    for words in (EMITTER, "有效", "30 天内到期", "已到期"):
        assert words in page.text, words


@pytest.mark.parametrize(
    ("query", "whose"),
    [
        ("state=expiring", {OTHER_EMITTER}),
        ("state=expired", {PROVINCE}),
        (f"q={EMITTER}", {EMITTER}),
        ("state=none", set()),
        ("state=ended", set()),
    ],
)
def test_the_list_is_narrowed(market, certificates, query: str, whose: set[str]):
    demo = shown(market.as_(OPERATOR).get(f"/credentials?{query}"))
    assert demo & set(certificates.values()) == {certificates[member] for member in whose}


def test_a_certificate_is_found_by_how_its_fingerprint_begins(market, certificates):
    found = certificates[EMITTER]
    typed = ":".join(found[i : i + 2] for i in range(0, 12, 2)).upper()
    assert shown(market.as_(OPERATOR).get("/credentials", query_string={"q": typed})) == {found}


def test_an_auditor_reads_and_begins_nothing(market, certificates):
    page = market.as_(AUDITOR).get("/credentials")
    assert certificates[EMITTER] in shown(page)
    assert "credential_change" not in page.text
    assert market.as_(AUDITOR).get("/applications/new/credential_change").status_code == 403


def test_the_list_is_a_file_as_it_is_narrowed(market, certificates):
    answer = market.as_(OPERATOR).get("/credentials/file.csv?state=expiring")
    rows = read_csv(answer)
    assert [row for row in rows if certificates[OTHER_EMITTER] in row]
    assert not [row for row in rows if certificates[EMITTER] in row]
    book = read_xlsx(market.as_(AUDITOR).get("/credentials/file.xlsx?state=expiring"))
    assert [[cell or "" for cell in row] for row in book] == rows


def test_a_button_begins_a_change_with_its_fields_filled_in(market, certificates):
    browser, found = market.as_(OPERATOR), certificates[EMITTER]
    page = browser.get("/credentials", query_string={"q": EMITTER}).text
    [link] = re.findall(r'href="(/applications/new/credential_change\?change=lost[^"]*)"', page)
    form = browser.get(link.replace("&amp;", "&")).text
    assert f'value="{found}"' in form
    assert f'value="{EMITTER}"' in form
    assert '<option value="lost" selected>' in form


def test_an_address_fills_in_only_what_the_diagram_lets_it(market):
    page = market.as_(OPERATOR).get("/applications/new/credential_change?reason=注入的原因")
    assert "注入的原因" not in page.text.split("<main")[1]


def test_who_reports_a_loss_is_asked_and_then_signed_out_at_once(a_loss):
    market, certificates = a_loss
    browser = market.as_(EMITTER)
    mine = market.one(
        "SELECT id FROM trust.certificate WHERE encode(fingerprint, 'hex') = %(f)s",
        f=certificates[EMITTER],
    )
    other = market.one(
        "SELECT id FROM trust.certificate WHERE encode(fingerprint, 'hex') = %(f)s",
        f=certificates[PROVINCE],
    )
    address = f"/account/certificates/{mine}/lost"
    assert certificates[EMITTER] in browser.get(address).text
    assert browser.get(f"/account/certificates/{other}/lost").status_code == 404
    assert browser.post(f"/account/certificates/{other}/lost").status_code == 404
    answer = browser.post(address)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in")
    assert market.rows(
        "SELECT reason, decision_id FROM trust.certificate_end WHERE certificate_id = %(i)s", i=mine
    ) == [("lost", None)]
    assert browser.get("/home").status_code == 302
    tag = market.one("SELECT tag FROM audit.event ORDER BY id DESC LIMIT 1")
    assert tag == "trust:certificate:reported_lost"


def test_the_registry_operator_hears_of_a_loss(a_loss):
    market, certificates = a_loss
    mine = market.one(
        "SELECT id FROM trust.certificate WHERE encode(fingerprint, 'hex') = %(f)s",
        f=certificates[EMITTER],
    )
    market.as_(EMITTER).post(f"/account/certificates/{mine}/lost")
    for page in ("/messages", "/inbox", "/home"):
        text = market.as_(OPERATOR).get(page, follow_redirects=True).text
        assert f"会员 {EMITTER} 报失数字证书" in text, page
    page = market.as_(OPERATOR).get("/credentials?state=ended").text
    assert "本人报失" in page


@pytest.mark.parametrize("name", ["q", "state", "reason", "sort", "cursor"])
def test_a_made_up_filter_is_never_a_fault(market, certificates, name: str):
    for value in ("-1", "9" * 400, "'\"><script>alert(1)</script>%_\\{{7*7}}", "%", "\u202e", "²"):
        for path in ("/credentials", "/credentials/file.csv"):
            answer = market.as_(OPERATOR).get(path, query_string={name: value})
            assert answer.status_code < 500, (path, value)
            assert "<script>alert" not in answer.text


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 40])
def test_a_certificate_that_is_not_there_is_not_found(market, number: str):
    address = f"/account/certificates/{number}/lost"
    assert market.as_(EMITTER).get(address).status_code == 404
    assert market.as_(EMITTER).post(address).status_code in {404, 405}
