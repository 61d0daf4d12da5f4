"""A certificate's public page and its PDF, as anybody and as its parties meet them (W11, M25)."""

from datetime import timedelta
from io import BytesIO
from urllib.parse import unquote

import pytest
from pypdf import PdfReader

from app.ledger.effects import By, Order, Reverse
from app.ledger.posting import execute
from app.web.limits import CONFIRMATIONS
from tests.pages.conftest import AUDITOR, BUYER, EMITTER, PROVINCE

MANAGEMENT = "11000000001"
NUMBER = "ZXZS-2026-0000001"
CCER = "CCER2025000031"
UNKNOWN = ["ZXZS-2026-9999999", "ZXZS-2025-0000001", "1", "'--", "%00", "证书"]


def cancelled(market) -> int:
    """The application that the certificate is about."""
    return market.one("SELECT instance_id FROM certificates.certificate")


@pytest.fixture
def anybody(market):
    """Nobody who is signed in, and nobody who asked before."""
    from app.web.limits import limiter

    with market.app.app_context():
        limiter.reset()
    return market.browser()


def test_anybody_confirms_a_certificate_by_its_number(market, anybody):
    answer = anybody.get(f"/certificates/{NUMBER}")
    assert answer.status_code == 200
    for words in (
        "证书有效",
        NUMBER,
        "绿源碳资产管理公司",
        "2,000",
        "CCER2025000031",
        "2026-11-20",
    ):
        assert words in answer.text


def test_the_public_page_says_no_more_than_that(market, anybody):
    page = anybody.get(f"/certificates/{NUMBER}").text
    [(beneficiary, purpose, application, account, first)] = market.rows(
        """SELECT c.beneficiary, c.purpose, i.number, a.number, lower(e.serials)::text
           FROM certificates.certificate c JOIN workflow.instance i ON i.id = c.instance_id
           JOIN identity.account a ON a.id = i.applicant_account_id
           JOIN ledger.transfer_event v ON v.transfer_id = c.transfer_id AND v.kind = 'posted'
           JOIN ledger.entry e ON e.event_id = v.id LIMIT 1"""
    )
    for secret in (beneficiary, purpose, application, account, first, "苏禾", "沈知行"):
        assert secret
        assert secret not in page


def test_a_number_may_be_typed_in_small_letters(anybody):
    assert anybody.get(f"/certificates/{NUMBER.lower()}").status_code == 200


def test_the_public_page_speaks_english(anybody):
    page = anybody.get(f"/certificates/{NUMBER}", headers={"Accept-Language": "en"}).text
    assert "The certificate is valid" in page
    assert "Lvyuan carbon asset management" in page
    assert "证书有效" not in page


@pytest.mark.parametrize(
    "number", ["ZXZS-2026-9999999", "ZXZS-2025-0000001", "1", "'--", "%00", "证书"]
)
def test_an_unknown_number_is_a_plain_404(anybody, number):
    answer = anybody.get(f"/certificates/{number}")
    assert answer.status_code in {400, 404}
    assert "绿源" not in answer.text
    assert "证书有效" not in answer.text


def test_one_address_may_not_try_numbers_without_end(anybody):
    for _ in range(int(CONFIRMATIONS.split()[0])):
        assert anybody.get("/certificates/ZXZS-2026-9999999").status_code == 404
    assert anybody.get(f"/certificates/{NUMBER}").status_code == 429


def test_the_holder_finds_the_certificate_on_the_applications_page(market):
    page = market.as_(BUYER).get(f"/applications/{cancelled(market)}").text
    assert f"/applications/{cancelled(market)}/certificate.pdf" in page
    assert f"/certificates/{NUMBER}" in page
    other = market.one(
        "SELECT max(id) FROM workflow.instance WHERE process_id = 'voluntary_cancel'"
    )
    assert "certificate.pdf" not in market.as_(BUYER).get(f"/applications/{other}").text


@pytest.mark.parametrize("member", [BUYER, MANAGEMENT, AUDITOR])
def test_parties_and_auditors_download_it_as_a_file(market, member):
    answer = market.as_(member).get(f"/applications/{cancelled(market)}/certificate.pdf")
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment")
    assert f"自愿注销证书-{NUMBER}.pdf" in unquote(disposition)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    said = PdfReader(BytesIO(answer.data)).pages[0].extract_text()
    assert f"http://localhost/certificates/{NUMBER}" in said


@pytest.mark.parametrize("member", [EMITTER, PROVINCE])
def test_to_anybody_else_there_is_no_certificate(market, member):
    answer = market.as_(member).get(f"/applications/{cancelled(market)}/certificate.pdf")
    assert answer.status_code == 404


def test_without_signing_in_nothing_is_downloaded(market, anybody):
    answer = anybody.get(f"/applications/{cancelled(market)}/certificate.pdf")
    assert answer.status_code == 302
    assert "/sign-in" in answer.headers["Location"]


def test_the_address_in_the_code_is_the_public_one_where_it_is_known(market):
    from dataclasses import replace

    settings = replace(market.ctx.settings, public_url="https://registry.example.org")
    known = market.app.extensions["registry"]
    market.app.extensions["registry"] = replace(known, settings=settings)
    try:
        answer = market.as_(BUYER).get(f"/applications/{cancelled(market)}/certificate.pdf")
    finally:
        market.app.extensions["registry"] = known
    said = PdfReader(BytesIO(answer.data)).pages[0].extract_text()
    assert f"https://registry.example.org/certificates/{NUMBER}" in said


def test_who_may_cancel_finds_it_in_the_menu(market):
    for member in (BUYER, EMITTER, MANAGEMENT):
        assert "自愿注销管理" in market.as_(member).get("/home", follow_redirects=True).text
    assert "自愿注销管理" not in market.as_(PROVINCE).get("/home").text


def test_the_list_leads_to_a_new_cancellation_and_to_each_one(market):
    page = market.as_(BUYER).get("/records/cancellation").text
    assert "自愿注销新增" in page
    assert "/applications/new/voluntary_cancel" in page
    assert f"/applications/{cancelled(market)}" in page
    assert "自愿注销新增" not in market.as_(MANAGEMENT).get("/records/cancellation").text


def test_the_form_offers_the_accounts_own_holdings(market):
    page = market.as_(BUYER).get("/applications/new/voluntary_cancel").text
    assert CCER in page
    assert "3,500" in page  # 6,000 t bought, 2,000 t cancelled, 500 t reserved
    assert "履约" not in page.partition("<main")[2].partition("</main>")[0]
    own = market.as_(EMITTER).get("/applications/new/voluntary_cancel").text
    for code in ("PE2025000118", "PE2024000087", CCER):
        assert code in own


def test_nobody_else_opens_the_form(market):
    for member in (PROVINCE, MANAGEMENT):
        assert market.as_(member).get("/applications/new/voluntary_cancel").status_code == 403


def test_the_reviewer_reads_reason_beneficiary_and_purpose(market):
    instance = cancelled(market)
    page = market.as_(MANAGEMENT).get(f"/applications/{instance}").text
    for words in ("注销原因", "年度会议碳中和。", "受益人", "低碳发展论坛组委会", "用途"):
        assert words in page


def test_a_reversed_cancellation_is_said_to_be_reversed(market, anybody):
    transfer = market.one("SELECT transfer_id FROM certificates.certificate")
    [(proposer, account), (approver, _)] = market.rows(
        """SELECT p.id, m.account_id FROM identity.person p
           JOIN identity.mandate m ON m.person_id = p.id
           WHERE p.member_no IN ('11000000001', '11000000002') ORDER BY p.member_no"""
    )
    market.clock.advance(timedelta(days=3))
    by = By(proposer, account, "registry_operator", market.clock.now())
    order = Order(proposer, "撤销令 1", approver)
    with market.ctx.database.transaction() as tx:
        execute(tx, Reverse("test:reversal", "cancellation_reversal", transfer, order, by))
    page = anybody.get(f"/certificates/{NUMBER}").text
    assert "该注销已被撤销，证书失效" in page
    assert "2026-11-23" in page
    assert "证书有效" not in page
    english = anybody.get(f"/certificates/{NUMBER}", headers={"Accept-Language": "en"}).text
    assert "reversed" in english
