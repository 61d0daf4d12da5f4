"""Reads the tables of a Markdown page: the first cell of a row, the others, the marked-up words."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Row:
    """One line of a table; a cell's code words are those between backticks."""

    cells: tuple[str, ...]

    @property
    def id(self) -> str:
        return self.cells[0].strip("`")

    def words(self, cell: int) -> list[str]:
        return re.findall(r"`([^`]+)`", self.cells[cell])


def rows(page: str) -> list[Row]:
    """All rows of all tables of a page, without the headings."""
    found: list[Row] = []
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        heading = after.startswith("|--") or line.startswith("|--")
        if line.startswith("|") and not heading:
            # \| inside a cell is a character, not the cell's end.
            cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
            found.append(Row(tuple(cell.strip().replace("\\|", "|") for cell in cells)))
    return found
