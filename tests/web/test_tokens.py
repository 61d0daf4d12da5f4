"""我的 API 令牌: made once, shown once, only one's own."""

import re

import pytest

from app.services.tokens import token_use
from tests.web.site import A_PROVINCE, AN_AUDITOR, AN_EMITTER, AN_OPERATOR, Site


def make(browser, name="月度持仓对账", scopes=("read",), days="90"):
    browser.get("/account/tokens")
    return browser.post("/account/tokens", {"name": name, "scopes": list(scopes), "days": days})


def shown(page: str) -> str:
    return re.search(r'id="token">([^<]+)<', page)[1]


def test_a_token_is_shown_once_and_works(site: Site):
    browser = site.signed_in(AN_EMITTER)
    token = shown(make(browser, scopes=("read", "apply")).text)
    assert token not in browser.get("/account/tokens").text
    use = token_use(site.ctx, token)
    assert use.actor.person_name == "市场通测试030207"
    assert use.scopes == {"read", "apply"}


def test_a_revoked_token_stops_at_once(site: Site):
    browser = site.signed_in(AN_EMITTER)
    token = shown(make(browser).text)
    number = token_use(site.ctx, token).token_id
    assert browser.post(f"/account/tokens/{number}/revoke").status_code == 302
    assert token_use(site.ctx, token) is None
    assert browser.post(f"/account/tokens/{number}/revoke").status_code == 404


def test_nobody_sees_or_revokes_the_token_of_another(site: Site):
    mine = site.signed_in(AN_EMITTER)
    token = shown(make(mine, name="只有我看得到").text)
    number = token_use(site.ctx, token).token_id
    other = site.signed_in(A_PROVINCE)
    assert "只有我看得到" not in other.get("/account/tokens").text
    assert other.post(f"/account/tokens/{number}/revoke").status_code == 404
    assert token_use(site.ctx, token)


@pytest.mark.parametrize(
    ("name", "scopes", "days", "said"),
    [
        ("", ("read",), "90", "名称为 1 至 60 个字符"),
        ("x" * 61, ("read",), "90", "名称为 1 至 60 个字符"),
        ("n", (), "90", "至少选择一项权限"),
        ("n", ("operate",), "90", "超出您的授权"),
        ("n", ("root",), "90", "超出您的授权"),
        ("n", ("read",), "0", "有效期为 1 至 365 天"),
        ("n", ("read",), "366", "有效期为 1 至 365 天"),
        ("n", ("read",), "-5", "有效期为 1 至 365 天"),
        ("n", ("read",), "1e3", "有效期为 1 至 365 天"),
        ("n", ("read",), "²", "有效期为 1 至 365 天"),
    ],
)
def test_a_wrong_request_for_a_token_says_why(site: Site, name, scopes, days, said):
    answer = make(site.signed_in(AN_EMITTER), name, scopes, days)
    assert answer.status_code == 422
    assert said in answer.text


def test_only_operators_may_make_tokens_that_operate(site: Site):
    assert make(site.signed_in(AN_OPERATOR), scopes=("operate",)).status_code == 200


def test_an_auditor_may_only_read(site: Site):
    browser = site.signed_in(AN_AUDITOR)
    assert make(browser, scopes=("read",)).status_code == 200
    assert make(browser, scopes=("apply",)).status_code == 422


def test_a_token_is_an_event_without_the_token_itself(site: Site):
    token = shown(make(site.signed_in(AN_EMITTER)).text)
    events = site.rows("SELECT data FROM audit.event WHERE tag = 'identity:api_token:made'")
    assert events
    assert all(token not in data for (data,) in events)
