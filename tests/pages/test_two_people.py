"""G21 on the pages: one representative hands over, another sees exactly that and confirms it."""

import re

import pytest

from tests.pages.conftest import EMITTER

INITIATES, CONFIRMS = "21042300213", "21042300313"


@pytest.fixture
def handed_over(market):
    """The address of a task whose form was filled in and handed over."""
    browser = market.as_(INITIATES)
    notice = market.notice_of("YL")
    code = market.one(
        """SELECT i.code FROM ledger.unit_block b JOIN ledger.instrument i ON i.id = b.instrument_id
           WHERE b.account_id = %(a)s AND i.unit_type = 'allowance' LIMIT 1""",
        a=market.account_of("YL"),
    )
    answer = browser.post(
        f"/applications/new/compliance/{notice}",
        data={
            "lines.instrument": code, "lines.quantity": "1,200", "action": "hand_over",
        },
    )  # fmt: skip
    assert answer.status_code == 302, answer.text[answer.text.find("还不能提交") :][:600]
    return answer.headers["Location"]


def test_who_initiates_is_offered_no_submission(market):
    page = market.as_(INITIATES).get(f"/applications/new/compliance/{market.notice_of('YL')}").text
    assert 'value="hand_over"' in page
    assert 'value="submit"' not in page
    assert "代表 云岭水泥有限公司 办理" in page


def test_who_confirms_types_nothing_and_submits_what_was_handed_over(market, handed_over):
    browser = market.as_(CONFIRMS)
    page = browser.get(handed_over).text
    assert re.search(r"<fieldset[^>]* disabled", page)
    assert 'value="confirm"' in page
    assert 'value="save"' not in page
    answer = browser.post(handed_over, data={"action": "confirm", "element": "fill_surrender"})
    assert answer.status_code == 302, answer.text[answer.text.find("还不能提交") :][:600]
    assert "已提交" in browser.get(answer.headers["Location"]).text


def test_what_is_given_back_waits_for_who_initiates(market, handed_over):
    browser = market.as_(CONFIRMS)
    answer = browser.post(handed_over, data={"action": "take_back", "element": "fill_surrender"})
    assert answer.status_code == 302
    page = browser.get(handed_over).text
    assert 'value="confirm"' not in page
    assert "等待发起代表填写" in page


def test_an_account_of_one_representative_submits_at_once(market):
    page = market.as_(EMITTER).get(f"/applications/new/compliance/{market.notice_of('QL')}").text
    assert 'value="submit"' in page
    assert 'value="hand_over"' not in page
