"""Bad input on any route is a 4xx with a plain sentence, never a 500; a fault has a number."""

import json
import re

import psycopg2
import pytest
from flask import abort

from app.domain.errors import (
    AlreadyDecided,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Refused,
    RegistryError,
)
from app.domain.findings import Finding
from app.domain.label import Label
from app.web.limits import limiter
from app.web.public import public
from tests.web.routes import address, routes
from tests.web.site import AN_EMITTER, AN_OPERATOR, Site, open_site

NASTY = [
    "0",
    "-1",
    "1.5",
    "9" * 18,
    "9" * 19,
    "9" * 400,
    "%00",
    "a%00b",
    "%ff%fe",
    "%F0%9F%92%A9",
    "%ed%a0%80",
    "'",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "..%2f..%2fetc%2fpasswd",
    "{{7*7}}",
    "%2525",
    "",
    " ",
    "null",
    "١٢٣",
    "x" * 5000,
]
NAMES = """
    page cursor after before q search number year status due code name quantity days scopes next
    mandate member_no password new_password old_password again captcha captcha_id language
    opinion verdict version format from to
""".split()  # noqa: SIM905 -- a list of thirty words is read as words
# What is sent from inside a page is refused in a part of it, without the frame around all pages,
# which the addresses that are only looked at show with each value, and all others with the first.
PART = {"HX-Request": "true"}


def is_plain_refusal(answer) -> bool:
    """A sentence for a person, or JSON for a machine; never an empty or a library's own page."""
    if answer.mimetype == "application/json":
        return bool(answer.json.get("message") or answer.json.get("status"))
    return "<h2>" in answer.text or answer.status_code in (301, 302, 308, 401)


@pytest.mark.parametrize("member", [AN_EMITTER, AN_OPERATOR, None])
def test_nasty_addresses_and_fields_are_never_a_fault(site: Site, member):
    browser = site.signed_in(member) if member else site.browser()
    browser.get("/account" if member else "/sign-in")
    token = browser.token
    looked_at = [
        (method, rule)
        for method, endpoint, rule in routes(site.app)
        if endpoint not in {"static", "session.sign_out", "sign_in.form"}
    ]
    for value in NASTY:
        limiter.reset()  # what is refused for its number would not be looked at
        query = "&".join(f"{name}={value}" for name in NAMES)
        fields = dict.fromkeys(NAMES, value) | {"csrf_token": token}
        for method, rule in looked_at:
            answer = browser.client.open(
                address(rule, value),
                method=method,
                query_string=query,
                data=None if method == "GET" else fields,
                headers={} if method == "GET" or value == NASTY[0] else PART,
            )
            assert answer.status_code < 500, (method, rule.rule, value, answer.text[:500])
            if answer.status_code >= 400:
                assert is_plain_refusal(answer), (method, rule.rule, value)


@pytest.mark.parametrize("query", ["q=%00", "q=%ff", "%ff=1", "q=%ed%a0%80", "q=a%00b&x=1", "%00"])
def test_broken_text_in_a_query_is_a_400(site: Site, query):
    answer = site.signed_in().client.get(f"/account?{query}")
    assert answer.status_code == 400
    assert "无法识别" in answer.text


@pytest.mark.parametrize("body", [b"a=%00", b"a=%ff", b"a=\xff\xfe", b"%00=1", b"a=\x00"])
def test_broken_text_in_a_form_is_a_400(site: Site, body):
    answer = site.signed_in().client.post(
        "/password", data=body, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 400
    assert "无法识别" in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\x00\r\n--x--\r\n',
        b'--x\r\nContent-Disposition: form-data; name="a"; filename="\x00"\r\n\r\nz\r\n--x--',
        b"--x\r\nnonsense",
        b"",
    ],
)
def test_a_broken_multipart_form_is_a_4xx(site: Site, body):
    answer = site.signed_in().client.post(
        "/password", data=body, content_type="multipart/form-data; boundary=x"
    )
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("body", [b'{"a": "\\u0000"}', b'{"a": "\\ud800"}', b'["\\udfff"]'])
def test_escapes_that_no_database_holds_are_a_400_in_json(site: Site, body):
    answer = site.app.test_client().post(
        "/api/anything", data=body, content_type="application/json"
    )
    assert answer.status_code == 400
    assert answer.json["message"]["en"]


def test_a_huge_body_is_a_413(site: Site):
    answer = site.signed_in().client.post("/password", data={"a": "x" * (5 * 1024 * 1024)})
    assert answer.status_code == 413
    assert "太大" in answer.text


def test_a_number_beyond_the_database_is_not_found(site: Site):
    browser = site.signed_in()
    browser.get("/account")
    for number in ("9223372036854775808", "0" * 30 + "1", "9" * 300):
        assert browser.post(f"/account/tokens/{number}/revoke").status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_wrong_method_is_a_405_that_names_the_right_ones(site: Site, method):
    browser = site.signed_in()
    browser.get("/account")
    answer = browser.client.open("/account", method=method, headers={"X-CSRFToken": browser.token})
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert "不支持这种操作方式" in answer.text


def test_a_path_that_nobody_knows_is_a_404_for_a_person_and_a_machine(site: Site):
    assert "没有找到" in site.signed_in().get("/nothing").text
    answer = site.app.test_client().get("/api/nothing")
    assert answer.status_code == 404
    assert answer.json["message"]["zh"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound(), 404),
        (Forbidden("不可以", "no"), 403),
        (Conflict("冲突", "conflict"), 409),
        (AlreadyDecided("陈立 已通过", "Chen Li approved"), 409),
        (Invalid("无效", "invalid", fields={"name": Label("缺名称", "no name")}), 422),
        (Refused([Finding("2001", Label("可用量不足", "not enough"), {"available": 1})]), 422),
        (RegistryError("不行", "no"), 400),
    ],
)
def test_each_error_of_the_registry_has_one_status_page_and_json(
    module_database, redis_url, error, status
):
    site = raising(module_database, redis_url, error)
    page = site.app.test_client().get("/raise")
    assert page.status_code == status
    assert error.message.zh in page.text
    said = site.app.test_client().get("/api/raise")
    assert said.status_code == status
    assert said.json["message"] == {"zh": error.message.zh, "en": error.message.en}
    assert said.json["code"] == type(error).__name__


def test_all_findings_are_in_the_page_and_in_the_json(module_database, redis_url):
    two = Refused(
        [
            Finding("2001", Label("可用量不足", "not enough"), {"available": 10**18}),
            Finding("3002", Label("超过上限", "over the limit")),
        ]
    )
    site = raising(module_database, redis_url, two)
    page = site.app.test_client().get("/raise").text
    assert all(said in page for said in ("2001", "可用量不足", "3002", "超过上限"))
    said = site.app.test_client().get("/api/raise").json
    assert [f["code"] for f in said["findings"]] == ["2001", "3002"]
    assert said["findings"][0]["facts"] == {"available": str(10**18)}


def test_a_fault_shows_a_number_that_stands_in_the_log(module_database, redis_url, capsys):
    site = raising(module_database, redis_url, ZeroDivisionError("a secret detail"))
    answer = site.app.test_client().get("/raise")
    assert answer.status_code == 500
    assert "没有任何数据改变" in answer.text
    assert "400-991-1188" in answer.text
    assert "a secret detail" not in answer.text
    number = re.search(r'id="fault">([0-9A-F]{4}-[0-9A-F]{4})<', answer.text)[1]
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line[0] == "{"]
    [fault] = [line for line in lines if line.get("fault") == number]
    assert "ZeroDivisionError" in json.dumps(fault["exception"])


def test_the_log_of_a_fault_holds_no_secret_and_no_row(module_database, redis_url, capsys):
    told = "duplicate key\nDETAIL: Key (phone)=(13800000000) already exists."
    site = raising(module_database, redis_url, psycopg2.IntegrityError(told))
    site.app.test_client().get("/raise")
    logged = capsys.readouterr().err
    assert "duplicate key" in logged
    settings = site.ctx.settings
    for secret in ("13800000000", settings.secret_key, settings.database_url, "csrf_token"):
        assert secret not in logged


def test_a_database_that_is_away_is_a_503_that_says_so(module_database, redis_url):
    site = raising(module_database, redis_url, psycopg2.OperationalError("gone"))
    answer = site.app.test_client().get("/raise")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "没有任何数据改变" in answer.text


def test_a_value_the_database_cannot_read_is_a_400(module_database, redis_url):
    site = raising(module_database, redis_url, psycopg2.DataError("out of range"))
    assert site.app.test_client().get("/raise").status_code == 400


def test_a_refusal_inside_a_page_is_a_part_of_a_page(module_database, redis_url):
    site = raising(module_database, redis_url, Conflict("已变化", "changed"))
    answer = site.app.test_client().get("/raise", headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert "<html" not in answer.text
    assert "已变化" in answer.text


def test_an_error_speaks_the_language_of_the_page(module_database, redis_url):
    site = raising(module_database, redis_url, Conflict("已变化", "It has changed"))
    answer = site.app.test_client().get("/raise", headers={"Accept-Language": "en"})
    assert "It has changed" in answer.text
    assert not re.search("[\u4e00-\u9fff]", answer.text.replace("中文", ""))


def raising(database, redis_url, error: Exception) -> Site:
    """A site with two addresses that raise an error: one for people, one for machines."""
    site = open_site(database, redis_url)

    @public
    def fail():
        raise error

    site.app.add_url_rule("/raise", "raise", fail)
    site.app.add_url_rule("/api/raise", "api_raise", fail)
    site.app.add_url_rule("/teapot", "teapot", public(lambda: abort(418)))
    return site
