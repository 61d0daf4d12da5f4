"""Whoever reads without a BPMN tool sees each diagram as it is, not as it was."""

from pathlib import Path

import pytest

from ops.pictures import is_current, picture_of

ROOT = Path(__file__).resolve().parents[2]
DIAGRAMS = sorted((ROOT / "processes").glob("*.bpmn"))


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=lambda path: path.stem)
def test_the_picture_of_a_diagram_shows_it_as_it_is(diagram):
    assert is_current(diagram), "make pictures"


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=lambda path: path.stem)
def test_the_list_of_processes_shows_the_picture(diagram):
    shown = f"]({picture_of(diagram).relative_to(ROOT / 'processes')})"
    assert shown in (ROOT / "processes" / "README.md").read_text(encoding="utf-8")


def test_no_picture_is_left_of_a_diagram_that_has_gone():
    drawn = {picture_of(diagram) for diagram in DIAGRAMS}
    assert set((ROOT / "processes" / "img").iterdir()) == drawn
