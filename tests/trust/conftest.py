"""A site whose database keeps what is trusted; the tests of a module share it."""

from tests.web.conftest import module_site, site

__all__ = ["module_site", "site"]
