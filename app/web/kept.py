"""Parts of pages that are the same for many people: written once a process, then kept.

Half of what a page computes was writing the same menu, footer and table heads again. A part in
templates/kept/ sees the facts it is called with, the language, and nothing of the request or of
who looks at it: so it may be shown to everybody who has the same facts.
"""

from collections.abc import Hashable
from functools import lru_cache

from flask import Flask, request
from markupsafe import Markup

from app.web.addresses import this_app
from app.web.asset_files import asset
from app.web.language import language

ICONS = "icons.svg"


def kept(part: str, **facts: Hashable) -> Markup:
    """Return a part of templates/kept/ in the language of the page.

    It is written anew for other facts, where the server mounted the program elsewhere, and when
    the file of the icons has changed.
    """
    named = tuple(facts.items())
    return _written(this_app(), part, language(), request.root_path, asset(ICONS), named)


@lru_cache(maxsize=512)
def _written(
    app: Flask,
    part: str,
    spoken: str,
    _root: str,
    _icons: str,
    facts: tuple[tuple[str, Hashable], ...],
) -> Markup:
    template = app.jinja_env.get_template(f"kept/{part}.html")
    return Markup(template.render(dict(facts), language=spoken))  # noqa: S704 - a template's own output
