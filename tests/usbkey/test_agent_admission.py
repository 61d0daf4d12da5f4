"""Who may ask the agent: this machine's name, a listed website, JSON, a pairing."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.usbkey.agent_site import REGISTRY, Site, decision, running, sign_in
from usbkey.agent.origins import OriginError, Origins, parsed
from usbkey.agent.refusals import Refused

FOREIGN = (
    "https://registry.example.evil.test",
    "https://registry.example:8443",
    "http://registry.example",
    "https://sub.registry.example",
    "https://REGISTRY.example",
    "https://registry.example/",
    "null",
    "*",
    "",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with running(tmp_path_factory.mktemp("agent")) as running_site:
        yield running_site


@pytest.fixture
def page(site: Site) -> Site:
    """A page of the registry in a browser that was paired."""
    return Site(site.agent, site.drawer).pair()


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/hello"), ("POST", "/v1/pair"), ("OPTIONS", "/v1/hello")]
)
def test_a_foreign_origin_is_refused_without_cors_headers(page, origin, method, path):
    answer = page.call(
        method, path, {"language": "zh"} if method == "POST" else None, Origin=origin
    )
    assert (answer.status, answer.code) == (403, "origin")
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_request_without_an_origin_is_refused(page):
    assert page.call("GET", "/v1/hello", Origin=None).code == "origin"
    assert page.ask(sign_in()).status == 201
    page.origin = None
    assert page.ask(sign_in()).code == "origin"


@pytest.mark.parametrize(
    "host",
    [
        "rebound.example:{port}",
        "registry.example",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.2:{port}",
        "[::1]:{port}",
    ],
)
def test_a_host_that_is_not_this_machine_is_refused(page, host):
    page.host = host.format(port=page.agent.port)
    for path in ("/v1/hello", "/window/sign/x/y", "/static/window.css"):
        answer = page.call("GET", path)
        assert answer.status == 421
    page.host = f"localhost:{page.agent.port}"
    assert page.call("GET", "/v1/hello").status == 200


def test_the_preflight_allows_exactly_the_page_and_the_private_network(page):
    answer = page.call(
        "OPTIONS",
        "/v1/requests",
        **{
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
            "Access-Control-Request-Private-Network": "true",
        },
    )
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == REGISTRY
    assert answer.headers["Access-Control-Allow-Private-Network"] == "true"
    assert answer.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-8", None],
)
def test_another_content_type_than_json_is_refused(page, kind):
    answer = page.call("POST", "/v1/pair", {"language": "zh"}, **{"Content-Type": kind})
    assert (answer.status, answer.code) == (415, "media_type")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"null",
        b"\xff",
        b'{"language":"zh"',
        b'{"language":"fr"}',
        b'{"language":1}',
        b"{}",
        b'{"language":"zh","language":"en"}',
        b'{"language":"zh","more":1}',
        b'{"language":NaN}',
        b"[" * 100_000,
    ],
)
def test_a_body_of_another_form_is_refused(page, body):
    assert page.call("POST", "/v1/pair", body).code == "body"


def test_a_body_that_is_too_large_is_refused(page):
    answer = page.call("POST", "/v1/pair", b'{"language":"' + b"z" * (17 * 1024 * 1024) + b'"}')
    assert (answer.status, answer.code) == (413, "too_large")


def test_whoever_is_not_paired_may_only_say_hello_and_ask_to_be(site):
    stranger = Site(site.agent, site.drawer)
    assert stranger.call("GET", "/v1/hello").json["paired"] is False
    assert stranger.call("GET", "/v1/certificates").code == "unpaired"
    assert stranger.ask(decision()).code == "unpaired"
    assert stranger.call("GET", "/v1/requests/abc").code == "unpaired"
    assert stranger.call("DELETE", "/v1/requests/abc").code == "unpaired"
    assert stranger.call("POST", "/v1/requests/abc/window", {}).code == "unpaired"


@pytest.mark.parametrize(
    "header", ["Bearer wrong", "Bearer", "Basic {secret}", "{secret}", "bearer {secret}"]
)
def test_a_wrong_secret_is_refused(page, header):
    sent = header.format(secret=page.secret)
    assert page.call("GET", "/v1/certificates", Authorization=sent).code == "unpaired"


def test_a_secret_of_one_website_does_not_serve_another(tmp_path):
    other = "https://other.example"
    with running(tmp_path, origins=[REGISTRY, other]) as site:
        secret = site.pair().secret
        assert site.call("GET", "/v1/certificates").status == 200
        stranger = Site(site.agent, site.drawer, origin=other, secret=secret)
        assert stranger.call("GET", "/v1/certificates").code == "unpaired"


def test_forgetting_a_website_holds_at_once(tmp_path):
    with running(tmp_path) as site:
        site.pair()
        assert site.call("GET", "/v1/certificates").status == 200
        assert site.agent.pairings.forget(REGISTRY) == 1
        assert site.call("GET", "/v1/certificates").code == "unpaired"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
BODIES = (
    st.binary()
    | JSON.map(lambda found: json.dumps(found).encode())
    | st.fixed_dictionaries(
        {"id": st.text() | st.just("a" * 32), "documents": st.lists(st.text()), "certificate": JSON}
    ).map(lambda found: json.dumps(found).encode())
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=BODIES)
def test_no_body_whatever_makes_the_agent_fail_or_wait_to_sign(page, body):
    answer = page.call("POST", "/v1/requests", body)
    assert answer.status in {400, 404, 422}


@given(text=st.text())
def test_no_text_but_the_origin_itself_passes(text):
    origins = Origins([REGISTRY])
    assert origins.require(REGISTRY) == REGISTRY
    if text != REGISTRY:
        with pytest.raises(Refused):
            origins.require(text)


@given(text=st.text() | st.from_regex(r"https?://[a-zA-Z0-9.:\[\]@*-]{1,30}", fullmatch=True))
def test_what_may_be_allowed_is_written_in_one_way(text):
    try:
        origin = parsed(text)
    except OriginError:
        return
    assert parsed(origin) == origin
    assert "*" not in origin


def test_every_answer_is_strict(page):
    window = page.ask(decision()).json["window"]
    answers = [page.call("GET", "/v1/hello"), page.open(window), page.open(page.own + "/nothing")]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "text",
    [
        "https://*.registry.example",
        "*",
        "registry.example",
        "http://registry.example",
        "https://registry.example/path",
        "https://user@registry.example",
        "https://registry.example?x",
        "ftp://registry.example",
        "https://",
        "https://登记.cn",
        "https://registry.example:99999",
        "null",
        "http://127.0.0.1.evil.test",
        "http://10.0.0.1",
    ],
)
def test_an_origin_that_cannot_be_exact_is_not_allowed(text):
    with pytest.raises(OriginError):
        parsed(text)


def test_an_origin_is_kept_as_browsers_write_it():
    assert parsed("https://Registry.Example:443/") == "https://registry.example"
    assert parsed("http://127.0.0.1:8000") == "http://127.0.0.1:8000"
    assert parsed("http://[::1]:8000") == "http://[::1]:8000"
    with pytest.raises(OriginError):
        Origins([])
