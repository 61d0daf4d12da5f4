"""Strict headers, anti-forgery tokens and the sign-in, on every route there is."""

import pytest

from app.web.headers import HEADERS
from app.web.public import is_public
from tests.web.routes import address, routes
from tests.web.site import A_PROVINCE, AN_EMITTER, Site, open_site

MACHINES = ("/api/", "/healthz", "/metrics")


def test_every_answer_has_the_strict_headers(site: Site):
    browser = site.signed_in()
    for method, endpoint, rule in routes(site.app):
        answer = browser.client.open(address(rule), method=method)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, (endpoint, name)
        assert answer.headers["X-Request-ID"], endpoint


def test_the_policy_allows_no_inline_style_or_script(site: Site):
    policy = site.browser().get("/sign-in").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_no_page_is_kept_by_a_browser(site: Site):
    browser = site.signed_in()
    assert browser.get("/account").headers["Cache-Control"] == "no-store"
    assert browser.get("/nothing").headers["Cache-Control"] == "no-store"


def test_secure_cookies_come_with_strict_transport(site: Site, module_database, redis_server):
    secure = open_site(module_database, redis_server.url(), COOKIE_SECURE="on")
    answer = secure.app.test_client().get("/sign-in", base_url="https://registry.example")
    assert "max-age=" in answer.headers["Strict-Transport-Security"]
    assert all("Secure" in line for line in answer.headers.getlist("Set-Cookie"))


def test_every_page_that_is_not_public_asks_to_sign_in(site: Site):
    for method, endpoint, rule in routes(site.app):
        if is_public(site.app, endpoint) or rule.rule.startswith(MACHINES):
            continue
        answer = site.browser().client.open(address(rule), method=method)
        assert answer.status_code == 302, (method, rule.rule)
        assert answer.headers["Location"].startswith("/sign-in"), rule.rule


def test_the_public_pages_are_the_known_ones(site: Site):
    public = {e for _, e, _ in routes(site.app) if is_public(site.app, e) and e != "static"}
    own = {e for e in public if not e.startswith("api")}
    assert own == {
        "certificate_step.form",
        "certificate_step.prove",
        "certificates.confirm",
        "health.healthz",
        "health.metrics",
        "language.choose",
        "password.enrol",
        "password.enrolment",
        "sign_in.another",
        "sign_in.form",
        "sign_in.picture",
        "sign_in.sound",
        "sign_in.submit",
    }


def test_every_form_needs_the_anti_forgery_token(site: Site):
    for member in (None, AN_EMITTER):
        browser = site.signed_in(member) if member else site.browser()
        for method, endpoint, rule in routes(site.app):
            if method == "GET" or rule.rule.startswith(MACHINES):
                continue
            if not member and not is_public(site.app, endpoint):
                continue
            answer = browser.client.open(address(rule), method=method, data={"x": "1"})
            assert answer.status_code == 400, (method, rule.rule)
            assert "页面已过期" in answer.text, rule.rule


def test_the_token_of_another_browser_is_refused(site: Site):
    mine, theirs = site.signed_in(), site.signed_in(A_PROVINCE)
    mine.get("/account")
    theirs.get("/account")
    answer = mine.client.post("/sign-out", data={"csrf_token": theirs.token})
    assert answer.status_code == 400


@pytest.mark.parametrize("given", ["trace-0123456789", "a" * 64])
def test_a_plain_request_id_is_carried_on(site: Site, given):
    answer = site.browser().get("/sign-in", headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["short", "a" * 65, "with space 123", "<script>12345"])
def test_any_other_request_id_is_replaced(site: Site, given):
    answer = site.browser().get("/sign-in", headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] not in {given, ""}


def test_what_is_asked_for_by_digest_is_kept_and_the_rest_asked_for_again(site: Site):
    client = site.app.test_client()
    with client.get("/static/icons.svg?v=0123456789ab") as kept:
        assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    with client.get("/static/icons.svg") as asked:
        assert asked.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["../app.py", "..%2f..%2fconfig.py", "%2e%2e/templates/base.html"])
def test_only_static_files_are_static_files(site: Site, path):
    assert site.app.test_client().get(f"/static/{path}").status_code == 404
