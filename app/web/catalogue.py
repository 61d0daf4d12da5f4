"""The English texts: whether they are complete, and adding what is missing.

A text is what stands in _() in a template or a Python file. Each group of pages has its own .po
file, so that two people translating do not meet in one file; new texts go to the file of the
folder they were found in.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

APP = Path(__file__).resolve().parent.parent
ENGLISH = APP / "translations" / "en"
METHODS = [("web/templates/**.html", "jinja2.ext:babel_extract")]
OPTIONS = {"web/templates/**.html": {"trimmed": "true", "silent": "false"}}
CALLS = {"_", "gettext", "lazy_gettext"}
# What is around the pages, and the pages about oneself, share one file.
SHELL = "shell"
SHELL_FOLDERS = {"account", "errors", "macros", "password", "shell", "sign_in", "tokens"}
_PLACE = re.compile(r"%\([a-z_]+\)[sd]|\{[a-z_]*\}")
_CHINESE = re.compile("[\u4e00-\u9fff]")
_CODE = re.compile(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_CHINESE_ALLOWED = frozenset({"中文"})


def texts() -> dict[str, str]:
    """Return every text of the pages and the file it was first found in."""
    found: dict[str, str] = {}
    for path in sorted((APP / "web").rglob("*.py")):
        for text in _spoken(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(text, str(path.relative_to(APP)))
    for name, _line, message, _comments, _context in extract_from_dir(
        APP, method_map=METHODS, options_map=OPTIONS
    ):
        for text in message if isinstance(message, tuple) else (message,):
            found.setdefault(text, name)
    return found


def _spoken(tree: ast.AST) -> Iterator[str]:
    """Yield what stands in _() in a Python file, also inside an f-string."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name, text = node.func, node.args[0]
        called = isinstance(name, ast.Name) and name.id in CALLS
        if called and isinstance(text, ast.Constant) and isinstance(text.value, str):
            yield text.value


def shortcomings() -> list[str]:
    """Return what is missing, fuzzy, broken or belongs to no text, one line each."""
    wanted, known = texts(), _known()
    lines = [f"no English: {text} ({wanted[text]})" for text in wanted if text not in known]
    for text, (file, english, fuzzy) in known.items():
        lines += [f"{file}: {what}: {text}" for what in _faults(text, english, fuzzy, wanted)]
    return sorted(lines + _untranslatable())


def _untranslatable() -> list[str]:
    """Return templates in which Chinese stands outside _(): it would stay so in English."""
    lines = []
    for path in sorted((APP / "web" / "templates").rglob("*.html")):
        bare = _CODE.sub("", path.read_text(encoding="utf-8"))
        lines += [
            f"{path.relative_to(APP)}: not in _(): {line.strip()}"
            for line in bare.splitlines()
            if _CHINESE.search(line)
        ]
    return lines


def _faults(text: str, english: str, fuzzy: bool, wanted: dict[str, str]) -> Iterator[str]:  # noqa: FBT001
    if text not in wanted:
        yield "nobody says this any more"
    if not english:
        yield "no English"
    if fuzzy:
        yield "fuzzy"
    if english and sorted(_PLACE.findall(text)) != sorted(_PLACE.findall(english)):
        yield "other {places} than in the text"
    if _CHINESE.search(english) and text not in _CHINESE_ALLOWED:
        yield "English with Chinese in it"


def update() -> tuple[int, int]:
    """Add missing texts, empty, to their files; drop texts nobody says; return both counts."""
    wanted, known = texts(), _known()
    missing = {text: place for text, place in wanted.items() if text not in known}
    dropped = [text for text in known if text not in wanted]
    files = {_file_of(place) for place in missing.values()} | {known[t][0] for t in dropped}
    for name in files:
        catalogue = _read(ENGLISH / name)
        for text, place in missing.items():
            if _file_of(place) == name:
                catalogue.add(text, "")
        for text in dropped:
            catalogue.delete(text)
        _write(ENGLISH / name, catalogue)
    return len(missing), len(dropped)


def _file_of(place: str) -> str:
    """Return the .po file of a page: that of its folder under templates, or of the module."""
    parts = Path(place).parts
    if parts[:2] == ("web", "templates") and len(parts) > 3 and parts[2] not in SHELL_FOLDERS:
        return f"{parts[2]}.po"
    if parts[:2] == ("web", "pages") and len(parts) > 2:
        return f"{Path(parts[2]).stem}.po"
    return f"{SHELL}.po"


def _known() -> dict[str, tuple[str, str, bool]]:
    """Return text -> (file, English, fuzzy) of all files."""
    known: dict[str, tuple[str, str, bool]] = {}
    for path in sorted(ENGLISH.glob("*.po")):
        for message in _read(path):
            if message.id:
                known[str(message.id)] = (path.name, str(message.string), message.fuzzy)
    return known


def _read(path: Path) -> Catalog:
    if not path.exists():
        return Catalog(locale="en")
    with path.open("rb") as file:
        return read_po(file, locale="en")


def _write(path: Path, catalogue: Catalog) -> None:
    with path.open("wb") as file:
        write_po(file, catalogue, width=100, omit_header=True, sort_output=True)
