"""Chinese first, English complete: which language a page speaks, and where its texts come from.

The source texts are Chinese; English stands in app/translations/en/*.po, one file per group of
pages. The files are read as they are when the program starts, so nothing has to be compiled and
no compiled catalogue can be older than its source.
"""

from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Blueprint, Flask, g, redirect, request, session
from flask_babel import Babel, Domain
from markupsafe import Markup
from werkzeug.wrappers import Response

from app.web.public import public
from app.web.returning import way_back

TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"
LANGUAGES = ("zh", "en")

pages = Blueprint("language", __name__)


class Catalogues(Domain):
    """The texts of the .po files, in memory."""

    def get_translations(self) -> NullTranslations:
        """Return the texts of the present language; Chinese is its own source."""
        return english() if language() == "en" else _CHINESE


class Languages(Babel):
    """Flask-Babel with the catalogues above."""

    @property
    def domain_instance(self) -> Catalogues:
        """The one domain of all texts."""
        return _CATALOGUES


_CHINESE = NullTranslations()
_CATALOGUES = Catalogues()


@lru_cache(maxsize=1)
def english() -> Translations:
    """Return the English texts of all files."""
    merged = Translations()
    for path in sorted((TRANSLATIONS / "en").glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale="en")
        compiled = BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        merged.merge(Translations(compiled))
    return merged


def chosen_language() -> str:
    """Return what was chosen with the switch, else what the browser prefers, else Chinese."""
    given = session.get("language")
    if given in LANGUAGES:
        return str(given)
    return request.accept_languages.best_match(LANGUAGES, default="zh") or "zh"


def language() -> str:
    """Return the language of this request, zh or en; looked up once a request.

    A page asks some hundred times: one look at ``g`` is all that the later ones cost.
    """
    try:
        known = g.get("language")
    except RuntimeError:  # outside of any page
        return "zh"
    if known is None:
        known = g.language = chosen_language()
    return str(known)


def speaker(language: str) -> Callable[[str], str]:
    """Return what says a text in a language; Chinese is its own source."""
    return english().gettext if language == "en" else str


def text(chinese: str) -> str:
    """Return a text of a template in the language of the page."""
    return speaker(language())(chinese)


def spoken(chinese: str, **values: object) -> Markup:
    """Return a text of a template as Jinja's own newstyle gettext does, made once a language.

    A page speaks some two hundred texts; most have no places to fill.
    """
    if values:
        return Markup(text(chinese)) % values  # noqa: S704 - texts are ours; values are escaped
    return _unfilled(language(), chinese)


@lru_cache(maxsize=4096)
def _unfilled(_language: str, chinese: str) -> Markup:
    """Return a text without places, for a language; ``%%`` is a per cent sign here too."""
    return Markup(text(chinese)) % {}  # noqa: S704


@pages.post("/language")
@public
def choose() -> Response:
    """Remember the language and go back to the page."""
    wanted = request.form.get("language", "")
    if wanted in LANGUAGES:
        session["language"] = wanted
    return redirect(way_back())


def _no_plural(one: str, many: str, count: int) -> str:
    """Return the text of a count; Chinese has no plural, so no text is written with one."""
    return text(one if count == 1 else many)


def speak(app: Flask) -> None:
    """Set up the two languages."""
    Languages(
        app,
        default_locale="zh",
        default_timezone="Asia/Shanghai",
        locale_selector=chosen_language,
    )
    app.jinja_env.install_gettext_callables(text, _no_plural, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals["_"] = app.jinja_env.globals["gettext"] = spoken
    app.register_blueprint(pages)
