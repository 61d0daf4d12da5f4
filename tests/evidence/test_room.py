"""The room's own rule: what checks evidence needs the standard library and cryptography alone."""

import ast
import sys
from pathlib import Path

ROOM = Path(__file__).parents[2] / "app" / "evidence"


def imported(path: Path) -> set[str]:
    """Return the packages a file imports, its own room left out."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return {
        name for name in found if name != "app.evidence" and not name.startswith("app.evidence.")
    }


def test_it_imports_nothing_else():
    files = list(ROOM.glob("*.py"))
    assert len(files) > 10
    packages = {name.partition(".")[0] for path in files for name in imported(path)}
    assert packages - set(sys.stdlib_module_names) == {"cryptography"}
