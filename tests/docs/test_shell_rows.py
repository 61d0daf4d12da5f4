"""The rows that stand on every page: the header (M43, F2) and the helpdesk (M46, R53)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.postgres import Database
from tests.web.site import AN_EMITTER, Site, open_site, populate

PAGES = ("/home", "/account", "/password", "/account/tokens")


@pytest.fixture(scope="module")
def a_site(module_database: Database, redis_server) -> Iterator[Site]:
    site = open_site(module_database, redis_server.url())
    populate(site.ctx)
    yield site
    site.ctx.database.dispose()


@pytest.mark.parametrize("path", PAGES)
def test_the_header_greets_with_name_number_and_password_link(a_site: Site, path: str):
    page = a_site.signed_in().get(path).text
    assert "您好" in page
    assert "市场通测试030207" in page
    assert f"会员编号: {AN_EMITTER}" in page
    assert 'href="/password"' in page
    assert "安全指数" in page


def test_the_header_tells_when_and_from_where_one_signed_in_last(a_site: Site):
    a_site.signed_in()
    before = a_site.clock.now()
    a_site.clock.advance(timedelta(hours=1))
    page = a_site.signed_in().get("/home").text
    assert f"上次登录: {(before + timedelta(hours=8)):%Y-%m-%d %H:%M}" in page
    assert "IP:127.0.0.1" in page


@pytest.mark.parametrize("path", ["/sign-in", *PAGES])
def test_every_page_names_the_helpdesk_and_its_hours(a_site: Site, path: str):
    page = (
        a_site.signed_in().get(path).text if path != "/sign-in" else a_site.browser().get(path).text
    )
    assert "400-991-1188 转拨 1" in page
    assert "上午 8:30 至中午 11:30，下午 14:00 至 17:00" in page
