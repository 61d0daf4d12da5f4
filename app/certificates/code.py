"""The QR code of an address, drawn as rectangles: sharp at any size, and no picture library."""

import segno
from fpdf import FPDF


def draw_code(paper: FPDF, address: str, at: tuple[float, float], side: float) -> None:
    """Draw the code with its upper left corner at a place, ``side`` millimetres wide."""
    rows = [[bool(dark) for dark in row] for row in segno.make_qr(address, error="m").matrix]
    module = side / len(rows)
    paper.set_fill_color(0)
    for y, row in enumerate(rows):
        for first, length in _runs(row):
            paper.rect(
                at[0] + first * module, at[1] + y * module, length * module, module, style="F"
            )


def _runs(row: list[bool]) -> list[tuple[int, int]]:
    """Return (first, length) of the dark modules that lie side by side."""
    runs: list[tuple[int, int]] = []
    for x, dark in enumerate(row):
        if not dark:
            continue
        if runs and sum(runs[-1]) == x:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((x, 1))
    return runs
