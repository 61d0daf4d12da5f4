"""What is kept between requests is for everybody: no part may know who looks, or when."""

import re
from pathlib import Path

import pytest

from app.web.kept import kept
from tests.web.site import AN_EMITTER, Site

TEMPLATES = Path(__file__).resolve().parents[2] / "app" / "web" / "templates"
PARTS = sorted((TEMPLATES / "kept").glob("*.html"))
OF_ONE_REQUEST = re.compile(
    r"\b(csrf|csrf_token|request|session|g|visitor|here|now|config|near|left|ago|minutes_left"
    r"|bell|todo|get_flashed_messages|countdown)\b"
)


@pytest.mark.parametrize("part", PARTS, ids=lambda path: path.stem)
def test_a_kept_part_names_nothing_of_one_request(part):
    code = re.findall(r"\{[{%].*?[%}]\}", part.read_text(encoding="utf-8"), re.DOTALL)
    texts_left_out = re.sub(r"'[^']*'", "''", " ".join(code))
    assert not OF_ONE_REQUEST.findall(texts_left_out)


def test_a_kept_part_is_written_for_each_language(site: Site):
    with site.app.test_request_context(headers={"Accept-Language": "zh"}):
        chinese = kept("inbox_keys")
        assert kept("inbox_keys") is chinese
    with site.app.test_request_context(headers={"Accept-Language": "en"}):
        assert kept("inbox_keys") != chinese


def test_a_kept_part_is_written_for_each_fact(site: Site):
    with site.app.test_request_context():
        emitters, auditors = (
            kept("menu", role="emitter", page=""),
            kept("menu", role="auditor", page=""),
        )
        assert emitters != auditors
        assert "aria-current" in kept("menu", role="emitter", page="inbox.index")


def test_a_kept_part_follows_where_the_server_mounted_the_program(site: Site):
    with site.app.test_request_context(base_url="http://localhost/registry"):
        assert 'href="/registry/inbox"' in kept("menu", role="emitter", page="")
    with site.app.test_request_context():
        assert 'href="/inbox"' in kept("menu", role="emitter", page="")


def test_the_menu_marks_the_page_that_is_shown_after_another(site: Site):
    browser = site.signed_in(AN_EMITTER)
    for address in ("/password", "/account", "/password"):
        assert f'href="{address}" aria-current="page"' in browser.get(address).text
