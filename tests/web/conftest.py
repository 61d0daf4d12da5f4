"""A site with one person of each role; the tests of a module share its database."""

import pytest

from tests.postgres import Database
from tests.web.site import STARTED, Site, open_site, populate


@pytest.fixture(scope="module")
def module_site(module_database: Database, redis_server) -> Site:
    site = open_site(module_database, redis_server.url())
    populate(site.ctx)
    return site


@pytest.fixture
def site(module_site: Site, redis_url: str) -> Site:
    """The module's site, with its clock set back and no attempt counted yet."""
    module_site.clock.set(STARTED)
    return module_site
