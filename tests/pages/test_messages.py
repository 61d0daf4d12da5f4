"""The bell, the page of messages, one's own settings, and what the operator sees (G31)."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.services.sweep import sweep
from tests.pages.conftest import AUDITOR, EMITTER, NAMES, OPERATOR, PROVINCE, Market, open_market
from tests.postgres import Database


@pytest.fixture(scope="module")
def told(
    module_database: Database, redis_server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Market]:
    """A market whose post goes into a folder of this module."""
    var = tmp_path_factory.mktemp("var")
    market = open_market(module_database, redis_server.url(), REGISTRY_VAR=str(var))
    yield market
    market.ctx.database.dispose()


def bell(page: str) -> str:
    return re.search(r'href="/messages">.*?</a>', page, re.DOTALL)[0]


def unread(market: Market, code: str) -> int:
    return market.one(
        "SELECT count(*) FROM workflow.notification WHERE holder_id = %(h)s AND read_at IS NULL",
        h=market.holder_of(code),
    )


def returned(market: Market) -> None:
    """A message to the first emitter, as a return writes it."""
    market.change(
        """INSERT INTO workflow.notification (holder_id, instance_id, template, text, text_en,
               created_at) VALUES (%(h)s, %(i)s, 'returned', '被退回', 'was returned', now())""",
        h=market.holder_of("QL"),
        i=market.first_of("QL"),
    )


def test_the_bell_counts_what_is_unread_on_every_page(told: Market):
    emitter = told.as_(EMITTER)
    returned(told)
    for page in ("/inbox", "/account", "/messages"):
        assert f"<b>{unread(told, 'QL')}</b>" in bell(emitter.get(page).text), page


def test_messages_are_put_away_one_by_one_or_all_that_were_shown(told: Market):
    emitter = told.as_(EMITTER)
    for _ in range(3):
        returned(told)
    before = unread(told, "QL")
    page = emitter.get("/messages?show=unread").text
    first = re.search(r"/messages/(\d+)/read", page)[1]
    assert emitter.post(f"/messages/{first}/read").status_code == 302
    assert unread(told, "QL") == before - 1
    newest = re.search(r'name="newest" value="(\d+)"', page)[1]
    returned(told)
    assert emitter.post("/messages/read", {"newest": newest}).status_code == 302
    assert unread(told, "QL") == 1
    assert "被退回" in emitter.get("/messages").text
    assert told.as_(PROVINCE).post(f"/messages/{first}/read").status_code == 404


@pytest.mark.parametrize("newest", ["", "x", "9" * 30, "１２"])
def test_a_broken_number_puts_nothing_away(told: Market, newest: str):
    returned(told)
    before = unread(told, "QL")
    told.as_(EMITTER).get("/messages")
    assert told.as_(EMITTER).post("/messages/read", {"newest": newest}).status_code == 302
    assert unread(told, "QL") == before


def test_a_long_list_is_read_page_by_page(told: Market):
    for _ in range(55):
        returned(told)
    emitter = told.as_(EMITTER)
    page = emitter.get("/messages").text
    following = re.search(r'rel="next" href="([^"]+)"', page)[1].replace("&amp;", "&")
    second = emitter.get(following).text
    assert 'rel="prev"' in second
    assert emitter.get("/messages?cursor=nonsense").status_code == 422


def test_a_person_chooses_what_to_be_told_and_sees_the_address_masked(told: Market):
    emitter = told.as_(EMITTER)
    page = emitter.get("/account/notifications").text
    assert "2***@example.com" in page
    assert f"{EMITTER}@example.com" not in page
    assert len(re.findall(r'value="email:\w+" checked', page)) == 2
    assert "sms:task" in page
    assert (
        emitter.post("/account/notifications", {"wanted": ["sms:task", "all:all"]}).status_code
        == 302
    )
    page = emitter.get("/account/notifications").text
    assert re.findall(r'value="(\w+:\w+)" checked', page) == ["sms:task"]


def test_the_operator_sees_what_became_of_the_post_and_no_address(told: Market, tmp_path: Path):
    told.change("UPDATE identity.person SET email = '' WHERE member_no = '33000000013'")
    while sweep(told.ctx).delivered:
        pass
    operator = told.as_(OPERATOR)
    page = operator.get("/operator").text
    assert str(told.ctx.settings.var / "mail") in page
    assert "已发送" in page
    assert "33000000013" in page
    assert "没有地址" in page
    assert "@example.com" not in page
    assert not any(name in page for name in NAMES.values())
    assert told.as_(AUDITOR).get("/operator").status_code == 403
