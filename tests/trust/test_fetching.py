"""R23: lists of revoked certificates are asked for before ours run out, within limits."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from app.domain.errors import Invalid
from app.services.signing import fetching, watch
from tests.web.keys import Keys
from tests.web.site import Site


class Answers(BaseHTTPRequestHandler):
    """Serves what a test put into ``pages``: bytes, or an address to redirect to."""

    pages: dict[str, bytes | str]

    def do_GET(self) -> None:
        found = self.pages.get(self.path)
        if found is None:
            self.send_error(404)
        elif isinstance(found, str):
            self.send_response(302)
            self.send_header("Location", found)
            self.end_headers()
        else:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(found)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def served() -> Iterator[tuple[str, dict[str, bytes | str]]]:
    pages: dict[str, bytes | str] = {}
    handler = type("Handler", (Answers,), {"pages": pages})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", pages
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def keys(site: Site, module_database, request) -> Keys:
    return Keys(site, module_database, name=f"Fetched {len(request.node.name)}")


def newest(site: Site) -> dict[str, int | None]:
    return {one.name: one.number for one in watch.watched(site.ctx)}


def test_a_list_is_fetched_when_ours_has_lived_half_its_life(site: Site, keys: Keys, served):
    url, pages = served
    keys.trusted()
    issuing = keys.authority.issuing.subject.rfc4514_string()
    asks = replace(site.ctx, settings=replace(site.ctx.settings, crl_urls=(f"{url}/i", f"{url}/r")))
    assert fetching.refresh(asks) == fetching.Refreshed((), ())
    site.clock.advance(timedelta(days=201))
    pages["/i"] = keys.authority.crl((), 2, keys.now, 400).public_bytes(Encoding.DER)
    done = fetching.refresh(asks)
    assert [one.number for one in done.loaded] == [2]
    assert [failed for failed, _ in done.failed] == [f"{url}/r"]
    assert newest(site)[issuing] == 2
    pages["/r"] = keys.authority.root_crl((), 2, keys.now, 400).public_bytes(Encoding.DER)
    assert [one.number for one in fetching.refresh(asks).loaded] == [2]
    assert fetching.refresh(asks, always=True) == fetching.Refreshed((), ())


@pytest.mark.parametrize(
    "url", ["file:///etc/hostname", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "/etc/hostname", ""]
)
def test_only_the_web_is_asked(url):
    with pytest.raises(Invalid):
        fetching.fetch(url)


def test_a_redirect_leads_nowhere_but_to_the_web(served):
    url, pages = served
    pages |= {"/a": f"{url}/b", "/b": b"here", "/file": "file:///etc/hostname", "/loop": "/loop"}
    assert fetching.fetch(f"{url}/a") == b"here"
    for path in ("/file", "/loop", "/missing"):
        with pytest.raises(Invalid):
            fetching.fetch(url + path)


def test_what_is_too_large_or_too_slow_is_given_up(served, monkeypatch):
    url, pages = served
    pages["/large"] = b"x" * 200_000
    monkeypatch.setattr(fetching, "LARGEST", 100_000)
    with pytest.raises(Invalid, match="too large"):
        fetching.fetch(f"{url}/large")
    monkeypatch.setattr(fetching, "LARGEST", 1_000_000)
    monkeypatch.setattr(fetching, "SECONDS", 1e-9)
    with pytest.raises(Invalid):
        fetching.fetch(f"{url}/large")


def test_the_operators_page_and_the_metrics_warn_in_time(site: Site, keys: Keys):
    keys.trusted()
    operator = site.signed_in("10000000001")
    assert "即将到期" not in operator.get("/operator").text
    site.clock.advance(timedelta(days=390))
    operator = site.signed_in("10000000001")
    assert "吊销列表即将到期" in operator.get("/operator").text
    assert 'registry_crl_seconds_left{authority="' in operator.get("/metrics").text
    site.clock.advance(timedelta(days=20))
    operator = site.signed_in("10000000001")
    assert "没有有效的吊销列表" in operator.get("/operator").text
    said = operator.get("/metrics").text
    assert f'CN={keys.name} CA,C=CN"}} 0.0' in said
