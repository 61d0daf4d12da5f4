"""The menu is data: each line leads to a page, and each role has a home."""

import pytest
from flask import url_for

from app.web.menu import MENU, home_of
from app.web.visitor import ROLES
from tests.web.site import AN_EMITTER, Site


def entries(lines=MENU):
    for entry in lines:
        yield entry
        yield from entries(entry.children)


def test_every_line_of_the_menu_leads_to_a_page(site: Site):
    with site.app.test_request_context():
        for entry in entries():
            assert entry.children or url_for(entry.endpoint)
            assert entry.label.zh
            assert entry.label.en
            assert entry.roles <= set(ROLES)


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_a_home(site: Site, role):
    assert home_of(role) in site.app.view_functions


def test_the_present_page_is_marked_in_the_menu(site: Site):
    page = site.signed_in(AN_EMITTER).get("/password").text
    assert 'href="/password" aria-current="page"' in page
