"""ARCHITECTURE.md names every folder, and nothing that does not exist."""

import importlib
import re

from tests.docs.tables import ROOT, rows

TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
MAP = {word.rstrip("/") for row in rows("ARCHITECTURE.md") for word in row.words(0)}
SCHEMAS = ("attachments", "audit", "compliance", "identity", "ledger", "workflow")


def folders() -> set[str]:
    """Top-level folders, and the packages and modules of app/, that belong to the project."""
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines()}
    strangers = ignored | {".git", "__pycache__"}
    tops = {p.name for p in ROOT.iterdir() if p.is_dir() and p.suffix != ".egg-info"}
    rooms = {p.name for p in (ROOT / "app").iterdir() if p.is_dir()} - strangers
    modules = {p.name for p in (ROOT / "app").glob("*.py")} - {"__init__.py"}
    return tops - strangers | {f"app/{name}" for name in rooms | modules}


def test_every_folder_is_on_the_map():
    assert folders() - MAP == set()


def test_everything_on_the_map_exists():
    assert [path for path in MAP if not (ROOT / path).exists()] == []


def resolved(word: str) -> bool:
    """Whether ``app.module.name`` or ``app.module.Class.method`` imports."""
    parts = word.split(".")
    for cut in range(len(parts) - 1, 1, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for name in parts[cut:]:
            found = getattr(found, name, None)
        return found is not None
    return False


def test_the_traced_functions_exist():
    words = [w for w in re.findall(r"`(app\.[\w.]+)`", TEXT) if not w.endswith(".py")]
    assert len(words) > 10
    assert [word for word in words if not resolved(word)] == []


def test_the_traced_database_functions_exist():
    named = re.findall(rf"`((?:{'|'.join(SCHEMAS)})\.\w+)`", TEXT)
    sql = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("app/*/sql/*.sql"))
    assert named
    assert [name for name in named if f"CREATE OR REPLACE FUNCTION {name}(" not in sql] == []


def test_every_decision_has_a_date():
    _, _, decisions = TEXT.partition("## Decisions\n")
    lines = [line for line in decisions.splitlines() if line.startswith("- ")]
    assert lines
    assert [line for line in lines if not re.match(r"- 20\d\d-\d\d-\d\d: ", line)] == []
